// The hand that makes a glimpse look elsewhere: mouse, pen, finger and keys.
//
// Nothing is sent before it lets go; until then the glimpse is only shown where it would look.

const CLICK_PX = 5; // a pointer that has moved less far has clicked
const PATIENCE_MS = 350; // after the last key
const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});

/** (x, y) in [-1, 1]. @typedef {number[]} Location */

/**
 * @typedef {object} Work
 * @property {() => import("./stage.js").Stage | null} stage
 * @property {() => number} step Which glimpse is on screen.
 * @property {(step: number, location: Location | null) => void} preview Shows a glimpse somewhere; null: no longer.
 * @property {(step: number, location: Location, byKey: boolean) => void} move Makes it look there.
 * @property {(location: Location | null) => void} hover What the pointer is over; null: it has left.
 */

export class Hand {
  /**
   * What is held: a glimpse, how far the pointer is from its location, and where that is by now.
   *
   * @type {{ step: number, away: Location, at: Location | null } | null}
   */
  #held = null;
  /** @type {{ x: number, y: number, id: number } | null} */
  #down = null;
  #dragging = false;
  /** @type {{ step: number, location: Location, timer: number } | null} */
  #nudged = null;
  #listening = new AbortController();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} region Where the keys work; they also do while nothing on the page has the focus.
   * @param {Work} work
   */
  constructor(canvas, region, work) {
    this.canvas = canvas;
    this.work = work;
    /** @type {(target: EventTarget, kind: string, action: (event: any) => void, passive?: boolean) => void} */
    const on = (target, kind, action, passive = true) =>
      target.addEventListener(kind, action, { signal: this.#listening.signal, passive });
    on(canvas, "pointerdown", (event) => this.#press(event));
    on(canvas, "pointermove", (event) => this.#drag(event));
    on(canvas, "pointerup", (event) => this.#release(event));
    on(canvas, "pointercancel", () => this.drop());
    on(canvas, "pointerleave", () => this.#down || work.hover(null));
    // A finger that holds a window moves it; anywhere else it scrolls the page.
    on(canvas, "touchstart", (event) => this.#held && event.preventDefault(), false);
    on(region, "keydown", (event) => this.#key(event), false);
    on(
      document,
      "keydown",
      (event) => event.target === document.body && !event.defaultPrevented && this.#key(event),
      false,
    );
  }

  destroy() {
    this.drop();
    this.#listening.abort();
  }

  /** Whether it holds a glimpse. */
  get busy() {
    return this.#dragging || this.#nudged !== null;
  }

  /** Lets go, and leaves everything as it was. */
  drop() {
    clearTimeout(this.#nudged?.timer);
    const { busy } = this;
    this.#held = this.#down = this.#nudged = null;
    this.#dragging = false;
    if (busy) this.work.preview(0, null);
  }

  /** Goes on holding what it holds, where another look has come on stage. */
  resume() {
    if (this.#nudged) this.work.preview(this.#nudged.step, this.#nudged.location);
    else if (this.#held?.at) this.work.preview(this.#held.step, this.#held.at);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const stage = this.work.stage();
    if (!stage || !event.isPrimary || event.button !== 0) return;
    this.drop();
    this.#down = { x: event.clientX, y: event.clientY, id: event.pointerId };
    const step = stage.grabbed(event, this.work.step(), event.pointerType === "touch");
    if (step === null) return;
    const { x, y } = stage.locationOf(event);
    const [left, top] = stage.location(step);
    this.#held = { step, away: [left - x, top - y], at: null };
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const stage = this.work.stage();
    if (!stage) return;
    const down = this.#down;
    if (!down) {
      this.canvas.classList.toggle("grab", stage.grabbed(event, this.work.step(), false) !== null);
      const { x, y } = stage.locationOf(event);
      return this.work.hover([x, y]);
    }
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) >= CLICK_PX) this.#dragging = true;
    if (!this.#dragging || !this.#held) return;
    this.#held.at = this.#heldAt(stage, event);
    this.work.preview(this.#held.step, this.#held.at);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const stage = this.work.stage();
    const [down, held, dragged] = [this.#down, this.#held, this.#dragging];
    if (!stage || !down) return this.drop();
    const { x, y } = stage.locationOf(event);
    const to = held && this.#heldAt(stage, event);
    this.#held = this.#down = null;
    this.#dragging = false;
    if (!dragged) this.work.move(this.work.step(), [x, y], false);
    else if (held && to) this.work.move(held.step, to, false);
  }

  /** Where what is held is now. */
  #heldAt(stage, event) {
    const { x, y } = stage.locationOf(event);
    const away = this.#held?.away ?? [0, 0];
    return [x + away[0], y + away[1]].map((part) => Math.min(Math.max(part, -1), 1));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const stage = this.work.stage();
    if (event.key === "Escape" && this.busy) return this.drop();
    const way = event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && ARROWS[event.key];
    if (!stage || !way || (event.target instanceof Element && event.target.closest("select"))) return;
    event.preventDefault();
    clearTimeout(this.#nudged?.timer);
    const step = this.#nudged?.step ?? this.work.step();
    const { image } = stage.scene;
    const from = stage.location(step);
    const sides = [image[0].length, image.length];
    const location = from.map((part, axis) => Math.min(Math.max(part + (2 * way[axis]) / sides[axis], -1), 1));
    this.#nudged = { step, location, timer: window.setTimeout(() => this.#settle(), PATIENCE_MS) };
    this.work.preview(step, location);
  }

  #settle() {
    const nudged = this.#nudged;
    this.#nudged = null;
    if (nudged) this.work.move(nudged.step, nudged.location, true);
  }
}
