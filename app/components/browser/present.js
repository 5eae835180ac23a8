// The button that opens the presentation, and the window that it fills.

import { keptPerRoot, partsOf } from "./mount.js";
import { Show } from "./reveal.js";

/** "yes" fills the window, "cover" keeps the page's own stage covered. @typedef {"no" | "yes" | "cover"} Mode */

/**
 * @typedef {object} Data
 * @property {Mode} mode
 * @property {import("./viewer.js").Scene | null} scene Only while it is presented.
 * @property {string} label The right class; empty if nobody knows it.
 * @property {string} kind Which digits come next.
 * @property {import("./light.js").Light} light
 */

const TYPED_INTO = "input, textarea, select, [contenteditable=true]";
const PARTS = /** @type {const} */ (["open", "show", "content"]);

/** @type {(name: string, value: unknown) => void} */
const ignored = () => {};

export default keptPerRoot((root) => new Presentation(root));

class Presentation {
  /** @param {ParentNode} root */
  constructor(root) {
    this.ui = partsOf(root, PARTS);
    /** @type {Mode} */
    this.mode = "no";
    /** @type {Show | null} */
    this.show = null;
    this.trigger = ignored;
    this.listening = new AbortController();
    this.ui.open.onclick = () => this.#switch("yes");
    this.ui.show.addEventListener("cancel", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#switch("no");
    });
    document.addEventListener("keydown", (event) => this.#openByKey(event), { signal: this.listening.signal });
  }

  destroy() {
    this.listening.abort();
    this.show?.destroy();
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    this.light = data.light;
    this.ui.open.textContent = data.mode === "cover" ? "Reveal it" : "Present";
    this.#turn(data.mode);
    if (!this.show) return;
    this.show.ui.kind.value = data.kind;
    if (data.scene?.id !== this.show.scene?.id) this.show.load(data.scene, data.label);
  }

  /**
   * The user's wish: seen at once, and then told to the page.
   *
   * @param {Mode} mode
   */
  #switch(mode) {
    if (mode === this.mode) return;
    this.#turn(mode);
    this.trigger("mode", mode);
  }

  /** @param {Mode} mode */
  #turn(mode) {
    this.mode = mode;
    const { show, content } = this.ui;
    if (show.open === (mode === "yes") || !this.light) return;
    if (show.open) {
      this.show?.destroy();
      this.show = null;
      show.close();
      show.replaceChildren();
      this.ui.open.focus();
    } else {
      show.append(content.content.cloneNode(true));
      show.showModal();
      this.show = new Show(show, this.light, {
        leave: () => this.#switch("no"),
        cover: () => this.#switch("cover"),
        next: (kind) => this.trigger("next", kind),
      });
    }
  }

  /** @param {KeyboardEvent} event P on the page, while nobody types. */
  #openByKey(event) {
    const typing = event.composedPath().some((part) => part instanceof Element && part.matches(TYPED_INTO));
    if (event.key.toLowerCase() !== "p" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    this.#switch("yes");
  }
}
