// The viewer's stage: the digit, what has been seen of it, the way of the gaze, and its windows.

import { cleared, drawBorder, drawPath, lighten, paint } from "./canvas.js";
import { extentOf, frameOf, locationAt, placeOf, windowAt } from "./layout.js";
import { cssColor, dim, lit } from "./light.js";
import { clamp, ease, mix } from "./motion.js";
import { seenAfterEachStep } from "./seen.js";

/** @typedef {import("./viewer.js").Scene} Scene */
/** @typedef {import("./layout.js").Frame} Frame */

const FIXATION = 0.5; // share of a step in which the gaze rests
const LIGHTING_UP = 0.2; // share of the move, at its end, in which what is seen there lights up
const SHARP = [1, 0.75, 0.6, 0.5]; // opacity of the windows' frames, by scale
const NOTHING = [0, 0, 0, 0];

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
    this.digit = paint(scene.image, (grey) => dim(light, grey));
    this.layers = seenAfterEachStep(scene, this.reach, ({ grey, scales }) =>
      paint(grey, (level, x, y) => (level < 0 ? NOTHING : lit(light, level, scales[y][x]))),
    );
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
   * @param {number} time In steps.
   * @param {{ still: boolean, onlySeen: boolean }} how
   */
  draw(time, { still, onlySeen }) {
    const context = cleared(this.canvas, this.field);
    if (!this.canvas.width) return;
    const step = Math.floor(time);
    const moving = still ? 0 : ease((time - step - FIXATION) / (1 - FIXATION));
    const frame = this.frame;
    this.drawSeen(context, frame, step, moving);
    if (!onlySeen) lighten(context, this.digit, frame);
    drawBorder(context, frame, this.light);
    this.drawTrail(context, frame, step, moving);
    this.drawWindows(context, frame, step, moving);
  }

  drawSeen(context, frame, step, moving) {
    const place = extentOf(frame, this.reach);
    context.drawImage(this.layers[step], ...place);
    const arriving = clamp((moving - (1 - LIGHTING_UP)) / LIGHTING_UP, 0, 1);
    if (arriving === 0) return;
    context.globalAlpha = arriving;
    context.drawImage(this.layers[step + 1], ...place);
    context.globalAlpha = 1;
  }

  drawTrail(context, frame, step, moving) {
    const { locations, colors } = this.scene;
    const ratio = window.devicePixelRatio || 1;
    const radius = Math.max(frame.pixel * 0.85, clamp(this.canvas.width / 44, 8.5 * ratio, 10.5 * ratio));
    const points = locations.slice(0, step + 1).map((location) => placeOf(location, frame));
    if (moving > 0) points.push(mix(points[step], placeOf(locations[step + 1], frame), moving));
    drawPath(context, points, colors, { radius, reached: step + 1, field: this.field });
  }

  drawWindows(context, frame, step, moving) {
    const { corners, windows, colors, std } = this.scene;
    if (std > 0 && step > 0 && moving === 0) this.drawPolicy(context, frame, step);
    windows.forEach((size, scale) => {
      const from = corners[step][scale];
      const corner = moving > 0 ? mix(from, corners[step + 1][scale], moving) : from;
      const thinnest = (scale ? 2 : 2.5) * (window.devicePixelRatio || 1);
      context.strokeStyle = colors[moving > 0.5 ? step + 1 : step];
      context.globalAlpha = SHARP[Math.min(scale, SHARP.length - 1)];
      context.lineWidth = Math.max(frame.pixel / (scale ? 8 : 4.5), thinnest);
      context.strokeRect(...windowAt(corner, size, frame));
    });
    context.globalAlpha = 1;
  }

  // What the sampled location was sampled from: the policy's mean and one standard deviation around it.
  drawPolicy(context, frame, step) {
    const { means, std, colors } = this.scene;
    const { pixel, rows, columns } = frame;
    const [x, y] = placeOf(means[step], frame);
    context.beginPath();
    context.ellipse(x, y, (std * columns * pixel) / 2, (std * rows * pixel) / 2, 0, 0, 7);
    context.setLineDash([pixel / 2, pixel / 2]);
    context.strokeStyle = colors[step];
    context.lineWidth = Math.max(1, pixel / 9);
    context.stroke();
    context.setLineDash([]);
  }
}
