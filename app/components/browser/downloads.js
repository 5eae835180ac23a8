// Takes a file away, or says why there is none: of a link that leads to an error, a browser says nothing.

const UNANSWERED = "The server does not answer: try again in a moment.";
const KEPT_MS = 60_000; // that a browser may take to save a file

/**
 * What the server says to a request for a file: the file, or a sentence on why there is none.
 *
 * @param {string} address
 * @param {(address: string) => Promise<Response>} ask
 * @returns {Promise<Blob | string>}
 */
export async function askFor(address, ask = fetch) {
  try {
    const answer = await ask(address);
    if (answer.ok) return await answer.blob();
    const isSentence = answer.headers.get("content-type")?.startsWith("text/plain");
    return isSentence ? await answer.text() : `The server did not give this file (${answer.status}): try again.`;
  } catch {
    return UNANSWERED;
  }
}

/** @param {Blob} file @param {string} name */
function save(file, name) {
  const address = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

/** @param {string} sentence shown until the next click */
function say(sentence) {
  const alert = Object.assign(document.createElement("p"), { id: "no_file", role: "alert", textContent: sentence });
  document.body.append(alert);
}

/** @param {MouseEvent} event */
async function takeAway(event) {
  document.getElementById("no_file")?.remove();
  const link = /** @type {Element} */ (event.target).closest?.("a.download[href]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!(link instanceof HTMLAnchorElement) || !isPlain) return;
  event.preventDefault();
  const found = await askFor(link.href);
  if (typeof found === "string") say(found);
  else save(found, link.download);
}

if (typeof document !== "undefined") document.addEventListener("click", takeAway);
