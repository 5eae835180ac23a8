// The readings of a training run: how the model looked at a few digits, at one step of its training after another.

/**
 * The readings of one run, as app/components/learning.py writes them.
 *
 * @typedef {object} Replay
 * @property {string} id Names the run and its digits.
 * @property {string} version Changes with the readings.
 * @property {[number, number]} shape Rows and columns of the images.
 * @property {string[]} images In base64, by digit.
 * @property {number[]} labels By digit.
 * @property {string[]} classes
 * @property {number} size Side of a patch.
 * @property {number} scales
 * @property {string[]} colors By glimpse.
 * @property {number[]} steps By reading.
 * @property {number[]} epochs By reading.
 * @property {(number | null)[]} accuracy Percent, by reading.
 * @property {number[][][][]} locations By reading, digit and glimpse.
 * @property {number[][][][][]} corners By reading, digit, glimpse and scale.
 * @property {number[][]} answers By reading and digit.
 * @property {number[][]} sure By reading and digit.
 * @property {number[][]} values By reading and digit, after the last glimpse.
 * @property {string} value_name What they are called.
 * @property {string} explains The same as a sentence.
 */

const NUMBERS_A_LOOK = 4; // x, y, left, top

/**
 * A reading's locations and finest windows as one row of numbers: x, y, left, top of every glimpse of every digit.
 *
 * @param {Pick<Replay, "locations" | "corners">} replay
 * @param {number} reading
 */
export function poseOf({ locations, corners }, reading) {
  return locations[reading].flatMap((digit, index) =>
    digit.flatMap((location, glimpse) => [...location, ...corners[reading][index][glimpse][0]]),
  );
}

/**
 * The location of a glimpse, and the corner of its finest window.
 *
 * @param {number[]} pose
 * @param {number} index Counted over all digits.
 */
export function lookAt(pose, index) {
  const [x, y, left, top] = pose.slice(NUMBERS_A_LOOK * index, NUMBERS_A_LOOK * (index + 1));
  return { location: [x, y], corner: [left, top] };
}

/**
 * The index of the step that is nearest to one; of two that are equally near the first.
 *
 * @param {number[]} steps
 * @param {number} step
 */
export function nearest(steps, step) {
  let best = 0;
  steps.forEach((other, index) => {
    if (Math.abs(other - step) < Math.abs(steps[best] - step)) best = index;
  });
  return best;
}

/**
 * How much had been trained at a place among the readings.
 *
 * @param {number[]} epochs By reading.
 * @param {number} place 2 means at the third reading, 2.5 half-way on to the fourth.
 */
export function epochAt(epochs, place) {
  const from = Math.floor(place);
  const to = Math.min(from + 1, epochs.length - 1);
  return epochs[from] + (epochs[to] - epochs[from]) * (place - from);
}

/**
 * The place among the readings at which so much had been trained; the nearest end if that was never so.
 *
 * @param {number[]} epochs By reading.
 * @param {number} epoch
 */
export function placeOfEpoch(epochs, epoch) {
  const next = epochs.findIndex((other) => other >= epoch);
  if (next <= 0) return next < 0 ? epochs.length - 1 : 0;
  return next - (epochs[next] - epoch) / (epochs[next] - epochs[next - 1]);
}
