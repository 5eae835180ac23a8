// A button for each class, and the digit keys.

import { keptPerRoot, partsOf } from "./mount.js";

const DELAY = 250; // ms; the canvas reports a stroke 200 ms after its end
const LONG_NAME = 6; // characters up to which a name is written large

export default keptPerRoot((root) => new Panel(partsOf(root, ["classes"]).classes));

class Panel {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {number | null} */
    this.pressed = null; // the class of a press that still waits
    this.penDown = false;
    this.penUpAt = -DELAY;
    /** @type {(index: number) => void} */
    this.send = () => {};
    const stop = new AbortController();
    const on = (kind, listener) => window.addEventListener(kind, listener, { signal: stop.signal, capture: true });
    on("keydown", (event) => this.key(event));
    on("pointerdown", (event) => (this.penDown ||= event.composedPath()[0].tagName === "CANVAS"));
    on("pointerup", () => this.penUp());
    on("pointercancel", () => this.penUp());
    this.destroy = () => {
      stop.abort();
      clearTimeout(this.timer);
    };
  }

  /** @param {import("./mount.js").Component<{ names: string[], counts: number[], label: string }>} component */
  update({ data: { names, counts, label }, setTriggerValue }) {
    this.send = (index) => setTriggerValue("press", index);
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

  press(index) {
    this.pressed = index;
    if (!this.penDown) this.wait();
  }

  penUp() {
    if (!this.penDown) return;
    this.penDown = false;
    this.penUpAt = performance.now();
    if (this.pressed !== null) this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    const send = () => {
      if (this.pressed !== null) this.send(this.pressed);
      this.pressed = null;
    };
    const rest = this.penUpAt + DELAY - performance.now();
    // A drawing that has been reported already is kept without delay.
    if (rest > 0) this.timer = setTimeout(send, rest);
    else send();
  }
}
