// Activations as numbers, colours and words: one scale of colours for all, on which zero is dark.

import { clamp, mix } from "./motion.js";

/**
 * The activations of one layer at all glimpses of a look, as app/components/inside.py writes them.
 *
 * @typedef {object} LayerData
 * @property {number} units
 * @property {number} shown The first of them, which are drawn.
 * @property {number} largest By its absolute value.
 * @property {string} cells Base64: a byte for each glimpse and shown unit, from -127 to 127, in parts of the largest.
 * @property {number[]} active By glimpse, how many units are not 0.
 * @property {number[]} never Which of the shown units no glimpse at the digits of a sample makes active.
 * @property {number} dead How many of all units.
 */

export const LEVELS = 127;
// From dark over a hue to nearly white, as red, green and blue; the two hues differ for every kind of colour vision.
const WAYS = {
  positive: [
    [10, 12, 18],
    [232, 118, 28],
    [255, 236, 204],
  ],
  negative: [
    [10, 12, 18],
    [38, 128, 226],
    [206, 232, 255],
  ],
};

/**
 * @param {string} base64
 * @returns {Int8Array}
 */
export const decoded = (base64) => Int8Array.from(atob(base64), (letter) => (letter.charCodeAt(0) << 24) >> 24);

/**
 * The colour of an activation from -127 to 127, as red, green and blue.
 *
 * @param {number} level
 */
export function colorOf(level) {
  const way = level < 0 ? WAYS.negative : WAYS.positive;
  // The root lets small activations be seen.
  const share = 2 * Math.sqrt(clamp(Math.abs(level) / LEVELS, 0, 1));
  const lower = Math.min(Math.floor(share), 1);
  return mix(way[lower], way[lower + 1], share - lower).map(Math.round);
}

/** The colours of all levels, -127 first. */
export const COLORS = Array.from({ length: 2 * LEVELS + 1 }, (_, index) => colorOf(index - LEVELS));

/** The scale as a CSS gradient, from the most negative to the most positive. */
export const GRADIENT = `linear-gradient(90deg, ${Array.from(
  { length: 17 },
  (_, index) => `rgb(${colorOf(((index - 8) / 8) * LEVELS)})`,
).join(", ")})`;

/**
 * About how large an activation is: as many decimals as a byte can tell apart, at most three.
 *
 * @param {number} level From -127 to 127.
 * @param {number} largest
 */
export function about(level, largest) {
  if (level === 0) return "0";
  const decimals = clamp(Math.floor(-Math.log10(largest / LEVELS)), 0, 3);
  return `≈ ${((level / LEVELS) * largest).toFixed(decimals).replace("-", "−")}`;
}

/**
 * What a layer does at a glimpse, in words.
 *
 * @param {LayerData} layer
 * @param {number} step
 * @param {boolean} counts Whether it makes sense to say how many are active.
 */
export function layerInWords({ units, shown, largest, active, dead }, step, counts) {
  const words = [counts ? `${active[step]} of ${units} active` : `${units} units`];
  words.push(`at most ${largest.toFixed(2)}`);
  if (shown < units) words.push(`the first ${shown} drawn`);
  if (dead) words.push(`${dead} dead`);
  return words.join(" · ");
}

/**
 * How many cells stand in a row: units in rows of 32, pixels as in their patch.
 *
 * @param {number} count
 */
export const columnsFor = (count) => Math.min(count, 32);

/**
 * Where a key leads in a grid of cells; null for a key that leads nowhere.
 *
 * @param {string} key
 * @param {number} at
 * @param {number} columns
 * @param {number} count
 */
export function moved(key, at, columns, count) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (!(key in steps)) return null;
  const to = at + steps[/** @type {keyof typeof steps} */ (key)];
  return to < 0 || to >= count ? at : to;
}
