// The viewer's stage: the digit, what has been seen of it, the way of the gaze, and its windows.

import { cleared, drawBorder, drawPath, drawStop, lighten, paint } from "./canvas.js";
import { cornerAt, extentOf, frameOf, locationAt, placeOf, windowAt } from "./layout.js";
import { cssColor, dim, lit } from "./light.js";
import { clamp, ease, mix } from "./motion.js";
import { drawBadge, drawGhosts, drawMap, drawOwnWay, drawPolicy, drawRing } from "./overlays.js";
import { crop, padded, seenAfterEachStep } from "./seen.js";

/** @typedef {import("./viewer.js").Scene} Scene */
/** @typedef {import("./layout.js").Frame} Frame */

const FIXATION = 0.5; // share of a step in which the gaze rests
const LIGHTING_UP = 0.2; // share of the move, at its end, in which what is seen there lights up
const SHARP = [1, 0.75, 0.6, 0.5]; // opacity of the windows' frames, by scale
const NOTHING = [0, 0, 0, 0];
const UNDER_A_MAP = 0.45; // opacity of a trail that a map lies under
const GRIP = { mouse: 1.4, touch: 2.4 }; // how near to a disc one can take hold of it, in its radii

/** What is asked about a look, and shown with it.
 *
 * @typedef {object} Questions
 * @property {import("./places.js").Elsewhere | null} map Of the glimpse on screen.
 * @property {import("./places.js").By} by
 * @property {boolean} policy
 * @property {{ locations: number[][][] } | null} looks
 */

/** One scene on the viewer's canvas. */
export class Stage {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Scene} scene
   * @param {import("./light.js").Light} light
   */
  constructor(canvas, scene, light) {
    this.canvas = canvas;
    this.scene = scene;
    this.light = light;
    this.field = cssColor(light.dark);
    this.reach = Math.ceil(scene.windows[0] / 2); // pixels beyond the image that the finest window can see
    /** A glimpse that is held somewhere else. @type {{ step: number, location: number[] } | null} */
    this.held = null;
    /** The image as if all of it had been seen, once it is needed. @type {HTMLCanvasElement | null} */
    this.wholeLit = null;
    this.digit = paint(scene.image, (grey) => dim(light, grey));
    this.layers = seenAfterEachStep(scene, this.reach, ({ grey, scales }) =>
      paint(grey, (level, x, y) => (level < 0 ? NOTHING : lit(light, level, scales[y][x]))),
    );
  }

  /** What is shown of a look about which nothing was asked: what a sampled location was sampled from. @type {Questions} */
  get questions() {
    return { map: null, by: "probability", policy: this.scene.std > 0, looks: null };
  }

  get frame() {
    return frameOf(this.canvas, this.scene.image, this.reach + 0.5);
  }

  /**
   * The location under the mouse.
   *
   * @param {MouseEvent} event
   */
  locationOf({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    return locationAt([(clientX - box.left) * ratio, (clientY - box.top) * ratio], this.frame);
  }

  /**
   * Which glimpse a pointer would take hold of: the one whose window it is in, or on whose disc it is.
   *
   * @param {MouseEvent} event
   * @param {number} step Which is on screen; no later one is.
   * @param {boolean} touch Fingers are less exact.
   */
  grabbed(event, step, touch) {
    const frame = this.frame;
    const { x, y } = this.locationOf(event);
    const at = placeOf([x, y], frame);
    const near = this.radius(frame) * GRIP[touch ? "touch" : "mouse"];
    const distances = this.scene.locations.slice(0, step + 1).map((location) => {
      const [left, top] = placeOf(location, frame);
      return Math.hypot(left - at[0], top - at[1]);
    });
    const [left, top, side] = windowAt(this.scene.corners[step][0], this.scene.windows[0], frame);
    const inside = at[0] >= left && at[0] <= left + side && at[1] >= top && at[1] <= top + side;
    const nearest = distances.lastIndexOf(Math.min(...distances));
    if (distances[nearest] <= near && !(inside && distances[step] <= near)) return nearest;
    return inside ? step : null;
  }

  /** @param {number} step Where a glimpse is shown, which may be held elsewhere. */
  location(step) {
    return this.held?.step === step ? this.held.location : this.scene.locations[step];
  }

  /**
   * @param {number} step
   * @param {number} scale
   */
  corner(step, scale) {
    const { image, windows, corners } = this.scene;
    return this.held?.step === step ? cornerAt(this.held.location, image, windows[scale]) : corners[step][scale];
  }

  /** What the glimpse that is held would see, by scale. */
  patches() {
    const { image, windows, patches } = this.scene;
    return windows.map((_, scale) =>
      crop(image, this.corner(this.held?.step ?? 0, scale), patches[0][scale].length, scale),
    );
  }

  /** @param {Frame} frame */
  radius(frame) {
    const ratio = window.devicePixelRatio || 1;
    return Math.max(frame.pixel * 0.85, clamp(this.canvas.width / 44, 8.5 * ratio, 10.5 * ratio));
  }

  /**
   * @param {number} time In steps.
   * @param {{ still: boolean, onlySeen: boolean }} how
   * @param {Questions} questions
   */
  draw(time, { still, onlySeen }, { map, by, policy, looks } = this.questions) {
    const context = cleared(this.canvas, this.field);
    if (!this.canvas.width) return;
    const step = Math.floor(time);
    const moving = still || this.held ? 0 : ease((time - step - FIXATION) / (1 - FIXATION));
    const frame = this.frame;
    const { scene } = this;
    if (map) drawMap(context, frame, scene.image, map, by, this.radius(frame));
    else {
      this.drawSeen(context, frame, step, moving);
      if (!onlySeen) lighten(context, this.digit, frame);
    }
    drawBorder(context, frame, this.light);
    if (policy && moving === 0) drawPolicy(context, frame, scene, step);
    if (looks) drawGhosts(context, frame, looks.locations, step, scene.colors[step]);
    if (map) context.globalAlpha = UNDER_A_MAP;
    if (scene.own) drawOwnWay(context, frame, scene, step, moving, this.radius(frame));
    this.drawTrail(context, frame, step, moving);
    context.globalAlpha = 1;
    if (map) {
      const here = placeOf(this.location(step), frame);
      drawStop(context, here, step, scene.colors[step], this.radius(frame), this.field);
    }
    this.drawWindows(context, frame, step, moving);
  }

  drawSeen(context, frame, step, moving) {
    const place = extentOf(frame, this.reach);
    const held = this.held?.step === step;
    if (!held || step > 0) context.drawImage(this.layers[held ? step - 1 : step], ...place);
    if (held) return this.drawHeld(context, frame, step, place);
    const arriving = clamp((moving - (1 - LIGHTING_UP)) / LIGHTING_UP, 0, 1);
    if (arriving === 0) return;
    context.globalAlpha = arriving;
    context.drawImage(this.layers[step + 1], ...place);
    context.globalAlpha = 1;
  }

  // What the window that is held would see, at its finest scale.
  drawHeld(context, frame, step, place) {
    this.wholeLit ??= paint(padded(this.scene.image, this.reach), (grey) => lit(this.light, grey, 0));
    context.save();
    context.beginPath();
    context.rect(...windowAt(this.corner(step, 0), this.scene.windows[0], frame));
    context.clip();
    context.drawImage(this.wholeLit, ...place);
    context.restore();
  }

  drawTrail(context, frame, step, moving) {
    const { locations, colors, forced, flip } = this.scene;
    const radius = this.radius(frame);
    const points = locations.slice(0, step + 1).map((_, index) => placeOf(this.location(index), frame));
    if (moving > 0) points.push(mix(points[step], placeOf(locations[step + 1], frame), moving));
    drawPath(context, points, colors, { radius, reached: step + 1, field: this.field });
    for (const index of forced) if (index <= step) drawRing(context, points[index], radius);
    if (flip !== null && flip <= step) drawBadge(context, points[flip], radius, this.field);
  }

  drawWindows(context, frame, step, moving) {
    const { corners, windows, colors } = this.scene;
    windows.forEach((size, scale) => {
      const from = this.corner(step, scale);
      const corner = moving > 0 ? mix(from, corners[step + 1][scale], moving) : from;
      const thinnest = (scale ? 2 : 2.5) * (window.devicePixelRatio || 1);
      context.strokeStyle = colors[moving > 0.5 ? step + 1 : step];
      context.globalAlpha = SHARP[Math.min(scale, SHARP.length - 1)];
      context.lineWidth = Math.max(frame.pixel / (scale ? 8 : 4.5), thinnest);
      context.strokeRect(...windowAt(corner, size, frame));
    });
    context.globalAlpha = 1;
  }
}
