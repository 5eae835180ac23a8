// Numbers in words.

/**
 * With two decimals, and without the sign of a zero that was rounded.
 *
 * @param {number} value
 */
export const fixed = (value) => value.toFixed(2).replace("-0.00", "0.00").replace("-", "−");

/**
 * A number with its sign, plus or minus; what rounds to nothing has none.
 *
 * @param {number} number
 */
export function signed(number, decimals = 2) {
  const text = Math.abs(number).toFixed(decimals);
  return Number(text) === 0 ? text : `${number < 0 ? "−" : "+"}${text}`;
}

/**
 * A probability in percent, with a second decimal where the first would say 100 or 0.
 *
 * @param {number} share From 0 to 1.
 */
export function percent(share) {
  const number = 100 * share;
  return `${number.toFixed(number > 99.9 || number < 0.1 ? 2 : 1)}\u00a0%`;
}

/**
 * The size of a patch, and of the part of the image that it covers.
 *
 * @param {number} span
 * @param {number} size
 */
export const covers = (span, size) => (span === size ? `${size}×${size} px` : `${span}×${span} → ${size}×${size}`);

/**
 * When in its training a model looked.
 *
 * @param {number} steps Optimizer steps up to then.
 * @param {number} epochs
 */
export const nameOfReading = (steps, epochs) => {
  // Never rounded up to an epoch that is not over: the page also says how many whole ones there were.
  const parts = epochs < 10 ? 100 : 10;
  return steps === 0 ? "untrained" : `epoch ${Math.floor(epochs * parts + 1e-6) / parts}`;
};

/**
 * How sure the model would be if it stopped after each glimpse, and its values.
 *
 * @param {{ probabilities: number[][], values: number[], expects: string }} scene
 */
export const historyInWords = ({ probabilities, values, expects }) => {
  const sure = probabilities.map((row) => Math.round(100 * Math.max(...row)));
  return `Sure if it stopped after each glimpse, in percent: ${sure.join(", ")}; value, ${expects}: ${values.map(fixed).join(", ")}`;
};

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** A text where Plotly reads markup; it knows no &quot;. @param {string} text */
export const escaped = (text) =>
  text.replace(/[&<>]/g, (sign) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (sign)]);
