// REINFORCE under the microscope: the policy's Gaussian on the digit, its sampled looks, and what they push the mean to.

import { baselineInWords, earnedInWords, lookInWords, pushInWords, spreadInWords, stepsInWords } from "./arrows.js";
import { cleared, fit } from "./canvas.js";
import { placeOf } from "./layout.js";
import { cssColor } from "./light.js";
import { tableOf } from "./looks_table.js";
import { clamp, ease, mix } from "./motion.js";
import { comesWhenCalled, keptPerRoot, partsOf } from "./mount.js";
import { drawPolicy } from "./overlays.js";
import { Stage } from "./stage.js";
import { Stars } from "./stars.js";
import { drawArrowTo, fill, HALO, stroke } from "./strokes.js";
import { signed } from "./words.js";

/** @typedef {import("./arrows.js").Shown} Shown */

const GROW_MS = 600; // arrows grow, and a mean moves
const MAGNIFIED = 8; // the mean of the arrows is short
const NEAR_PX = 22; // how near to a dot a finger takes it
const [RIGHT, WRONG, PULL, PUSH] = ["#eaf8d0", "#ff9a7a", "#6ee0b4", "#ff9a7a"];
const PARTS = /** @type {const} */ ([
  ...[
    "microscope",
    "plate",
    "field",
    "empty",
    "hint",
    "trailed",
    "earned",
    "baseline",
    "push",
    "spread",
    "steps",
    "redraws",
    "one",
    "table",
  ],
  ...["arrow-x", "arrow-y", "exact-x", "exact-y"],
]);

export default keptPerRoot((root) => new Microscope(root));

class Microscope {
  /** @param {ParentNode} root */
  constructor(root) {
    this.ui = partsOf(root, PARTS);
    this.stars = new Stars(this.ui.redraws);
    this.come = comesWhenCalled(this.ui.microscope);
    /** @type {Shown | null} */
    this.shown = null;
    /** @type {number | null} */
    this.held = null; // the look that is pointed at
    this.from = [0, 0]; // where the mean was before
    this.begun = 0;
    this.motion = window.matchMedia("(prefers-reduced-motion: reduce)");
    const { field } = this.ui;
    field.onpointermove = (/** @type {PointerEvent} */ event) => this.hold(this.nearest(event));
    field.onpointerdown = field.onpointermove;
    field.onpointerleave = (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") this.hold(null);
    };
    field.onkeydown = (/** @type {KeyboardEvent} */ event) => this.press(event);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.ui.plate);
  }

  destroy() {
    cancelAnimationFrame(this.frame ?? 0);
    this.resizing.disconnect();
  }

  /** @param {import("./mount.js").Component<{ shown: Shown | null, prompt: string, call: number, hint: string, light: import("./light.js").Light }>} component */
  update({ data: { shown, prompt, call, hint, light } }) {
    this.ui.hint.textContent = hint;
    this.come(call);
    this.light = light;
    this.ui.microscope.classList.toggle("idle", !shown);
    this.ui.empty.textContent = shown ? "" : prompt;
    if (shown && shown.id === this.shown?.id) return;
    const before = this.shown;
    this.shown = shown;
    this.held = null;
    if (shown) this.load(shown, before, light);
    fit(this.ui.field);
    this.animate();
  }

  /**
   * @param {Shown} shown
   * @param {Shown | null} before
   * @param {import("./light.js").Light} light
   */
  load(shown, before, light) {
    this.stage = new Stage(this.ui.field, shown.scene, light);
    const same = before && before.move === shown.move && before.scene.image.length === shown.scene.image.length;
    this.from = same ? before.mean : shown.mean;
    this.write(shown);
    this.ui.table.lastElementChild.replaceChildren(tableOf(shown));
    this.stars.load(shown, light);
    this.tell();
  }

  animate() {
    this.begun = this.motion.matches ? -GROW_MS : performance.now();
    cancelAnimationFrame(this.frame ?? 0);
    const next = () => {
      const share = this.draw();
      if (share < 1) this.frame = requestAnimationFrame(next);
    };
    next();
  }

  // ---- which look ----

  /** @param {MouseEvent} event */
  nearest(event) {
    if (!this.shown || !this.stage) return null;
    const box = this.ui.field.getBoundingClientRect();
    const ratio = this.ui.field.width / box.width;
    const at = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    const { frame } = this.stage;
    const distances = this.shown.samples.map((sample) => {
      const place = placeOf(sample, frame);
      return Math.hypot(place[0] - at[0], place[1] - at[1]);
    });
    const least = Math.min(...distances);
    return least <= NEAR_PX * ratio ? distances.indexOf(least) : null;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const count = this.shown?.samples.length;
    if (!count) return;
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.hold(null);
    if (!way) return;
    event.preventDefault();
    const from = this.held ?? (way > 0 ? -1 : count);
    this.hold((from + way + count) % count);
  }

  /** @param {number | null} look */
  hold(look) {
    if (look === this.held) return;
    this.held = look;
    this.tell();
    this.draw();
  }

  tell() {
    const { shown, held, ui } = this;
    ui.one.textContent =
      shown && held !== null
        ? lookInWords(shown, held)
        : "Point at a look, or go from one to the next with the arrow keys.";
    for (const [index, row] of [...ui.table.querySelectorAll("tbody tr")].entries()) {
      row.classList.toggle("held", index === held);
    }
  }

  // ---- the picture ----

  resize() {
    fit(this.ui.field);
    this.draw();
    this.stars.draw();
  }

  /** Returns how much of the animation has passed, 0 to 1. */
  draw() {
    const { shown, stage, light } = this;
    const share = clamp((performance.now() - this.begun) / GROW_MS, 0, 1);
    if (!shown || !stage) {
      if (light) cleared(this.ui.field, cssColor(light.dark));
      return 1;
    }
    if (!this.ui.field.width) return share;
    const { move, scene, std, mean } = shown;
    stage.draw(move - 1, { still: true, onlySeen: false }, { ...stage.questions, policy: false });
    const context = this.ui.field.getContext("2d");
    const { frame } = stage;
    const grown = ease(share);
    const here = mix([...this.from], mean, grown);
    const means = scene.means.map((each, step) => (step === move ? here : each));
    drawPolicy(context, frame, { ...scene, means, policy_std: std }, move);
    this.drawTrail(context, frame);
    const { held } = this;
    shown.samples.forEach((_, look) => {
      context.globalAlpha = held === null || held === look ? 1 : 0.25;
      this.drawArrow(context, frame, look, here, grown);
    });
    shown.samples.forEach((_, look) => {
      context.globalAlpha = held === null || held === look ? 1 : 0.35;
      this.drawDot(context, frame, look);
    });
    context.globalAlpha = 1;
    if (held !== null) this.drawWay(context, frame, held);
    else this.drawPush(context, frame, here, grown);
    return share;
  }

  drawTrail(context, frame) {
    const { trail } = /** @type {Shown} */ (this.shown);
    if (trail.length < 2) return;
    const points = trail.map((mean) => placeOf(mean, frame));
    stroke(context, points, HALO, frame.pixel * 0.34);
    stroke(context, points, "#ffffff", frame.pixel * 0.15);
    for (const point of points.slice(0, -1)) fill(context, point, frame.pixel * 0.2, "#ffffff");
  }

  drawArrow(context, frame, look, mean, grown) {
    const { samples, advantages, mean: now } = /** @type {Shown} */ (this.shown);
    const advantage = advantages[look] * grown;
    const tip = mean.map((place, axis) => place + advantage * (samples[look][axis] - now[axis]));
    const [from, to] = [placeOf(mean, frame), placeOf(tip, frame)];
    const color = advantage < 0 ? PUSH : PULL;
    drawArrowTo(
      context,
      from,
      to,
      color,
      frame.pixel * 0.13,
      advantage < 0 ? [frame.pixel * 0.4, frame.pixel * 0.3] : [],
    );
  }

  drawDot(context, frame, look) {
    const { samples, ways, answers, label } = /** @type {Shown} */ (this.shown);
    const at = placeOf(samples[look], frame);
    // Where it was clamped into the image, a line leads to the place that was looked at.
    if (Math.max(...samples[look].map(Math.abs)) > 1)
      stroke(context, [at, placeOf(ways[look][0], frame)], "#ffffff", 1.5);
    const radius = Math.max(5 * (window.devicePixelRatio || 1), frame.pixel * 0.36);
    if (answers[look] === label) {
      fill(context, at, radius, RIGHT, HALO);
      return;
    }
    const [x, y] = at;
    const arm = radius * 0.8;
    for (const [color, width] of /** @type {const} */ ([
      [HALO, 0.85],
      [WRONG, 0.42],
    ])) {
      for (const rise of [arm, -arm]) {
        const ends = [
          [x - arm, y - rise],
          [x + arm, y + rise],
        ];
        stroke(context, ends, color, radius * width);
      }
    }
  }

  drawWay(context, frame, look) {
    const { ways, scene, move } = /** @type {Shown} */ (this.shown);
    const points = ways[look].map((place) => placeOf(place, frame));
    stroke(context, points, HALO, frame.pixel * 0.4);
    points.slice(1).forEach((point, index) => {
      stroke(context, [points[index], point], scene.colors[move + index + 1], frame.pixel * 0.2);
      fill(context, point, frame.pixel * 0.4, scene.colors[move + index + 1], HALO);
    });
  }

  drawPush(context, frame, mean, grown) {
    const { push } = /** @type {Shown} */ (this.shown);
    const tip = mean.map((place, axis) => place + MAGNIFIED * grown * push[axis]);
    drawArrowTo(context, placeOf(mean, frame), placeOf(tip, frame), "#ffffff", frame.pixel * 0.3, []);
  }

  // ---- the numbers ----

  /** @param {Shown} shown */
  write(shown) {
    const { ui } = this;
    ui.earned.textContent = earnedInWords(shown);
    ui.baseline.textContent = baselineInWords(shown);
    ui.push.textContent = pushInWords(shown);
    ["x", "y"].forEach((axis, index) => {
      ui[`arrow-${axis}`].textContent = signed(shown.arrows_mean[index]);
      ui[`exact-${axis}`].textContent = signed(shown.gradient[index]);
    });
    ui.spread.textContent = spreadInWords(shown);
    ui.trailed.hidden = shown.trail.length < 2;
    ui.steps.textContent = stepsInWords(shown);
  }
}
