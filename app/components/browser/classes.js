// A button for each class, and the digit keys.

import { keptPerRoot, partsOf } from "./mount.js";
import { pads } from "./pads.js";

const DOUBLE_CLICK = 500; // ms
const LONG_NAME = 6; // characters up to which a name is written large

/**
 * A class that somebody has said, and the drawing that was on the canvas then: by now there may be another.
 *
 * @typedef {object} Press
 * @property {number} number
 * @property {number} label
 * @property {import("./pads.js").Drawing} drawing
 */

/**
 * @typedef {object} Data
 * @property {string[]} names
 * @property {number[]} counts
 * @property {string} label
 * @property {string} pad
 * @property {number} heard Number of the last press that the server has heard of.
 */

export default keptPerRoot((root) => new Panel(partsOf(root, ["classes"]).classes));

class Panel {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {Press[]} */
    this.presses = []; // of which the server may not have heard
    this.last = 0; // number of the last press
    this.pressedAt = -DOUBLE_CLICK;
    this.pad = "";
    /** @type {(presses: Press[]) => void} */
    this.send = () => {};
    const stop = new AbortController();
    window.addEventListener("keydown", (event) => this.key(event), { signal: stop.signal, capture: true });
    this.destroy = () => stop.abort();
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data: { names, counts, label, pad, heard }, setStateValue }) {
    this.pad = pad;
    this.presses = this.presses.filter(({ number }) => number > heard);
    this.last = Math.max(this.last, heard);
    this.send = (presses) => setStateValue("presses", presses);
    this.element.setAttribute("aria-label", label);
    while (this.element.children.length < names.length) this.element.append(this.button());
    names.forEach((name, index) => {
      this.label(/** @type {HTMLButtonElement} */ (this.element.children[index]), index, name, counts[index]);
    });
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {number} index
   * @param {string} name
   * @param {number} count
   */
  label(button, index, name, count) {
    const [keyPart, namePart, countPart] = button.children;
    const digit = String(index);
    keyPart.textContent = name === digit ? "" : digit;
    namePart.textContent = name;
    namePart.classList.toggle("long", name.length > LONG_NAME);
    countPart.textContent = count ? `×${count}` : "";
    button.title = name === digit ? "" : name;
    button.setAttribute("aria-label", `Keep as ${name}; ${count} kept`);
    button.setAttribute("aria-keyshortcuts", digit);
    button.onclick = () => this.press(index);
  }

  button() {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    for (const [kind, className] of [
      ["kbd", ""],
      ["span", "name"],
      ["span", "count"],
    ]) {
      button.append(Object.assign(document.createElement(kind), { className }));
    }
    return button;
  }

  key(event) {
    const typing = event
      .composedPath()
      .some((node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable);
    if (typing || event.repeat || event.ctrlKey || event.altKey || event.metaKey || !/^[0-9]$/.test(event.key)) return;
    this.press(Number(event.key));
  }

  /**
   * Takes the drawing from the canvas, which is empty then: the next one may begin before the server has heard of this.
   *
   * @param {number} label
   */
  press(label) {
    const pad = pads.get(this.pad);
    pad?.afterStroke(() => {
      const drawing = pad.take();
      const again = performance.now() - this.pressedAt < DOUBLE_CLICK;
      this.pressedAt = performance.now();
      if (again && !drawing.raw.objects.length) return;
      this.presses = [...this.presses, { number: ++this.last, label, drawing }];
      this.send(this.presses);
    });
  }
}
