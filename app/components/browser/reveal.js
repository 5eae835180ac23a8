// What a presentation shows: a look, glimpse by glimpse, and what the class guesses meanwhile.

import { cleared, drawBorder, fit, showPatch } from "./canvas.js";
import { guessedPlaces, pixelsBetween, saidAfterEach, verdict } from "./guessing.js";
import { setIcon } from "./icons.js";
import { placeOf } from "./layout.js";
import { cssColor } from "./light.js";
import { clamp } from "./motion.js";
import { partsOf } from "./mount.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";

const GLIDE_MS = 900; // from one glimpse to the next
const SAME_MARK_PX = 0.6; // a click this near to a mark, in pixels of the image, takes it away
const KEY_STEP = 1 / 14; // how far an arrow key moves the cursor: one of 28 pixels
const PARTS = /** @type {const} */ ([
  ...["stage", "field", "ask", "count", "patches", "guess-distance", "near"],
  ...["classes", "answer", "verdict", "back", "reveal", "bar", "guesses", "kind", "next", "cover", "leave"],
]);
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Show {
  #frame = 0;
  /** @type {number | undefined} */
  #before;

  /**
   * @param {HTMLElement} place Where its parts are, and its keys work.
   * @param {import("./light.js").Light} light
   * @param {{ leave(): void, cover(): void, next(kind: string): void }} ways Ways out of this look.
   */
  constructor(place, light, ways) {
    this.place = place;
    this.light = light;
    this.ways = ways;
    this.ui = partsOf(place, PARTS);
    /** @type {import("./viewer.js").Scene | null} */
    this.scene = null;
    /** @type {Stage | null} */
    this.stage = null;
    this.label = "";
    this.revealed = 0; // how many glimpses have been shown, the one on its way among them
    /** @type {[number, number][][]} */
    this.marks = []; // by glimpse, where the class thinks that it will be
    /** @type {{ after: number, says: string }[]} */
    this.guesses = [];
    /** @type {[number, number] | null} */
    this.cursor = null; // moved by keys
    this.timeline = new Timeline({ pace: GLIDE_MS, stride: GLIDE_MS });
    this.listening = new AbortController();
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.ui.stage);
    setIcon(this.ui.back, "back");
    this.#listen();
    this.load(null, "");
    this.takeKeys();
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.listening.abort();
    this.resizing.disconnect();
  }

  takeKeys() {
    this.ui.stage.focus({ preventScroll: true });
  }

  /**
   * Begins with a look of which nothing is revealed.
   *
   * @param {import("./viewer.js").Scene | null} scene
   * @param {string} label The right class; empty if nobody knows it.
   */
  load(scene, label) {
    this.scene = scene;
    this.label = label;
    this.stage = scene && new Stage(this.ui.field, scene, this.light);
    this.revealed = 0;
    this.marks = [];
    this.guesses = [];
    this.cursor = null;
    this.timeline.load(scene ? scene.values.length - 1 : 0, 0);
    this.#fill();
    this.refresh();
  }

  /** Puts in place what stays the same while one scene is on show. */
  #fill() {
    const classes = this.scene?.classes ?? [];
    this.ui.classes.replaceChildren(...classes.map(classRow));
    const buttons = classes.map((name) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.onclick = () => this.guess(name);
      return button;
    });
    this.ui.guesses.replaceChildren(...buttons);
    const patches = this.scene?.patches[0] ?? [];
    const canvases = patches.map((patch) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: patch.length, height: patch.length });
      canvas.setAttribute("role", "img");
      return canvas;
    });
    this.ui.patches.dataset.scales = patches.length;
    this.ui.patches.replaceChildren(...canvases);
  }

  get steps() {
    return this.scene?.values.length ?? 0;
  }

  /** How many glimpses have arrived: what is on its way is not announced yet. */
  get arrived() {
    return this.timeline.move ? Math.min(this.revealed, this.timeline.step + 1) : this.revealed;
  }

  get ended() {
    return this.steps > 0 && this.arrived === this.steps;
  }

  /** Shows the next glimpse. */
  reveal() {
    if (this.revealed >= this.steps) return;
    this.revealed += 1;
    this.cursor = null;
    this.#go();
  }

  goBack() {
    if (this.revealed === 0) return;
    this.revealed -= 1;
    this.cursor = null;
    this.#go();
  }

  #go() {
    this.timeline.still = this.stillness.matches;
    this.timeline.jump(Math.max(this.revealed - 1, 0));
    cancelAnimationFrame(this.#frame);
    this.#before = undefined;
    if (this.timeline.move) this.#frame = requestAnimationFrame(this.#tick);
    this.refresh();
  }

  /** @param {number} now */
  #tick = (now) => {
    this.timeline.advance(Math.min(now - (this.#before ?? now), 100));
    this.#before = now;
    if (this.timeline.move) {
      this.#frame = requestAnimationFrame(this.#tick);
      this.draw();
    } else this.refresh();
  };

  /** @param {string} says */
  guess(says) {
    if (!this.scene || this.ended) return;
    this.guesses = [...this.guesses.filter(({ after }) => after <= this.revealed), { after: this.revealed, says }];
    this.refresh();
  }

  /**
   * Marks where the next glimpse will be; a mark that is there already is taken away.
   *
   * @param {[number, number]} place In [-1, 1].
   */
  mark(place) {
    if (!this.scene || this.revealed >= this.steps) return;
    const marks = this.marks[this.revealed] ?? [];
    const others = marks.filter((mark) => pixelsBetween(mark, place, this.shape) > SAME_MARK_PX);
    this.marks[this.revealed] = others.length < marks.length ? others : [...marks, place];
    this.refresh();
  }

  /** @type {[number, number]} */
  get shape() {
    const image = this.scene?.image ?? [[]];
    return [image.length, image[0].length];
  }

  /** @param {[number, number]} direction */
  moveCursor([x, y]) {
    if (!this.scene || this.revealed >= this.steps) return;
    const [left, top] = this.cursor ?? [0, 0];
    this.cursor = [clamp(left + x * KEY_STEP, -1, 1), clamp(top + y * KEY_STEP, -1, 1)];
    this.refresh();
  }

  refresh() {
    const { ui, scene, steps, arrived } = this;
    const at = arrived - 1;
    this.place.style.setProperty("--step", scene && at >= 0 ? scene.colors[at] : "");
    ui.count.textContent = arrived ? `Glimpse ${arrived} of ${steps}` : `${steps} glimpses`;
    ui.ask.textContent = this.#question();
    ui.reveal.textContent = this.revealed >= steps && steps ? "All revealed" : "Reveal";
    ui.reveal.disabled = this.revealed >= steps;
    ui.back.disabled = this.revealed === 0;
    this.#showPatches(at);
    this.#showBelief(at);
    this.#showGuesses();
    this.#showOutcome();
    this.draw();
  }

  #question() {
    if (!this.scene) return "Press Next digit, and guess where it will look";
    if (this.revealed >= this.steps || this.marks[this.revealed]?.length) return "";
    return this.revealed ? "Where next?" : "Where will it look first? Click your guess, then Reveal";
  }

  /** @param {number} at */
  #showPatches(at) {
    this.ui.patches.classList.toggle("none", at < 0);
    [...this.ui.patches.children].forEach((canvas, scale) => {
      const patch = this.scene?.patches[Math.max(at, 0)][scale] ?? [[0]];
      showPatch(canvas, at < 0 ? patch.map((row) => row.map(() => 0)) : patch);
      canvas.setAttribute("aria-label", at < 0 ? "No glimpse yet" : `What glimpse ${at + 1} saw at scale ${scale + 1}`);
    });
  }

  /** @param {number} at */
  #showBelief(at) {
    const shares = this.scene && at >= 0 ? this.scene.probabilities[at] : [];
    const best = shares.indexOf(Math.max(...shares));
    [...this.ui.classes.children].forEach((row, index) => {
      const [, bar, share] = row.children;
      row.classList.toggle("best", index === best);
      bar.firstChild.style.transform = `scaleX(${shares[index] ?? 0})`;
      share.textContent = at < 0 ? "–" : `${Math.round(100 * shares[index])} %`;
    });
  }

  #showGuesses() {
    const { ui, scene, arrived } = this;
    const said = saidAfterEach(this.guesses, this.steps)[this.revealed];
    for (const button of ui.guesses.children) {
      button.setAttribute("aria-pressed", String(button.textContent === said));
      button.disabled = this.ended;
    }
    if (!scene) return;
    const image = { shape: this.shape, patch: scene.patches[0][0].length };
    const { last, mean, near, count } = guessedPlaces(this.marks, scene.locations, arrived, image);
    ui["guess-distance"].textContent = count ? `${mean.toFixed(1)} px` : "";
    const now = last.length && count > last.length ? `, this time ${last.map((px) => px.toFixed(1)).join(", ")}` : "";
    const from = count > 1 ? "from guess to gaze on average" : "from guess to gaze";
    ui.near.textContent = count ? `${from}${now}; ${near} of ${count} within half a patch` : "";
  }

  #showOutcome() {
    const { ui, scene } = this;
    const text = scene && this.ended ? scene.answer.replace(" %", "\u00a0%") : "";
    if (ui.answer.textContent !== text) ui.answer.textContent = text;
    if (!scene || !this.ended) ui.verdict.textContent = "";
    else {
      const says = scene.probabilities.map((shares) => scene.classes[shares.indexOf(Math.max(...shares))]);
      const said = saidAfterEach(this.guesses, this.steps);
      ui.verdict.textContent = verdict({ label: this.label, says, said }).join(" ");
    }
  }

  draw() {
    const { ui, stage, light } = this;
    fit(ui.field);
    const painted = this.revealed > 0;
    if (stage && painted) {
      stage.draw(this.timeline.time, { still: this.timeline.still, onlySeen: !this.ended });
    } else {
      const context = cleared(ui.field, cssColor(light.dark));
      if (stage) drawBorder(context, stage.frame, light);
    }
    const name = this.arrived ? `after glimpse ${this.arrived} of ${this.steps}` : "nothing is revealed yet";
    ui.field.setAttribute("aria-label", `The stage: ${name}`);
    if (stage && ui.field.width) this.#drawMarks(stage);
  }

  /** @param {Stage} stage */
  #drawMarks(stage) {
    const context = /** @type {CanvasRenderingContext2D} */ (this.ui.field.getContext("2d"));
    const frame = stage.frame;
    const ratio = window.devicePixelRatio || 1;
    const radius = 13 * ratio;
    context.lineWidth = 3 * ratio;
    context.strokeStyle = "#ffffff";
    for (const mark of this.marks[this.revealed] ?? []) cross(context, placeOf(mark, frame), radius);
    if (this.cursor) {
      context.setLineDash([5 * ratio, 4 * ratio]);
      cross(context, placeOf(this.cursor, frame), radius * 1.3);
      context.setLineDash([]);
    }
    if (!this.scene || this.timeline.move || this.revealed === 0) return;
    const gaze = placeOf(this.scene.locations[this.revealed - 1], frame);
    for (const mark of this.marks[this.revealed - 1] ?? []) {
      const place = placeOf(mark, frame);
      context.globalAlpha = 0.75;
      context.setLineDash([6 * ratio, 5 * ratio]);
      context.beginPath();
      context.moveTo(...place);
      context.lineTo(...gaze);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
      cross(context, place, radius);
    }
  }

  #listen() {
    const { ui, ways } = this;
    ui.leave.onclick = () => ways.leave();
    ui.cover.onclick = () => ways.cover();
    ui.back.onclick = () => this.goBack();
    ui.reveal.onclick = () => this.reveal();
    ui.next.onclick = () => this.next();
    ui.kind.onchange = () => {
      this.next();
      this.takeKeys();
    };
    ui.field.onclick = (/** @type {MouseEvent} */ event) => {
      if (!this.stage) return;
      const { x, y } = this.stage.locationOf(event);
      this.mark([x, y]);
    };
    // A button that was clicked would keep the space bar to itself.
    ui.bar.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.detail && event.target !== ui.kind) this.takeKeys();
    });
    const { signal } = this.listening;
    // Wherever the focus is: nothing takes it while its style sheet is still on its way.
    document.addEventListener("keydown", (event) => this.key(event), { signal, capture: true });
  }

  next() {
    this.ways.next(this.ui.kind.value);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    event.stopPropagation(); // what is beneath listens on the document, too
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [first] = event.composedPath(); // beyond the component's own tree, the target is the component
    const target = first instanceof Element ? first : null;
    const action = this.#actionOf(event);
    if (!action || target?.matches("select") || (target?.matches("button") && [" ", "Enter"].includes(event.key)))
      return;
    event.preventDefault();
    action();
  }

  /** @param {KeyboardEvent} event */
  #actionOf({ key, shiftKey }) {
    if (shiftKey && ARROWS[key]) return () => this.moveCursor(ARROWS[key]);
    if (this.scene?.classes.includes(key)) return () => this.guess(key);
    switch (key) {
      case " ":
      case "ArrowRight":
      case "PageDown":
        return () => this.reveal();
      case "ArrowLeft":
      case "PageUp":
        return () => this.goBack();
      case "Enter":
        return () => this.cursor && this.mark(this.cursor);
      case "n":
      case "N":
        return () => this.next();
      case "p":
      case "P":
        return () => this.ways.leave();
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} centre
 * @param {number} radius
 */
function cross(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.moveTo(x - radius * 1.5, y);
  context.lineTo(x + radius * 1.5, y);
  context.moveTo(x, y - radius * 1.5);
  context.lineTo(x, y + radius * 1.5);
  context.stroke();
}

/** @param {string} name */
function classRow(name) {
  const row = document.createElement("li");
  row.innerHTML = '<span class="bar-of"><i></i></span><span class="share">–</span>';
  row.prepend(Object.assign(document.createElement("span"), { className: "name", textContent: name, title: name }));
  return row;
}
