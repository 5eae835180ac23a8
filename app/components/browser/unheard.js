// What is on a canvas when its page is left, and may not have reached the server: a reload brings it back.

const LINKS = ["picture", "sample", "drawings"]; // what of the address names the session's work

/**
 * The part of an address that changes when the server has taken a drawing, or something else in its place.
 *
 * @param {string} search
 */
export function linkIn(search) {
  const query = new URLSearchParams(search);
  return LINKS.map((name) => query.get(name) ?? "").join("&");
}

/** What the address named when the page was loaded: the server may have rewritten it before the canvas is there. */
export function linkAtLoad() {
  const [navigation] = performance.getEntriesByType("navigation");
  return linkIn(new URL(navigation?.name ?? location.href).search);
}

/** Which reports of a canvas the server has answered. */
export class Reports {
  sent = 0;
  heard = 0;
  /** @type {string | null} */
  linkThen = null; // when the last one was heard

  /**
   * The server has worked on a report; the address follows a little later.
   *
   * @param {number} number
   * @param {string} link
   */
  hear(number, link) {
    if (number === this.heard) return;
    this.heard = number;
    this.linkThen = link;
  }

  /**
   * Whether the address stands for everything that was reported.
   *
   * @param {string} link
   */
  areIn(link) {
    return this.sent === this.heard && link !== this.linkThen;
  }
}

/**
 * Keeps strokes for the same address in the same tab.
 *
 * @param {string} name
 * @param {{ link: string, strokes: object[] }} left
 */
export function keepForReload(name, left) {
  try {
    storage()?.setItem(keyOf(name), JSON.stringify(left));
  } catch (error) {
    console.warn("There is no room to keep the drawing for a reload.", error);
  }
}

/**
 * The strokes that were kept for this address, once; null if none were.
 *
 * @param {string} name
 * @param {string} link
 * @returns {object[] | null}
 */
export function takeAfterReload(name, link) {
  const text = storage()?.getItem(keyOf(name)) ?? "";
  storage()?.removeItem(keyOf(name));
  return strokesIn(text, link);
}

/**
 * The strokes that a text holds for an address; null if it holds none, or anything else.
 *
 * @param {string} text
 * @param {string} link
 * @returns {object[] | null}
 */
export function strokesIn(text, link) {
  /** @type {any} */
  let left;
  try {
    left = JSON.parse(text);
  } catch {
    return null; // nothing was kept, or it is damaged
  }
  const fits = left?.link === link && Array.isArray(left.strokes) && left.strokes.every(isStroke);
  return fits ? left.strokes : null;
}

// As the server does: anything else could make the browser load something, or stop the canvas.
const isStroke = (/** @type {any} */ stroke) => stroke?.type === "Path" && Array.isArray(stroke.path);

/** @param {string} name */
const keyOf = (name) => `strokes of ${name}`;

/** The tab's own storage; null where the browser, or a page around this one, allows none. */
function storage() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
