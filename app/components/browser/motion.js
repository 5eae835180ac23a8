// Numbers on their way from one value to another.

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * The point at `share` (0 to 1) of the way between two.
 *
 * @template {number[]} Point
 * @param {Point} from
 * @param {ArrayLike<number>} to
 * @param {number} share
 * @returns {Point}
 */
export const mix = (from, to, share) =>
  /** @type {any} */ (from.map((value, index) => value + (to[index] - value) * share));

/**
 * Slow start, slow end; outside [0, 1] it stands still.
 *
 * @param {number} share
 */
export function ease(share) {
  const x = clamp(share, 0, 1);
  return x * x * (3 - 2 * x);
}
