// What a glimpse would have come to at each place of an image, as numbers, colours and words.

import { clamp, mix } from "./motion.js";
import { fixed, percent } from "./words.js";

/**
 * A map of all places, as app/components/viewer.py writes it. Probabilities and values are in ten thousandths.
 *
 * @typedef {object} Elsewhere
 * @property {number} glimpse From 1.
 * @property {number} asked The class whose probability is compared.
 * @property {number[][]} places Their middles, (x, y) in [-1, 1].
 * @property {number[]} sides How wide and high each is, in the same unit.
 * @property {number[]} probabilities By place.
 * @property {number[]} answers By place.
 * @property {number[]} values By place.
 * @property {number[]} choice Where the model itself looks.
 * @property {{ probability: number, answer: number, value: number }} own What that comes to.
 * @property {{ probability: number, value: number }} better Share of the image in which it would have come to less.
 * @property {string[]} colors From bad to good.
 */

/** By what the places are coloured. @typedef {"probability" | "right" | "value"} By */

const SCALE = 10_000;
const FARTHEST = Math.log(0.999 / 0.001); // log-odds at the ends of the scale: 0.1 % and 99.9 %

/**
 * Where a probability lies on the scale of colours, 0 to 1: in log-odds, so that 99 and 99.9 % differ as 1 and 0.1 % do.
 *
 * @param {number} probability
 */
export function onScale(probability) {
  const odds = Math.log(probability / (1 - probability));
  return clamp((odds / FARTHEST + 1) / 2, 0, 1);
}

/**
 * How good a place is, 0 to 1.
 *
 * @param {Elsewhere} found
 * @param {number} index
 * @param {By} by
 */
export function goodness(found, index, by) {
  if (by === "right") return found.answers[index] === found.asked ? 0.8 : 0.15;
  if (by === "value") return clamp(found.values[index] / SCALE, 0, 1);
  return onScale(found.probabilities[index] / SCALE);
}

/**
 * @param {string[]} colors Of equal distance, as #rrggbb.
 * @param {number} share
 */
export function colorAt(colors, share) {
  const place = share * (colors.length - 1);
  const lower = Math.min(Math.floor(place), colors.length - 2);
  const [from, to] = colors.slice(lower, lower + 2).map(channels);
  return `rgb(${mix(from, to, place - lower).map(Math.round)})`;
}

/** @param {string} color */
const channels = (color) => [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));

/**
 * The index of the place in which a location lies; of two neighbours that share it the first.
 *
 * @param {Elsewhere} found
 * @param {number[]} location
 */
export function placeAt({ places, sides }, [x, y]) {
  let best = 0;
  let nearest = Number.POSITIVE_INFINITY;
  places.forEach(([left, top], index) => {
    const distance = Math.max(Math.abs(left - x), Math.abs(top - y)) / sides[index];
    if (distance < nearest) [best, nearest] = [index, distance];
  });
  return best;
}

/**
 * What would have come out at one place, in words.
 *
 * @param {Elsewhere} found
 * @param {number} index
 * @param {string[]} classes
 * @param {string} [value] What values are called.
 */
export function placeInWords(found, index, classes, value = "value") {
  const says = `RAM would say ${classes[found.answers[index]]}`;
  return `At ${point(found.places[index])}: ${says} · ${outcome(found, index, classes, value)}`;
}

/**
 * The best and the worst place, and how good the model's own choice is, in words.
 *
 * @param {Elsewhere} found
 * @param {By} by
 * @param {string[]} classes
 * @param {string} [value] What values are called.
 */
export function mapInWords(found, by, classes, value = "value") {
  if (by === "right") {
    const right = found.places.map((_, index) => found.answers[index] === found.asked);
    const area = sum(found.sides.map((side, index) => (right[index] ? side * side : 0)));
    const share = area / sum(found.sides.map((side) => side * side));
    const where = share === 0 ? "nowhere" : share === 1 ? "everywhere" : `in ${percent(share)} of the image`;
    return `Looking there, the answer would be ${classes[found.asked]} ${where}.`;
  }
  const numbers = by === "value" ? found.values : found.probabilities;
  const shown = (/** @type {number} */ number) => (by === "value" ? fixed(number / SCALE) : percent(number / SCALE));
  const what = by === "value" ? value : `p(${classes[found.asked]})`;
  const [best, worst] = [Math.max(...numbers), Math.min(...numbers)];
  if (shown(best) === shown(worst)) return `${what} would come to ${shown(best)} wherever it looked.`;
  const at = (/** @type {number} */ number) => `${shown(number)} at ${point(found.places[numbers.indexOf(number)])}`;
  const own = by === "value" ? fixed(found.own.value) : percent(found.own.probability);
  // No policy chooses the first glimpse.
  const choice = found.glimpse === 1 ? "Where it began" : "Its own choice";
  const better = `${choice} (◇, ${own}) is better than ${Math.floor(100 * found.better[by])}\u00a0% of all places.`;
  return `Best ${what} ${at(best)}, worst ${at(worst)}. ${better}`;
}

/**
 * @param {Elsewhere} found
 * @param {number} index
 * @param {string[]} classes
 * @param {string} value What values are called.
 */
function outcome(found, index, classes, value) {
  const probability = percent(found.probabilities[index] / SCALE);
  return `p(${classes[found.asked]}) ${probability} · ${value} ${fixed(found.values[index] / SCALE)}`;
}

/** @param {number[]} location */
const point = ([x, y]) => `(${fixed(x)}, ${fixed(y)})`;

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
