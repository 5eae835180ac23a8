// What goes on inside the model: the specification's flow for the glimpse that the viewer has on screen.

import { about, COLORS, decoded, GRADIENT, LEVELS, layerInWords } from "./activations.js";
import { cleared, fit, lighten, paint } from "./canvas.js";
import { Cells } from "./cells.js";
import { Heads } from "./heads.js";
import { setIcon } from "./icons.js";
import { frameOf, windowAt } from "./layout.js";
import { cssColor, dim, lit } from "./light.js";
import { ease } from "./motion.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { follow, viewerNamed } from "./on_screen.js";

/** @typedef {import("./activations.js").LayerData} LayerData */
/** @typedef {import("./viewer.js").Scene} Scene */

/**
 * What app/components/inside.py writes.
 *
 * @typedef {object} Data
 * @property {string} name Of the viewer.
 * @property {Record<string, LayerData>} layers
 * @property {Record<string, { does: string, shape: string, parameters: number }>} parts
 * @property {number[][]} means
 * @property {number[]} log_probs
 * @property {number} sample Digits among which dead units were looked for.
 * @property {{ glimpse: number, item: string } | null} chosen
 * @property {string} said
 * @property {import("./light.js").Light} light
 */

/**
 * A strip of units: its layer, the class of its place, and how many steps before the one on screen it shows.
 *
 * @type {Record<string, { layer: string, place: string, title: string, ago: number }>}
 */
const STRIPS = {
  what: { layer: "what", place: "what", title: "Glimpse encoder", ago: 0 },
  where: { layer: "where", place: "where", title: "Location encoder", ago: 0 },
  feature: { layer: "feature", place: "feature", title: "Combine: glimpse feature", ago: 0 },
  before: { layer: "hidden", place: "before", title: "Hidden state before", ago: 1 },
  cell_before: { layer: "cell", place: "cell_before", title: "Cell state before", ago: 1 },
  hidden: { layer: "hidden", place: "hidden-state", title: "Hidden state after", ago: 0 },
  cell: { layer: "cell", place: "cell", title: "Cell state after", ago: 0 },
};
const CHANGE_MS = 260; // from the activations of one glimpse to those of the next
const REST_MS = 120; // on a glimpse, before the formula follows
const WIDTHS = { narrow: 560, medium: 900 };
const PARTS = /** @type {const} */ ([
  ...["inside", "back", "forward", "count", "legend", "cross", "picture", "patches", "of-sensor", "said"],
  ...["about-sensor", "about-network", "about-core"],
]);

export default keptPerRoot((root) => new Inside(root));

class Inside {
  /** @type {Record<string, { cells: Cells, title: any, reading: any, place: any, levels: Int8Array }>} */
  #strips = {};
  /** @type {Cells[]} */
  #patches = [];
  /** @type {Scene | null} */
  #scene = null;
  #step = 0;
  #resting = true;
  #frame = 0;
  #timer = 0;
  #name = "";
  #ahead = 0;
  /** What is explained, or is being asked about; the server's answer may be older. @type {Data["chosen"]} */
  #chosen = null;
  /** @type {HTMLCanvasElement | null} */
  #digit = null;
  /** Of the pixels of a patch, by level. @type {number[][]} */
  #greys = [];

  /** @param {ParentNode} root */
  constructor(root) {
    this.ui = partsOf(root, PARTS);
    this.trigger = (/** @type {string} */ _name, /** @type {unknown} */ _value) => {};
    this.unfollow = () => {};
    this.heads = new Heads(root, (item, ahead) => this.explain(item, ahead));
    for (const [name, strip] of Object.entries(STRIPS)) this.#strips[name] = this.#strip(root, name, strip);
    this.ui.legend.querySelector("i").style.background = GRADIENT;
    for (const [name, direction] of /** @type {const} */ ([
      ["back", -1],
      ["forward", 1],
    ])) {
      setIcon(this.ui[name], name);
      this.ui[name].onclick = () => viewerNamed(this.#name).stepBy(direction);
    }
    this.resizing = new ResizeObserver(() => this.#resize());
    this.resizing.observe(this.ui.inside);
    this.keys = new AbortController();
    document.addEventListener("keydown", (event) => this.#closeOnEscape(event), { signal: this.keys.signal });
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.resizing.disconnect();
    this.keys.abort();
    this.unfollow();
    viewerNamed(this.#name).explain = () => {};
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    this.data = data;
    this.#chosen = data.chosen;
    this.#name = data.name;
    this.field = cssColor(data.light.dark);
    this.#greys = Array.from({ length: 256 }, (_, level) => lit(data.light, level, 0).slice(0, 3));
    this.#describe(data);
    for (const [name, strip] of Object.entries(this.#strips)) this.#load(strip, data.layers[STRIPS[name].layer]);
    if (this.ui.said.textContent !== data.said) this.ui.said.textContent = data.said;
    const place = viewerNamed(data.name);
    place.explain = (item) => this.explain(item, 0);
    this.#scene = null; // its numbers are new, even if it looks the same
    this.unfollow();
    this.unfollow = follow(data.name, (screen) => this.#follow(screen));
    this.#mark();
  }

  #strip(root, name, { place, title }) {
    const at = root.querySelector(`.part.${place}`);
    const heading = document.createElement("h5");
    heading.append(
      Object.assign(document.createElement("span"), { textContent: title }),
      document.createElement("small"),
    );
    const reading = Object.assign(document.createElement("p"), { className: "reading" });
    const cells = new Cells(`${title}, by unit`, {
      paint: (level) => COLORS[level + LEVELS],
      say: (index, level) => `unit ${index + 1}: ${about(level, this.#layer(name).largest)}`,
      choose: (index) => this.explain(`${name}:${index}`, 0),
      point: (index) => this.#read(name, index),
    });
    at.append(heading, cells.element, reading);
    return { cells, title: heading.lastChild, reading, place: at, levels: new Int8Array() };
  }

  /** @param {string} name */
  #layer(name) {
    return /** @type {Data} */ (this.data).layers[STRIPS[name].layer];
  }

  /** @param {Data} data */
  #describe({ parts, sample }) {
    const about = (/** @type {{ does: string, parameters: number }} */ { does, parameters }) =>
      `${does} · ${counted(parameters)}`;
    this.ui["about-sensor"].textContent = `${parts.sensor.does} → ${parts.sensor.shape}`;
    const network = parts.what.parameters + parts.where.parameters + parts.feature.parameters;
    this.ui["about-network"].textContent = counted(network);
    this.ui["about-core"].textContent = about(parts.core);
    for (const name of ["what", "where", "feature"]) this.#strips[name].title.textContent = about(parts[name]);
    for (const name of ["before", "hidden", "cell_before", "cell"])
      this.#strips[name].title.textContent = parts.core.shape;
    this.heads.describe(parts, about);
    this.ui.cross.textContent = sample ? `× dead: never active over ${sample} test digits` : "";
  }

  #load(strip, layer) {
    strip.place.hidden = !layer;
    if (!layer) return;
    strip.levels = decoded(layer.cells);
    strip.cells.load(layer.shown, { dead: layer.never });
  }

  /** @param {import("./on_screen.js").Screen} screen */
  #follow({ scene, step, resting }) {
    if (!scene || !this.data) return;
    const before = this.#scene;
    const moves = before !== scene || step !== this.#step;
    this.#resting = resting;
    this.#step = step;
    if (before !== scene) this.#take(scene);
    if (moves) this.#show(before !== null);
    clearTimeout(this.#timer);
    if (resting) this.#timer = window.setTimeout(() => this.#keepUp(), REST_MS);
  }

  /** @param {Scene} scene */
  #take(scene) {
    this.#scene = scene;
    const { light } = /** @type {Data} */ (this.data);
    this.#digit = paint(scene.image, (grey) => dim(light, grey));
    if (this.#patches.length !== scene.windows.length) {
      this.#patches = scene.windows.map((_, scale) => this.#patch(scale));
      this.ui.patches.replaceChildren(...this.#patches.map(({ element }) => element));
      this.ui.patches.dataset.scales = String(scene.windows.length);
    }
    const size = scene.patches[0][0].length;
    for (const patch of this.#patches) patch.load(size * size, { columns: size, gap: 0 });
    this.#resize();
  }

  /** @param {number} scale */
  #patch(scale) {
    const place = (/** @type {number} */ index) => {
      const size = this.#scene?.patches[0][0].length ?? 1;
      return [Math.floor(index / size), index % size];
    };
    const say = (/** @type {number} */ index, /** @type {number} */ level) => {
      const [row, column] = place(index);
      return `row ${row + 1}, column ${column + 1}: ≈ ${(level / 255).toFixed(2)}`;
    };
    return new Cells(`Pixels of the patch${scale ? ` at scale ${scale + 1}` : ""}`, {
      paint: (level) => this.#greys[level],
      say,
      choose: (index) => this.explain(`pixel:${scale}:${place(index).join(":")}`, 0),
      point: (index) => {
        const level = index === null ? 0 : this.#patches[scale].level(index);
        this.ui["of-sensor"].textContent = index === null ? this.#coverage() : say(index, level);
      },
    });
  }

  #coverage() {
    const windows = this.#scene?.windows ?? [];
    return `sees ${windows.map((size) => `${size}×${size}`).join(", ")} pixels`;
  }

  /** @param {boolean} moves Whether the activations change from others, and not from nothing. */
  #show(moves) {
    const scene = /** @type {Scene} */ (this.#scene);
    const data = /** @type {Data} */ (this.data);
    const step = this.#step;
    const last = scene.values.length - 1;
    this.ui.inside.style.setProperty("--step", scene.colors[step]);
    this.ui.count.textContent = `Glimpse ${step + 1} of ${last + 1}`;
    this.ui.back.disabled = step === 0;
    this.ui.forward.disabled = step === last;
    this.ui["of-sensor"].textContent = this.#coverage();
    this.#drawPicture(scene);
    for (const [scale, patch] of this.#patches.entries()) patch.take(scene.patches[step][scale].flat());
    for (const [name, strip] of Object.entries(this.#strips)) {
      const layer = data.layers[STRIPS[name].layer];
      if (!layer) continue;
      const at = step - STRIPS[name].ago;
      const { shown } = layer;
      strip.cells.take(at < 0 ? new Int8Array(shown) : strip.levels.subarray(at * shown, (at + 1) * shown));
      this.#read(name, null);
    }
    this.heads.show(scene, data, step);
    cancelAnimationFrame(this.#frame);
    if (!moves || matchMedia("(prefers-reduced-motion: reduce)").matches) this.#draw(1);
    else this.#change(performance.now());
  }

  // From the activations of the glimpse before to those of this one.
  #change(begun) {
    const tick = (/** @type {number} */ now) => {
      const share = Math.min((now - begun) / CHANGE_MS, 1);
      this.#draw(ease(share));
      if (share < 1) this.#frame = requestAnimationFrame(tick);
    };
    this.#frame = requestAnimationFrame(tick);
  }

  #draw(share) {
    for (const { cells, place } of Object.values(this.#strips)) if (!place.hidden) cells.draw(share);
    for (const patch of this.#patches) patch.draw(share);
  }

  /** @param {Scene} scene */
  #drawPicture(scene) {
    const { picture } = this.ui;
    if (!picture.width || !this.#digit) return;
    const context = cleared(picture, this.field ?? "");
    const frame = frameOf(picture, scene.image, scene.windows[0] / 4);
    lighten(context, this.#digit, frame);
    context.strokeStyle = scene.colors[this.#step];
    scene.windows.forEach((size, scale) => {
      context.lineWidth = (scale ? 1.5 : 2.5) * (window.devicePixelRatio || 1);
      context.strokeRect(...windowAt(scene.corners[this.#step][scale], size, frame));
    });
    picture.setAttribute("aria-label", `The image, and the windows of glimpse ${this.#step + 1}`);
  }

  #read(name, index) {
    const { cells, reading } = this.#strips[name];
    const layer = this.#layer(name);
    const at = this.#step - STRIPS[name].ago;
    if (index !== null) reading.textContent = `unit ${index + 1}: ${about(cells.level(index), layer.largest)}`;
    else if (at < 0) reading.textContent = "empty before the first glimpse";
    else reading.textContent = layerInWords(layer, at, this.#rectified(STRIPS[name].layer));
  }

  /** Whether a layer's units are 0 where they are not active, as those of an LSTM are not. @param {string} layer */
  #rectified(layer) {
    return !this.data?.layers.cell || !["hidden", "cell"].includes(layer);
  }

  /**
   * Asks where a number comes from. What plays stops, or its number would pass by while one reads.
   *
   * @param {string} item
   * @param {number} ahead Glimpses after the one on screen.
   */
  explain(item, ahead) {
    this.#ahead = ahead;
    viewerNamed(this.#name).pause();
    this.#ask({ item, glimpse: this.#step + 1 + ahead });
  }

  /**
   * Closes what is explained, unless the key is for a list or dialog that is open.
   *
   * @param {KeyboardEvent} event
   */
  #closeOnEscape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !this.#chosen) return;
    if (/** @type {Element} */ (event.target).closest("input, textarea, [role=dialog], [role=listbox]")) return;
    this.#ask(null);
  }

  /** @param {Data["chosen"]} chosen */
  #ask(chosen) {
    this.#chosen = chosen;
    this.trigger("ask", chosen ?? { item: "", glimpse: 0 });
  }

  /** Has what is explained follow the glimpse on screen. */
  #keepUp() {
    const chosen = this.#chosen;
    const glimpse = this.#step + 1 + this.#ahead;
    const steps = this.#scene?.values.length ?? 0;
    if (!chosen || !this.#resting || chosen.glimpse === glimpse || glimpse > steps) return;
    if (glimpse === 1 && chosen.item === "log_prob") return; // no policy chose the first location
    this.trigger("ask", { item: chosen.item, glimpse, follows: true });
  }

  /** Rings the cell that is explained. */
  #mark() {
    const [name, ...place] = this.#chosen?.item.split(":") ?? [""];
    const numbers = place.map(Number);
    for (const [strip, { cells }] of Object.entries(this.#strips)) cells.chosen = strip === name ? numbers[0] : null;
    const size = this.#scene?.patches[0][0].length ?? 1;
    this.#patches.forEach((patch, scale) => {
      patch.chosen = name === "pixel" && numbers[0] === scale ? numbers[1] * size + numbers[2] : null;
    });
    this.heads.mark(this.#chosen?.item ?? "");
    this.#draw(1);
  }

  #resize() {
    const { classList, clientWidth: width } = this.ui.inside;
    classList.toggle("narrow", width < WIDTHS.narrow);
    classList.toggle("medium", width >= WIDTHS.narrow && width < WIDTHS.medium);
    for (const { cells, place } of Object.values(this.#strips)) if (!place.hidden) cells.fit();
    for (const patch of this.#patches) patch.fit();
    fit(this.ui.picture);
    if (this.#scene) this.#drawPicture(this.#scene);
  }
}

/** @param {number} parameters */
const counted = (parameters) => `${parameters.toLocaleString("en")} parameters`;
