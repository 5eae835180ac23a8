// What is on a canvas when its page is left, and may not have reached the server: a reload brings it back.

import { storage, wasReloaded } from "./tab.js";

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

/** Which reports of a canvas the server has answered. */
export class Reports {
  sent = 0;
  heard = 0;
  /** @type {string | null} */
  linkThen = null; // when the last one was heard
  isUnsure = false; // whether the next address may be that of the one before

  /**
   * The server has worked on a report; the address follows a little later.
   *
   * @param {number} number
   * @param {string} link
   */
  hear(number, link) {
    if (number === this.heard) return;
    this.isUnsure = number > this.heard + 1 || (this.heard > 0 && link === this.linkThen);
    this.heard = number;
    this.linkThen = link;
  }

  /**
   * Whether the address stands for everything that was reported.
   *
   * @param {string} link
   */
  areIn(link) {
    const isOfBefore = this.isUnsure && !link.startsWith("&"); // it names a picture
    return this.sent === this.heard && link !== this.linkThen && !isOfBefore;
  }
}

/**
 * Keeps strokes of a canvas for a reload, or, with null, that there are none to be kept.
 *
 * @param {string} name
 * @param {object[] | null} strokes
 */
export function keepForReload(name, strokes) {
  try {
    storage()?.setItem(keyOf(name), JSON.stringify(strokes));
  } catch (error) {
    console.warn("There is no room to keep the drawing for a reload.", error);
  }
}

/**
 * The strokes that were kept for this load of the page, once; null if none were.
 *
 * @param {string} name
 * @returns {object[] | null}
 */
export function takeAfterReload(name) {
  const text = storage()?.getItem(keyOf(name)) ?? "";
  storage()?.removeItem(keyOf(name));
  return wasReloaded() ? strokesIn(text) : null;
}

/**
 * The strokes that a text holds; null if it holds none, or anything else.
 *
 * @param {string} text
 * @returns {object[] | null}
 */
export function strokesIn(text) {
  /** @type {any} */
  let strokes;
  try {
    strokes = JSON.parse(text);
  } catch {
    return null; // nothing was kept, or it is damaged
  }
  return Array.isArray(strokes) && strokes.every(isStroke) ? strokes : null;
}

/**
 * As the server does: anything else could make the browser load something, or stop the canvas.
 *
 * @param {any} stroke
 */
function isStroke(stroke) {
  if (stroke?.type !== "Path" || !Array.isArray(stroke.path) || !stroke.path.every(Array.isArray)) return false;
  const { path, ...look } = stroke;
  return Object.values(look).every((value) => value === null || typeof value !== "object");
}

/** @param {string} name */
const keyOf = (name) => `strokes of ${name}`;
