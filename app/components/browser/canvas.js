// Painting with the browser's canvas.

import { extentOf } from "./layout.js";

const SHADOW = "rgba(0,0,0,0.55)";
const RIM = "rgba(0,0,0,0.65)";

/** Two coordinates. @typedef {ArrayLike<number>} Place */

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser has no canvas to paint on");
  return context;
}

/**
 * @param {number[][]} rows
 * @param {(value: number, x: number, y: number) => number[]} color Red, green, blue and opacity, up to 255.
 */
export function pixels(rows, color) {
  const data = new Uint8ClampedArray(rows.flatMap((row, y) => row.flatMap((value, x) => color(value, x, y))));
  return new ImageData(data, rows[0].length, rows.length);
}

/**
 * The same as a picture, to be drawn at any size.
 *
 * @param {number[][]} rows
 * @param {(value: number, x: number, y: number) => number[]} color
 */
export function paint(rows, color) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: rows[0].length, height: rows.length });
  contextOf(canvas).putImageData(pixels(rows, color), 0, 0);
  return canvas;
}

/**
 * Puts the grey levels of a patch on a canvas of its size.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} patch
 */
export function showPatch(canvas, patch) {
  contextOf(canvas).putImageData(
    pixels(patch, (grey) => [grey, grey, grey, 255]),
    0,
    0,
  );
}

/**
 * Gives a canvas as many pixels as the screen has in its place.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function fit(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

/**
 * Covers a canvas with one colour, for what is painted next: pixels of images stay sharp, the ends of lines are round.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} color
 */
export function cleared(canvas, color) {
  const context = contextOf(canvas);
  context.fillStyle = color;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return Object.assign(context, { imageSmoothingEnabled: false, lineCap: "round" });
}

/**
 * Lets a picture of the whole image shine through wherever it is brighter.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {CanvasImageSource} picture
 * @param {import("./layout.js").Frame} frame
 */
export function lighten(context, picture, frame) {
  context.globalCompositeOperation = "lighten";
  context.drawImage(picture, ...extentOf(frame));
  context.globalCompositeOperation = "source-over";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./layout.js").Frame} frame
 * @param {import("./light.js").Light} light
 */
export function drawBorder(context, frame, { ink, border }) {
  Object.assign(context, { strokeStyle: `rgba(${ink},${border})`, lineWidth: Math.max(1, frame.pixel / 14) });
  context.strokeRect(...extentOf(frame));
}

/**
 * The way of the gaze, with a numbered disc at each of the first `reached` points.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Place[]} points
 * @param {string[]} colors
 * @param {{ radius: number, reached: number, field: string }} style
 */
export function drawPath(context, points, colors, { radius, reached, field }) {
  for (let index = 1; index < points.length; index++) {
    line(context, points[index - 1], points[index], SHADOW, radius * 0.5);
    line(context, points[index - 1], points[index], colors[index], radius * 0.28);
  }
  for (let index = 0; index < reached; index++) drawStop(context, points[index], index, colors[index], radius, field);
}

/**
 * A numbered disc.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Place} centre
 * @param {number} index From 0; the number is one more.
 * @param {string} color
 * @param {number} radius
 * @param {string} field Of the number.
 */
export function drawStop(context, centre, index, color, radius, field) {
  disc(context, centre, radius, color);
  number(context, centre, radius, index + 1, field);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Place} from
 * @param {Place} to
 * @param {string} color
 * @param {number} width
 */
function line(context, from, to, color, width) {
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  Object.assign(context, { strokeStyle: color, lineWidth: width });
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Place} centre
 * @param {number} radius
 * @param {string} color
 */
function disc(context, centre, radius, color) {
  context.beginPath();
  context.arc(centre[0], centre[1], radius, 0, 7);
  context.fillStyle = color;
  context.fill();
  Object.assign(context, { strokeStyle: RIM, lineWidth: radius / 6 });
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Place} centre
 * @param {number} radius Of the disc it stands on.
 * @param {number} value
 * @param {string} color
 */
function number(context, centre, radius, value, color) {
  Object.assign(context, { fillStyle: color, textAlign: "center", textBaseline: "alphabetic" });
  context.font = `700 ${Math.round(radius * (value < 10 ? 1.35 : 1.1))}px system-ui, sans-serif`;
  // Centred by the digit's own height: the font's middle sits too high.
  const { actualBoundingBoxAscent: height } = context.measureText(String(value));
  context.fillText(String(value), centre[0], centre[1] + height / 2);
}
