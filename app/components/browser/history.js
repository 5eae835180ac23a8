// Back leads to the page before, and forward to it again, each as it was left.
//
// Streamlit adds an entry to the history whenever the address changes, hence with each stroke and each setting. The
// address then says something else of the same page: it takes the entry's place, as on a map that is moved.

import { storage, wasReloaded } from "./tab.js";

/**
 * Lets `history` have an entry for each page, and no others.
 *
 * @param {History} history
 * @param {Location} location
 */
export function keepEntryPerPage(history, location) {
  const { pushState, replaceState } = history;
  history.pushState = (state, title, url) => {
    const isHere = new URL(url ?? "", location.href).pathname === location.pathname;
    (isHere ? replaceState : pushState).call(history, state, title, url);
  };
}

// A reload asks for the address that was there when it began. If that has changed since then, until the page was left,
// it would bring back what the server may no longer have.
function goOnWhereItWasLeft() {
  const left = storage()?.getItem("address") ?? "";
  const isOfThisPage = left.split("?")[0] === location.href.split("?")[0];
  if (wasReloaded() && isOfThisPage) history.replaceState(history.state, "", left);
  addEventListener("pagehide", () => storage()?.setItem("address", location.href));
}

if (typeof window !== "undefined") {
  keepEntryPerPage(window.history, window.location);
  goOnWhereItWasLeft();
}
