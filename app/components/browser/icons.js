// The signs on buttons and beside answers, as paths in a square of 24.

/** @type {Record<string, string>} */
const PATHS = {
  first: "M6 5h2.4v14H6zM19 5v14L9.5 12z",
  back: "M17 5v14L6.5 12z",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  replay: "M12 5V1.5L6.5 6.2 12 11V7.4a5.3 5.3 0 1 1-5.2 6.5H4.3A7.8 7.8 0 1 0 12 5z",
  forward: "M7 5v14l10.5-7z",
  last: "M15.6 5H18v14h-2.4zM5 5v14l9.5-7z",
  undo: "M9.5 5 4.5 10l5 5v-3.4h5a3.4 3.4 0 0 1 0 6.8H8v2.4h6.5a5.8 5.8 0 0 0 0-11.6h-5z",
  // Different shapes, not only colours: a full disc with a tick, a bare cross.
  right: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm-1.7 16.3-5-5 2-2 3 3 6.6-6.8 2 2z",
  wrong: "M5.5 2.7 2.7 5.5 9.2 12l-6.5 6.5 2.8 2.8 6.5-6.5 6.5 6.5 2.8-2.8-6.5-6.5 6.5-6.5-2.8-2.8L12 9.2z",
};

/**
 * @param {Element} element
 * @param {string} name
 */
export function setIcon(element, name) {
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${PATHS[name]}"/></svg>`;
}
