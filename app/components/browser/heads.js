// What is read from the hidden state: the location, the value, the class probabilities. Each is a button.

import { partsOf } from "./mount.js";
import { fixed } from "./words.js";

/** @typedef {import("./viewer.js").Scene} Scene */

const MOST_CLASSES = 10;
const PARTS = /** @type {const} */ (["location", "value", "of-location", "of-action", "odds"]);
const ABOUT = /** @type {const} */ (["about-location", "about-value", "about-action"]);

export class Heads {
  /**
   * @param {ParentNode} root
   * @param {(item: string, ahead: number) => void} explain
   */
  constructor(root, explain) {
    this.ui = partsOf(root, [...PARTS, ...ABOUT]);
    this.mean = Object.assign(document.createElement("span"), { className: "mean" });
    this.next = button(() => explain("location", 1));
    this.log = button(() => explain("log_prob", 1));
    this.estimate = button(() => explain("value", 0));
    this.ui.location.querySelector(".numbers").append(this.mean, this.next, this.log);
    this.ui.value.querySelector(".numbers").append(this.estimate);
    this.explain = explain;
    this.item = "";
  }

  /**
   * @param {import("./inside.js").Data["parts"]} parts
   * @param {(part: { does: string, parameters: number }) => string} about
   */
  describe(parts, about) {
    for (const name of /** @type {const} */ (["location", "value", "action"]))
      this.ui[`about-${name}`].textContent = about(parts[name]);
  }

  /**
   * @param {Scene} scene
   * @param {import("./inside.js").Data} data
   * @param {number} step
   */
  show(scene, { means, log_probs }, step) {
    const last = scene.values.length - 1;
    const isLast = step === last;
    this.ui["of-location"].textContent = isLast ? "Not used after the last glimpse." : `For glimpse ${step + 2}:`;
    for (const part of [this.mean, this.next, this.log]) part.hidden = isLast;
    if (!isLast) {
      this.mean.textContent = `mean ${point(means[step + 1])}`;
      this.next.textContent = `next location ${point(scene.locations[step + 1])}`;
      this.log.textContent = `log-density ${fixed(log_probs[step])}`;
    }
    this.estimate.textContent = `value ${fixed(scene.values[step])}`;
    this.ui["of-action"].textContent = isLast ? "" : "As if it stopped now.";
    this.#showOdds(scene, scene.probabilities[step]);
    this.mark(this.item);
  }

  /**
   * @param {Scene} scene
   * @param {number[]} probabilities
   */
  #showOdds({ classes }, probabilities) {
    const order = classes.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
    const shown = order.slice(0, MOST_CLASSES).sort((a, b) => a - b);
    const { odds } = this.ui;
    while (odds.children.length < shown.length) odds.append(this.#row());
    while (odds.children.length > shown.length) odds.lastChild.remove();
    shown.forEach((index, row) => {
      const [name, bar, share] = odds.children[row].firstChild.children;
      odds.children[row].firstChild.dataset.item = `class:${index}`;
      odds.children[row].classList.toggle("best", index === order[0]);
      name.textContent = classes[index];
      bar.firstChild.style.transform = `scaleX(${probabilities[index]})`;
      share.textContent = `${(100 * probabilities[index]).toFixed(1)} %`; // as in the viewer
    });
  }

  #row() {
    const row = document.createElement("li");
    const all = button(() => this.explain(all.dataset.item ?? "", 0));
    all.innerHTML = '<span class="name"></span><span class="bar"><i></i></span><span class="share"></span>';
    row.append(all);
    return row;
  }

  /** @param {string} item Which is explained. */
  mark(item) {
    this.item = item;
    const press = (/** @type {HTMLElement} */ element, /** @type {boolean} */ on) =>
      element.setAttribute("aria-pressed", String(on));
    press(this.next, item === "location");
    press(this.log, item === "log_prob");
    press(this.estimate, item === "value");
    for (const { firstChild } of this.ui.odds.children) press(firstChild, firstChild.dataset.item === item);
  }
}

/** @param {() => void} onclick */
const button = (onclick) => Object.assign(document.createElement("button"), { type: "button", onclick });

/** @param {number[]} location */
const point = ([x, y]) => `(${fixed(x)}, ${fixed(y)})`;
