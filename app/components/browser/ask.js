// The row of questions below the player, and what was found out: the map, the policy, and your look beside its own.

import { setIcon } from "./icons.js";
import { colorAt, mapInWords, onScale, placeAt, placeInWords } from "./places.js";
import { fixed, percent } from "./words.js";

/** @typedef {import("./viewer.js").Scene} Scene */
/** @typedef {import("./places.js").Elsewhere} Elsewhere */

const SHOWN_ODDS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
const SAME = 0.01; // of the 2 from edge to edge: nobody sees two places so near as two
const REST_MS = 120; // on a glimpse, before its map is asked for
const COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const PARTS = /** @type {const} */ ([
  ...[
    "elsewhere-on",
    "by-label",
    "by",
    "policy-on",
    "looks-label",
    "looks-on",
    "inside-label",
    "inside-on",
    "undo",
    "own-way",
  ],
  ...["findings", "versus", "legend", "reading", "sure", "gaze"],
]);
export const ASK_PARTS = PARTS;

/**
 * @typedef {object} Errands What the row has others do.
 * @property {(name: string, value: unknown) => void} keep Keeps an option.
 * @property {(name: string, value: unknown) => void} trigger
 * @property {() => void} redraw
 */

export class Ask {
  /** @type {Scene | null} */
  #scene = null;
  /** Maps of the scene, by step. @type {Map<number, Elsewhere>} */
  #maps = new Map();
  /** @type {number | null} */
  #asked = null;
  #timer = 0;
  /** @type {number[] | null} */
  #pointed = null;
  #step = 0;

  /**
   * @param {Record<string, any>} ui
   * @param {Errands} errands
   */
  constructor(ui, errands) {
    this.ui = ui;
    this.errands = errands;
    /** @type {{ locations: number[][][], answers: number[] } | null} */
    this.looks = null;
    this.resting = false;
    const [sign, name] = [document.createElement("span"), ui.undo.textContent];
    setIcon(sign, "undo");
    ui.undo.replaceChildren(sign, name);
    ui.undo.onclick = () => errands.trigger("undo", true);
    ui["own-way"].onclick = () => errands.trigger("own_way", true);
    ui["elsewhere-on"].onchange = () => this.#switchMap();
    ui["inside-on"].onchange = () => errands.keep("inside", this.inside ? "yes" : "no");
    ui.by.onchange = () => {
      errands.keep("elsewhere", ui.by.value);
      this.#refresh();
    };
    ui["policy-on"].onchange = ui["looks-on"].onchange = () => {
      errands.keep("policy", ui["policy-on"].checked ? (ui["looks-on"].checked ? "looks" : "yes") : "no");
      this.#refresh();
    };
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /** @param {{ elsewhere: string, policy: string, inside: string }} options What is switched on at first. */
  start({ elsewhere, policy, inside }) {
    const { ui } = this;
    ui["elsewhere-on"].checked = elsewhere !== "no";
    if (elsewhere !== "no") ui.by.value = elsewhere;
    ui["policy-on"].checked = policy !== "no";
    ui["looks-on"].checked = policy === "looks";
    ui["inside-on"].checked = inside === "yes";
    ui["inside-label"].hidden = !inside;
  }

  /** @param {Scene | null} scene */
  load(scene) {
    this.#scene = scene;
    this.#maps.clear();
    this.#asked = null;
    for (const name of /** @type {const} */ (["elsewhere-on", "policy-on", "inside-on"]))
      this.ui[name].disabled = scene === null;
    if (scene) this.ui.by.options[2].textContent = scene.value_name;
    if (scene) this.ui.by.options[0].textContent = `probability of ${scene.classes[scene.asked]}`;
  }

  /**
   * Takes what the server has found out about the scene.
   *
   * @param {{ map: Elsewhere | null, looks: any, can_undo: boolean }} data
   */
  take({ map, looks, can_undo }) {
    this.looks = looks;
    if (map) this.#maps.set(map.glimpse - 1, map);
    this.ui.undo.disabled = !can_undo;
    this.ui["own-way"].disabled = !this.#scene?.forced.length && !this.#scene?.missing.length;
  }

  /**
   * What the stage is to show.
   *
   * @param {number} step
   * @returns {import("./stage.js").Questions}
   */
  questions(step) {
    const { ui } = this;
    const policy = ui["policy-on"].checked || (this.#scene?.std ?? 0) > 0;
    const looks = ui["policy-on"].checked && ui["looks-on"].checked ? this.looks : null;
    return { map: this.#map(step), by: ui.by.value, policy, looks };
  }

  /** Whether the inside is open. */
  get inside() {
    return this.ui["inside-on"].checked;
  }

  /** Whether the map is switched on. */
  get mapping() {
    return this.ui["elsewhere-on"].checked;
  }

  /**
   * @param {number} step
   * @param {boolean} resting Whether nothing moves.
   */
  show(step, resting) {
    this.#step = step;
    this.resting = resting;
    clearTimeout(this.#timer);
    if (this.mapping && resting && this.#scene && !this.#maps.has(step) && this.#asked !== step)
      this.#timer = window.setTimeout(() => this.#askFor(step), REST_MS);
    this.#showWords();
  }

  /** @param {number[] | null} location What the pointer, or the window that is held, is at. */
  point(location) {
    this.#pointed = location;
    this.#showReading(this.#map(this.#step));
  }

  #map(step) {
    return this.mapping && this.resting ? (this.#maps.get(step) ?? null) : null;
  }

  #switchMap() {
    if (!this.mapping) this.errands.keep("elsewhere", "no");
    else if (this.#scene && this.resting && !this.#maps.has(this.#step)) this.#askFor(this.#step);
    else this.errands.keep("elsewhere", this.ui.by.value);
    this.#refresh();
  }

  #askFor(step) {
    this.#asked = step;
    this.errands.trigger("ask", { glimpse: step + 1, by: this.ui.by.value });
  }

  #refresh() {
    this.errands.redraw();
    this.#showWords();
  }

  #showWords() {
    const { ui } = this;
    const scene = this.#scene;
    ui["by-label"].hidden = !this.mapping;
    ui["looks-label"].hidden = !ui["policy-on"].checked;
    ui.findings.classList.toggle("mapped", this.mapping);
    ui.findings.hidden = !scene || !(scene.own || scene.missing.length || this.mapping || ui["policy-on"].checked);
    if (!scene) return;
    ui.versus.textContent = `${versusInWords(scene, this.#step)} ${missingInWords(scene)}`.trim();
    const asked = ui["policy-on"].checked;
    ui.sure.textContent =
      asked && ui["looks-on"].checked && this.looks ? looksInWords(this.looks.answers, scene.classes) : "";
    ui.gaze.textContent = asked ? policyInWords(scene, this.#step) : "";
    const map = this.#map(this.#step);
    ui.legend.hidden = !this.mapping;
    if (map) this.#showLegend(map);
    this.#showReading(map);
  }

  /** @param {Elsewhere} map */
  #showLegend(map) {
    const [bar, ticks] = this.ui.legend.children;
    const by = this.ui.by.value;
    const colors = map.colors.map((_, index) => colorAt(map.colors, index / (map.colors.length - 1)));
    const [wrong, right] = [0.15, 0.8].map((share) => colorAt(map.colors, share));
    bar.style.background =
      by === "right"
        ? `linear-gradient(90deg, ${wrong} 50%, ${right} 50%)`
        : `linear-gradient(90deg, ${colors.join(", ")})`;
    ticks.replaceChildren(...marks(by));
  }

  #showReading(map) {
    const scene = this.#scene;
    const { reading, field, by } = this.ui;
    if (!scene || !map) {
      reading.textContent = this.mapping ? "The map comes when the gaze rests." : "";
      return;
    }
    const words = mapInWords(map, by.value, scene.classes, scene.value_name);
    const { classes, value_name } = scene;
    reading.textContent = this.#pointed ? placeInWords(map, placeAt(map, this.#pointed), classes, value_name) : words;
    field.setAttribute("aria-description", words);
  }
}

/**
 * What the policy chooses and what it does not: how far it scatters was set for its training.
 *
 * @param {Pick<Scene, "policy_std" | "image" | "means" | "locations">} scene
 * @param {number} step
 */
export function policyInWords({ policy_std, image, means, locations }, step) {
  const [height, width] = [image.length, image[0].length].map((side) => ((policy_std * side) / 2).toFixed(1));
  const pixels = height === width ? width : `${width} by ${height}`;
  const [mean, place] = [means, locations].map((places) => places[step]);
  const apart = Math.hypot(mean[0] - place[0], mean[1] - place[1]) > SAME; // moved, or by chance: the cross is in sight
  const ring = height === width ? "circle" : "ellipse";
  if (step === 0) return "No policy chooses the first glimpse.";
  return `The ${apart ? "cross" : "number"} marks the mean. In training, looks scatter around it with σ = ${fixed(policy_std)} (${pixels} pixels): 39\u00a0% fall within the inner ${ring}, 86\u00a0% within the outer.`;
}

/**
 * How many of several looks give which answer, the most frequent first.
 *
 * @param {number[]} answers
 * @param {string[]} classes
 */
export function looksInWords(answers, classes) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const words = (/** @type {number} */ count) => COUNTS[count] ?? String(count);
  if (sorted.length === 1) return `All ${words(answers.length)} sampled looks say ${classes[sorted[0][0]]}.`;
  const parts = sorted.map(([answer, count]) => `${words(count)} say${count === 1 ? "s" : ""} ${classes[answer]}`);
  return `Of ${words(answers.length)} sampled looks, ${parts.join(", ")}.`;
}

/**
 * What moving glimpses has changed up to a step; the outcome only at the end.
 *
 * @param {Pick<Scene, "own" | "classes" | "probabilities" | "values" | "flip" | "forced" | "answer" | "sure"> & { value_name?: string }} scene
 * @param {number} step
 */
export function versusInWords({ own, classes, probabilities, values, value_name = "value", flip, forced, sure }, step) {
  if (!own) return "";
  const moved = `${forced.length > 1 ? "Glimpses" : "Glimpse"} ${listed(forced.map((index) => index + 1))} moved`;
  const answer = best(own.probabilities[values.length - 1]); // of its own accord
  const [before, after] = [own.probabilities[step][answer], probabilities[step][answer]].map(percent);
  const value = `${value_name} ${fixed(own.values[step])} → ${fixed(values[step])}`;
  const changed = `${moved}. p(${classes[answer]}) ${before} → ${after}, ${value}.`;
  if (step < values.length - 1) return changed;
  const outcome = sure ? "The answer" : "The likeliest class";
  if (flip === null) return `${changed} ${outcome} stays ${classes[answer]}.`;
  return `${changed} ${outcome} flips at glimpse ${flip + 1}: ${classes[answer]} → ${classes[best(probabilities[step])]}.`;
}

/**
 * That some glimpses could not be moved, because the model does not look so often.
 *
 * @param {Pick<Scene, "missing" | "values">} scene
 */
export function missingInWords({ missing, values }) {
  if (missing.length === 0) return "";
  return `This model looks ${values.length} times: it has no ${missing.length > 1 ? "glimpses" : "glimpse"} ${listed(missing)} to move.`;
}

/** @param {number[]} row */
const best = (row) => row.indexOf(Math.max(...row));

/** @param {number[]} numbers */
const listed = (numbers) => numbers.join(", ").replace(/, (\d+)$/, " and $1");

/** @param {string} by */
function marks(by) {
  const at = (/** @type {number} */ share, /** @type {string} */ text) => {
    const mark = Object.assign(document.createElement("span"), { textContent: text });
    mark.style.left = `${100 * share}%`;
    return mark;
  };
  if (by === "right") return [at(0.25, "another answer"), at(0.75, "this answer")];
  if (by === "value") return [0, 0.5, 1].map((share) => at(share, share.toFixed(1)));
  return SHOWN_ODDS.map((share) => at(onScale(share), `${Number((100 * share).toFixed(1))} %`));
}
