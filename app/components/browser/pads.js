// The drawing canvases on the page, by their key: whoever has a button for one finds it here.

/**
 * What was drawn, as the server gets it.
 *
 * @typedef {object} Drawing
 * @property {{ objects: object[] }} raw The strokes, in Fabric's words.
 * @property {string | null} levels Grey levels, as `runsOf` writes them.
 * @property {number} number Counts what a canvas has reported; 0 is what it has not.
 */

/**
 * @typedef {object} Pad
 * @property {() => void} undo
 * @property {() => void} clear
 * @property {() => Drawing} take Empties the canvas and returns what was on it.
 * @property {(action: () => void) => void} afterStroke Calls back once no stroke is being drawn.
 */

/** @type {Map<string, Pad>} */
export const pads = new Map();
