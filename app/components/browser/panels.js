// What stands around the viewer's stage: the patches, the value, the class probabilities, the answer.

import { showPatch } from "./canvas.js";
import { clamp } from "./motion.js";
import { covers, fixed, historyInWords } from "./words.js";

const DIGITS = [..."0123456789"];
const LONGEST_NAME = 10; // characters of a class that are shown
const CHARACTER_EM = 0.62;

/** @typedef {Record<"viewer" | "field" | "count" | "patches" | "location" | "expects" | "number" | "history" | "classes" | "answer" | "scrub" | "own-number" | "sides", any>} Parts */

/**
 * Shows that there is no scene yet.
 *
 * @param {Parts} ui
 */
export function showNothing(ui) {
  ui.answer.textContent = ui.location.textContent = "";
  ui.count.textContent = "Glimpse";
  ui.number.textContent = "–";
  ui["own-number"].textContent = "";
  ui.sides.hidden = true;
  ui.classes.classList.remove("two");
  ui.field.setAttribute("aria-label", "No digit yet");
  ui.history.replaceChildren();
  ui.history.setAttribute("aria-label", "No glimpse yet");
  putPatches(ui, [blankPatch()]);
  putClasses(ui, DIGITS);
}

/** One scene in the panels. */
export class Panels {
  /**
   * @param {Parts} ui
   * @param {import("./viewer.js").Scene} scene
   */
  constructor(ui, scene) {
    this.ui = ui;
    this.scene = scene;
    this.shown = -1;
    const { windows, patches, classes } = scene;
    const figures = windows.map((span) => blankPatch(patches[0][0].length, span, windows.length));
    putPatches(ui, figures);
    putClasses(ui, classes);
    ui.sides.hidden = !scene.own;
    ui.classes.classList.toggle("two", scene.own !== null);
    ui.expects.textContent = `${scene.expects}, 1 is ${scene.whole}`;
    ui.expects.parentElement.title = scene.explains;
    ui.history.setAttribute("aria-label", historyInWords(scene));
    ui.history.replaceChildren(
      ...scene.values.map((value, step) => bar(value, Math.max(...scene.probabilities[step]), scene.colors[step])),
    );
  }

  /** @param {number} step */
  show(step) {
    if (step === this.shown) return;
    this.shown = step;
    const { scene, ui } = this;
    const steps = scene.values.length;
    const [x, y] = scene.locations[step].map(fixed);
    ui.viewer.style.setProperty("--step", scene.colors[step]);
    ui.count.textContent = `Glimpse ${step + 1} of ${steps}`;
    ui.scrub.setAttribute("aria-valuetext", ui.count.textContent);
    ui.location.textContent = `location (${x}, ${y})`;
    ui.number.textContent = fixed(scene.values[step]);
    ui["own-number"].textContent = scene.own ? `${fixed(scene.own.values[step])} →` : "";
    const where = `the gaze at glimpse ${step + 1} of ${steps}, location ${x}, ${y}`;
    ui.field.setAttribute("aria-label", `The digit in ${scene.field}, ${where}`);
    ui.answer.textContent = step === steps - 1 ? scene.answer : "";
    ui.answer.classList.toggle("unsure", !scene.sure);
    this.showPatches(step, scene.patches[step]);
    this.showHistory(step);
    this.showBelief(scene.probabilities[step], scene.own?.probabilities[step]);
  }

  /**
   * Shows what a glimpse would see that is held somewhere, until the next `show`.
   *
   * @param {number} step
   * @param {number[]} location
   * @param {number[][][]} patches By scale.
   */
  preview(step, location, patches) {
    this.shown = -1;
    const [x, y] = location.map(fixed);
    this.ui.location.textContent = `location (${x}, ${y})`;
    this.showPatches(step, patches);
  }

  showPatches(step, patches) {
    patches.forEach((patch, scale) => {
      const canvas = this.ui.patches.children[scale].firstChild;
      showPatch(canvas, patch);
      const seen = `What glimpse ${step + 1} saw at scale ${scale + 1}`;
      canvas.setAttribute("aria-label", `${seen}, ${covers(this.scene.windows[scale], patch.length)}`);
    });
  }

  showHistory(step) {
    [...this.ui.history.children].forEach((bar, index) => {
      bar.className = index === step ? "now" : index < step ? "past" : "";
      bar.textContent = "";
      if (index === this.scene.flip && index <= step) bar.append(flipMark());
    });
  }

  /**
   * @param {number[]} probabilities
   * @param {number[]} [own] Of the model's own accord, where that is something else.
   */
  showBelief(probabilities, own) {
    const rows = [...this.ui.classes.children];
    fill(rows, probabilities, ".yours", "best");
    if (own) fill(rows, own, ".own", "own-best");
  }
}

/**
 * @param {Element[]} rows One for each class.
 * @param {number[]} probabilities
 * @param {string} side Where in each row.
 * @param {string} mark Of the row of the most probable class.
 */
function fill(rows, probabilities, side, mark) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  rows.forEach((row, index) => {
    const [bar, share] = row.querySelectorAll(side);
    row.classList.toggle(mark, index === best);
    /** @type {any} */ (bar.firstChild).style.transform = `scaleX(${probabilities[index]})`;
    share.textContent = `${(100 * probabilities[index]).toFixed(1)} %`;
  });
}

const flipMark = () => Object.assign(document.createElement("b"), { textContent: "≠", className: "flip" });

/**
 * @param {Parts} ui
 * @param {HTMLElement[]} figures
 */
function putPatches(ui, figures) {
  ui.viewer.classList.toggle("multi", figures.length > 1);
  ui.patches.dataset.scales = figures.length;
  ui.patches.replaceChildren(...figures, ui.location);
}

// A patch; one of several says how much of the image it covers.
function blankPatch(size = 8, span = size, scales = 1) {
  const figure = document.createElement("figure");
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "No glimpse yet");
  const caption = document.createElement("figcaption");
  if (scales > 1) caption.textContent = covers(span, size);
  figure.append(canvas, caption);
  return figure;
}

/**
 * @param {Parts} ui
 * @param {string[]} names
 */
function putClasses(ui, names) {
  const longest = Math.max(...names.map((name) => name.length));
  const width = longest > 2 ? `${Math.min(longest, LONGEST_NAME) * CHARACTER_EM}em` : "";
  ui.classes.style.setProperty("--name", width);
  ui.classes.replaceChildren(...names.map(classRow));
}

/** @param {string} name */
function classRow(name) {
  const row = document.createElement("li");
  row.innerHTML =
    '<span class="bar own"><i></i></span><span class="share own"></span>' +
    '<span class="bar yours"><i></i></span><span class="share yours"></span>';
  row.prepend(Object.assign(document.createElement("span"), { className: "name", textContent: name, title: name }));
  return row;
}

/**
 * A glimpse's bar, as high as the model is sure, with a line across it at the value.
 *
 * @param {number} value An estimate, which may leave [0, 1]; the line then lies at the end.
 * @param {number} sure The largest class probability.
 * @param {string} color
 */
function bar(value, sure, color) {
  const element = document.createElement("i");
  element.style.setProperty("--c", color);
  element.style.setProperty("--sure", `${100 * sure}%`);
  element.style.setProperty("--value", `${100 * clamp(value, 0, 1)}%`);
  return element;
}
