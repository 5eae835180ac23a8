// What the stage shows of looks that were not: the model's own way, its policy, and what other places would have led to.

import { extentOf, placeOf } from "./layout.js";
import { mix } from "./motion.js";
import { colorAt, goodness } from "./places.js";
import { stroke } from "./strokes.js";

/** @typedef {import("./layout.js").Frame} Frame */
/** @typedef {import("./viewer.js").Scene} Scene */

const PALE = "rgba(226,232,255,0.62)";
const HALO = "rgba(0,0,0,0.5)";
const GHOST = "rgba(226,232,255,0.3)";
const INK = 128; // grey level from which on a pixel belongs to the digit's outline on a map
const ELLIPSES = /** @type {const} */ ([
  [2, 0.1],
  [1, 0.22],
]); // standard deviations, and the opacity of what lies within them

/**
 * The trail of the model's own accord, from where the two part.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {number} step
 * @param {number} moving How far the gaze is on its way to the next, 0 to 1.
 * @param {number} radius Of the discs on the other trail.
 */
export function drawOwnWay(context, frame, { own, forced }, step, moving, radius) {
  if (!own) return;
  const parting = Math.max(Math.min(...forced) - 1, 0);
  if (step < parting) return;
  const points = own.locations.slice(parting, step + 1).map((location) => placeOf(location, frame));
  const reached = points.length;
  if (moving > 0) points.push(mix(points[reached - 1], placeOf(own.locations[step + 1], frame), moving));
  stroke(context, points, HALO, radius * 0.32);
  stroke(context, points, PALE, radius * 0.14);
  for (const point of points.slice(forced[0] > 0 ? 1 : 0, reached)) {
    circle(context, point, radius * 0.42);
    Object.assign(context, { fillStyle: "#12141c", strokeStyle: PALE, lineWidth: radius * 0.16 });
    context.fill();
    context.stroke();
  }
}

/**
 * A white ring: this glimpse was moved.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {ArrayLike<number>} centre
 * @param {number} radius
 */
export function drawRing(context, centre, radius) {
  circle(context, centre, radius * 1.16);
  Object.assign(context, { strokeStyle: "#ffffff", lineWidth: radius * 0.26 });
  context.stroke();
}

/**
 * A small ≠ beside a disc: from here on another class is the most probable.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {ArrayLike<number>} centre Of the disc.
 * @param {number} radius
 * @param {string} field
 */
export function drawBadge(context, centre, radius, field) {
  const [x, y] = [centre[0] + radius * 1.25, centre[1] - radius * 1.25];
  circle(context, [x, y], radius * 0.82);
  Object.assign(context, { fillStyle: "#ffffff", strokeStyle: field, lineWidth: radius * 0.18 });
  context.fill();
  context.stroke();
  Object.assign(context, { fillStyle: field, textAlign: "center", textBaseline: "middle" });
  context.font = `800 ${Math.round(radius * 1.3)}px system-ui, sans-serif`;
  context.fillText("≠", x, y + radius * 0.06);
}

/**
 * The location policy: a Gaussian around its mean, as one and two standard deviations.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {Scene} scene
 * @param {number} step No policy chose the first.
 */
export function drawPolicy(context, frame, { means, policy_std: std, colors }, step) {
  if (step === 0) return;
  const { pixel, rows, columns } = frame;
  const [x, y] = placeOf(means[step], frame);
  context.save();
  context.beginPath();
  context.rect(...extentOf(frame));
  context.clip();
  for (const [deviations, opacity] of ELLIPSES) {
    context.beginPath();
    const [width, height] = [columns, rows].map((side) => (deviations * std * side * pixel) / 2);
    context.ellipse(x, y, width, height, 0, 0, 7);
    Object.assign(context, { globalAlpha: opacity, fillStyle: colors[step] });
    context.fill();
    Object.assign(context, { globalAlpha: 0.85, strokeStyle: colors[step], lineWidth: Math.max(1.5, pixel / 9) });
    context.setLineDash(deviations > 1 ? [pixel / 2, pixel / 2] : []);
    context.stroke();
  }
  context.restore();
  const arm = Math.max(5, pixel * 0.5);
  for (const [dx, dy] of [
    [arm, 0],
    [0, arm],
  ]) {
    const points = [
      [x - dx, y - dy],
      [x + dx, y + dy],
    ];
    stroke(context, points, HALO, 5);
    stroke(context, points, "#ffffff", 2);
  }
}

/**
 * Several looks of the sampled gaze up to a step.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {number[][][]} looks Locations by look and step.
 * @param {number} step
 * @param {string} color Of the step.
 */
export function drawGhosts(context, frame, looks, step, color) {
  const width = Math.max(1, frame.pixel / 9);
  for (const locations of looks) {
    const points = locations.slice(0, step + 1).map((location) => placeOf(location, frame));
    stroke(context, points, GHOST, width);
    circle(context, points[step], Math.max(4, frame.pixel * 0.34));
    Object.assign(context, { fillStyle: color, strokeStyle: HALO, lineWidth: width, globalAlpha: 0.75 });
    context.fill();
    context.stroke();
    context.globalAlpha = 1;
  }
}

/**
 * Every place in the colour of what it would have led to, the digit's outline, and the model's own choice.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {number[][]} image
 * @param {import("./places.js").Elsewhere} map
 * @param {import("./places.js").By} by
 * @param {number} radius Of the discs on the trail.
 */
export function drawMap(context, frame, image, map, by, radius) {
  map.places.forEach(([x, y], index) => {
    const half = map.sides[index] / 2;
    const [left, top] = placeOf([x - half, y - half], frame).map(Math.round);
    const [right, bottom] = placeOf([x + half, y + half], frame).map(Math.round);
    context.fillStyle = colorAt(map.colors, goodness(map, index, by));
    context.fillRect(left, top, right - left, bottom - top);
  });
  // Dark and light at once, so that it stands out from every colour and hides none.
  const ratio = window.devicePixelRatio || 1;
  strokeOutline(context, frame, image, "#0a0c12", 3.5 * ratio);
  strokeOutline(context, frame, image, "#ffffff", 1.5 * ratio);
  drawChoice(context, placeOf(map.choice, frame), radius * 1.75);
}

/** Along the edges of the pixels between ink and paper. */
function strokeOutline(context, { pixel, left, top }, image, color, width) {
  const isInk = (/** @type {number} */ row, /** @type {number} */ column) => (image[row]?.[column] ?? 0) >= INK;
  context.beginPath();
  for (let row = 0; row <= image.length; row++) {
    for (let column = 0; column <= image[0].length; column++) {
      const [x, y] = [left + column * pixel, top + row * pixel];
      if (isInk(row, column) !== isInk(row - 1, column)) {
        context.moveTo(x, y);
        context.lineTo(x + pixel, y);
      }
      if (isInk(row, column) !== isInk(row, column - 1)) {
        context.moveTo(x, y);
        context.lineTo(x, y + pixel);
      }
    }
  }
  Object.assign(context, { strokeStyle: color, lineWidth: width, lineCap: "round" });
  context.stroke();
}

/** A diamond: where the model itself looks. */
function drawChoice(context, [x, y], size) {
  context.beginPath();
  context.moveTo(x, y - size);
  for (const [dx, dy] of [
    [1, 0],
    [0, 1],
    [-1, 0],
  ])
    context.lineTo(x + dx * size, y + dy * size);
  context.closePath();
  Object.assign(context, { strokeStyle: "#0a0c12", lineWidth: size * 0.42, lineJoin: "round" });
  context.stroke();
  Object.assign(context, { strokeStyle: "#ffffff", lineWidth: size * 0.2 });
  context.stroke();
}

function circle(context, centre, radius) {
  context.beginPath();
  context.arc(centre[0], centre[1], radius, 0, 7);
}
