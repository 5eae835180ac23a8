// The drawing canvas: that of streamlit-drawable-canvas, which draws and reports, with its orders given here.
//
// No order is made from what the server has heard of it: that may be older than what is on the canvas, and would take
// away what was drawn meanwhile. The server gives one only to bring a drawing back.

import { watchFingers } from "./fingers.js";
import { paint, runsOf } from "./levels.js";
import { keptPerRoot } from "./mount.js";
import { pads } from "./pads.js";
import { keepForReload, linkIn, Reports, takeAfterReload } from "./unheard.js";

/** @typedef {import("./pads.js").Drawing} Drawing */

/**
 * @typedef {object} Data
 * @property {string} engine Address of the canvas's module.
 * @property {string} name
 * @property {string} label
 * @property {number} side In pixels.
 * @property {number} brush
 * @property {string} ink
 * @property {string} paper
 * @property {{ number: number, objects: object[] }} order What the canvas has to hold, if the number is a new one.
 * @property {number} heard Number of the last report that the server has.
 */

// By their name, what was on canvases that are no longer on the page: one may be built anew at any moment, if a drawing
// comes while the page is being put together.
/** @type {Map<string, Pick<DrawingPad, "taken" | "strokes" | "wasChanged" | "reports">>} */
const gone = new Map();

export default keptPerRoot((root) => new DrawingPad(root));

class DrawingPad {
  /** @param {ParentNode} root */
  constructor(root) {
    this.root = root;
    /** @type {Data} */
    this.data = Object.create(null);
    /** @type {((canvas: object) => () => void) | null} */
    this.engine = null;
    /** @type {(drawing: Drawing) => void} */
    this.send = () => {};
    this.cleared = () => {};
    /** @type {object[]} */
    this.strokes = [];
    /** @type {string | null} */
    this.levels = null; // as last reported
    this.reports = new Reports();
    this.wasChanged = false; // by the user, since the last order
    this.orders = 0;
    this.taken = -1; // number of the server's last order that was carried out
    this.penDown = false;
    /** @type {(() => void)[]} */
    this.waiting = [];
    this.stop = new AbortController();
    const upper = () => this.root.querySelector("canvas.upper-canvas");
    const on = { down: () => this.down(), up: () => this.up(), cancelled: () => this.cancelled() };
    watchFingers(upper, on, this.stop.signal);
    addEventListener("pagehide", () => this.leave(), { signal: this.stop.signal });
  }

  destroy() {
    this.stop.abort();
    this.unmount?.();
    const { name } = this.data;
    if (pads.get(name) === this) pads.delete(name);
    const { taken, strokes, wasChanged, reports } = this;
    if (taken >= 0) gone.set(name, { taken, strokes, wasChanged, reports });
  }

  /** @param {import("./mount.js").Component<Data>} component */
  async update({ data, setStateValue, setTriggerValue }) {
    this.data = data;
    this.send = (drawing) => setStateValue("drawing", drawing);
    this.cleared = () => setTriggerValue("cleared", true);
    pads.set(data.name, this);
    this.engine ??= (await import(new URL(data.engine, document.baseURI).href)).default;
    if (this.stop.signal.aborted) return;
    this.reports.hear(this.data.heard, linkIn(location.search));
    if (this.taken < 0) this.begin();
    else if (this.data.order.number !== this.taken) this.obey();
    else this.render();
  }

  /** Holds what was on this canvas before it, or its page, was built anew; without that, what the server says. */
  begin() {
    const { name, order } = this.data; // which may have come meanwhile
    const before = gone.get(name);
    const left = takeAfterReload(name);
    if (before?.taken === order.number) {
      this.hold(before.strokes);
      Object.assign(this, before);
    } else if (left) {
      this.render(); // of what it holds first, the canvas says nothing, and the server may know nothing of these strokes
      this.hold(left);
      this.taken = order.number;
    } else this.obey();
  }

  /** Holds what the server says. */
  obey() {
    const { number, objects } = this.data.order;
    this.taken = number;
    this.afterStroke(() => {
      this.hold(objects);
      this.wasChanged = false;
    });
  }

  /** The page is being left or loaded again. */
  leave() {
    const isReported = this.drawing?.raw.objects.length === this.strokes.length; // not yet, right after an undo
    const isHeard = isReported && this.reports.areIn(linkIn(location.search));
    keepForReload(this.data.name, this.wasChanged && !isHeard ? this.strokes : null);
  }

  /** Draws the canvas with what it has to hold. */
  render() {
    const { side, brush, ink, paper, label } = this.data;
    this.unmount = this.engine?.({
      parentElement: this.root,
      setStateValue: (name, value) => name === "drawing" && this.report(value),
      data: {
        ...{ drawingMode: "freedraw", realtimeUpdateStreamlit: true, returnImageData: false, disabled: false },
        ...{ canvasWidth: side, canvasHeight: side, backgroundColor: paper, backgroundImageURL: null },
        ...{ strokeWidth: brush, strokeColor: ink, fillColor: ink, label: "" },
        initialDrawing: { objects: this.held ?? [], background: paper, number: this.orders },
      },
    });
    const canvas = this.root.querySelector("canvas.upper-canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", label);
  }

  /**
   * Makes the canvas hold these strokes, and no others.
   *
   * @param {object[]} strokes
   */
  hold(strokes) {
    this.strokes = this.held = strokes;
    this.wasChanged = true;
    this.orders++;
    this.render();
  }

  /**
   * Takes what the canvas says of itself, and passes on what is new.
   *
   * @param {Pick<Drawing, "raw">} drawing
   */
  report({ raw }) {
    this.strokes = raw.objects;
    const levels = runsOf(paint(raw.objects, this.data.side, this.data.paper));
    if (levels === this.levels) return;
    this.levels = levels;
    this.drawing = { raw, levels, number: ++this.reports.sent };
    this.send(this.drawing);
  }

  down() {
    this.penDown = true;
    this.wasChanged = true;
  }

  up() {
    this.askForReport();
    this.lifted();
  }

  cancelled() {
    this.hold(this.strokes);
    this.lifted();
  }

  lifted() {
    this.penDown = false;
    for (const action of this.waiting.splice(0)) action();
  }

  /** Lets the canvas report at once; by itself, it waits for 200 ms. */
  askForReport() {
    /** @type {HTMLButtonElement | null} */ (this.root.querySelector(".dc-icon-button"))?.click();
  }

  /** @param {() => void} action */
  afterStroke(action) {
    if (this.penDown) this.waiting.push(action);
    else action();
  }

  undo() {
    this.afterStroke(() => this.hold(this.strokes.slice(0, -1)));
  }

  clear() {
    this.afterStroke(() => {
      this.hold([]);
      this.cleared();
    });
  }

  take() {
    this.askForReport();
    const drawing = this.drawing ?? { raw: { objects: this.strokes }, levels: null, number: 0 };
    this.hold([]);
    return drawing;
  }
}
