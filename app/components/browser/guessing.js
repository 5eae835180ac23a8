// What a class guesses while a look is revealed: where the gaze goes next, and what the digit is.

/** A place on the image as (x, y) in [-1, 1]. @typedef {ArrayLike<number>} Location */

/**
 * How far apart two locations are, in pixels of the image.
 *
 * @param {Location} one
 * @param {Location} other
 * @param {[number, number]} shape Rows and columns.
 */
export function pixelsBetween(one, other, [rows, columns]) {
  return Math.hypot(((one[0] - other[0]) / 2) * columns, ((one[1] - other[1]) / 2) * rows);
}

/**
 * How well the places were guessed so far.
 *
 * @param {Location[][]} marks Where the class thought that each glimpse would be.
 * @param {Location[]} locations Where they were.
 * @param {number} revealed How many of them have been shown.
 * @param {{ shape: [number, number], patch: number }} image Its rows and columns, and the side of the finest patch.
 * @returns {{ last: number[], mean: number, near: number, count: number }} Distances for the glimpse shown last and
 * the mean of all, in pixels (NaN if there are none); how many are at most half a patch; how many there are.
 */
export function guessedPlaces(marks, locations, revealed, { shape, patch }) {
  const distances = locations
    .slice(0, revealed)
    .map((location, step) => (marks[step] ?? []).map((mark) => pixelsBetween(mark, location, shape)));
  const all = distances.flat();
  return {
    last: distances.at(-1) ?? [],
    mean: all.reduce((sum, distance) => sum + distance, 0) / all.length,
    near: all.filter((distance) => distance <= patch / 2).length,
    count: all.length,
  };
}

/**
 * After how many glimpses somebody knew the right class, and did not change their mind any more; null if never.
 *
 * @param {(string | null)[]} answers After each number of glimpses, in order.
 * @param {string} right
 * @param {number} first The number of glimpses before the first answer.
 */
export function knewAfter(answers, right, first) {
  const wrong = answers.findLastIndex((answer) => answer !== right);
  return wrong === answers.length - 1 ? null : wrong + 1 + first;
}

/**
 * What the class said after each number of glimpses, from 0 to `steps`.
 *
 * @param {{ after: number, says: string }[]} guesses In the order in which they were made.
 * @param {number} steps
 */
export function saidAfterEach(guesses, steps) {
  const said = /** @type {(string | null)[]} */ (new Array(steps + 1).fill(null));
  for (const { after, says } of guesses) said.fill(says, after);
  return said;
}

/**
 * The end of a look in words: what it was, who was right, and since when.
 *
 * @param {object} outcome
 * @param {string} outcome.label The right class; empty if nobody knows it.
 * @param {string[]} outcome.says What the model said after each glimpse.
 * @param {(string | null)[]} outcome.said What the class said after each number of glimpses, from 0.
 */
export function verdict({ label, says, said }) {
  const guess = said.at(-1);
  if (!label) return guess ? [`You said ${guess}.`] : [];
  const its = [`It is ${withArticle(label)}.`, `RAM: ${since(knewAfter(says, label, 1))}`];
  return guess ? [...its, `You said ${guess}: ${since(knewAfter(said, label, 0))}`] : its;
}

/** @param {string} name Of a class. */
const withArticle = (name) => `${/^(8|1[18]$|[aefhilmnorsx]$|[aeiou]\w)/i.test(name) ? "an" : "a"} ${name}`;

/** @param {number | null} glimpses */
function since(glimpses) {
  if (glimpses === null) return "wrong.";
  return glimpses === 0 ? "right, before the first glimpse." : `right since glimpse ${glimpses}.`;
}
