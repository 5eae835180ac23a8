// The viewer's own numbers, while the inside is open: each is a button that asks where it comes from.

import { viewerNamed } from "./on_screen.js";

const NAMES = { number: "value", location: "location" };

export class Explain {
  /**
   * @param {Record<string, any>} ui
   * @param {() => string} viewer Its name.
   */
  constructor(ui, viewer) {
    this.ui = ui;
    this.open = false;
    this.ask = (/** @type {string} */ item) => viewerNamed(viewer()).explain(item);
    ui.viewer.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#click(event));
    ui.viewer.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event), { capture: true });
  }

  /** @param {boolean} open Whether the inside is open, and there is a look. */
  show(open) {
    const { ui } = this;
    this.open = open;
    ui.viewer.classList.toggle("explains", open);
    for (const [part, item] of Object.entries(NAMES)) offer(ui[part], open, item);
    for (const [index, row] of [...ui.classes.children].entries())
      offer(row.querySelector(".share.yours"), open, `class:${index}`);
  }

  #click(event) {
    if (!this.open) return;
    const canvas = event.target.closest(".patches canvas");
    if (canvas) return this.#pixel(canvas, event);
    const row = event.target.closest(".classes li");
    const item = (row?.querySelector("[data-item]") ?? event.target.closest("[data-item]"))?.dataset.item;
    if (item) this.ask(item);
  }

  #key(event) {
    if (!this.open || !(event.key === "Enter" || event.key === " ")) return;
    const item = event.target.dataset?.item;
    if (!item) return;
    event.preventDefault();
    event.stopPropagation();
    this.ask(item);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {MouseEvent} event
   */
  #pixel(canvas, { clientX, clientY }) {
    const box = canvas.getBoundingClientRect();
    const edge = canvas.clientLeft; // its frame
    const at = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ size, count) =>
      Math.min(Math.max(Math.floor(((to - from - edge) / (size - 2 * edge)) * count), 0), count - 1);
    const column = at(box.left, clientX, box.width, canvas.width);
    const row = at(box.top, clientY, box.height, canvas.height);
    const scale = [...this.ui.patches.querySelectorAll("canvas")].indexOf(canvas);
    this.ask(`pixel:${scale}:${row}:${column}`);
  }
}

/**
 * Makes an element a button that asks for an item, or no longer.
 *
 * @param {HTMLElement | null} element
 * @param {boolean} open
 * @param {string} item
 */
function offer(element, open, item) {
  if (!element) return;
  if (!open) {
    for (const name of ["role", "tabindex", "data-item", "title"]) element.removeAttribute(name);
    return;
  }
  element.setAttribute("role", "button");
  element.tabIndex = 0;
  element.dataset.item = item;
  element.title = "Where does this number come from?";
}
