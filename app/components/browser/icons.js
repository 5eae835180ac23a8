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
  undo: "M9.4 3.6 4 9l5.4 5.4 1.4-1.4-3-3h6.7a4 4 0 0 1 0 8H8v2h6.5a6 6 0 0 0 0-12H7.8l3-3z",
  clear:
    "M9.5 2.5h5l1 1.5H20v2H4V4h4.5zM5.5 7.5h13L17.6 20a1.6 1.6 0 0 1-1.6 1.5H8A1.6 1.6 0 0 1 6.4 20zM8.3 9.5l.6 10h1.7l-.4-10zm5.5 0-.4 10h1.7l.6-10z",
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
