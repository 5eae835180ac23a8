// Where things lie on a canvas. All places are in pixels of the canvas, unless it says otherwise.

import { clamp } from "./motion.js";

/**
 * Where an image lies: the place of its top-left corner, and how large one of its pixels is.
 *
 * @typedef {{ pixel: number, left: number, top: number, rows: number, columns: number }} Frame
 */

/**
 * An image in the middle of a canvas, with a margin in pixels of the image for windows that look over its border.
 *
 * @param {{ width: number, height: number }} canvas
 * @param {number[][]} image
 * @param {number} margin
 * @returns {Frame}
 */
export function frameOf({ width, height }, image, margin) {
  const [rows, columns] = [image.length, image[0].length];
  const pixel = Math.min(width / (columns + 2 * margin), height / (rows + 2 * margin));
  return { pixel, left: (width - columns * pixel) / 2, top: (height - rows * pixel) / 2, rows, columns };
}

/**
 * The place of a location, which is (x, y) in [-1, 1].
 *
 * @param {ArrayLike<number>} location
 * @param {Frame} frame
 * @returns {[number, number]}
 */
export function placeOf(location, { pixel, left, top, rows, columns }) {
  return [left + ((location[0] + 1) / 2) * columns * pixel, top + ((location[1] + 1) / 2) * rows * pixel];
}

/**
 * The location at a place, on the image's border if the place is outside.
 *
 * @param {[number, number]} place
 * @param {Frame} frame
 */
export function locationAt([left, top], frame) {
  const x = ((left - frame.left) / (frame.columns * frame.pixel)) * 2 - 1;
  const y = ((top - frame.top) / (frame.rows * frame.pixel)) * 2 - 1;
  return { x: clamp(x, -1, 1), y: clamp(y, -1, 1) };
}

/**
 * The corner of the window that the sensor has at a location, in pixels of the image; see ram/model/sensor.py.
 *
 * @param {ArrayLike<number>} location
 * @param {number[][]} image
 * @param {number} side Of the window.
 */
export function cornerAt(location, image, side) {
  const sides = [image[0].length, image.length];
  return sides.map((length, axis) => {
    const place = ((location[axis] + 1) / 2) * length;
    // An odd window is centred on a pixel, the far border belongs to the last one; an even one on a corner of pixels.
    const centre = side % 2 ? Math.min(Math.floor(place), length - 1) : Math.floor(place + 0.5);
    return centre - Math.floor(side / 2);
  });
}

/**
 * Left, top, width and height of a part of the image: its corner and its side are in pixels of the image.
 *
 * @param {ArrayLike<number>} corner
 * @param {number} side
 * @param {Frame} frame
 * @returns {[number, number, number, number]}
 */
export function windowAt(corner, side, { pixel, left, top }) {
  return [left + corner[0] * pixel, top + corner[1] * pixel, side * pixel, side * pixel];
}

/**
 * Left, top, width and height of the whole image, and of `beyond` pixels of the image around it.
 *
 * @param {Frame} frame
 * @returns {[number, number, number, number]}
 */
export function extentOf({ pixel, left, top, rows, columns }, beyond = 0) {
  const reach = beyond * pixel;
  return [left - reach, top - reach, columns * pixel + 2 * reach, rows * pixel + 2 * reach];
}

/**
 * Columns of patches beside their digit, with room for the value below them.
 *
 * @param {number} glimpses
 */
export function columnsBeside(glimpses) {
  let columns = 1;
  while (Math.ceil(glimpses / columns) > 1.5 * columns) columns++;
  return columns;
}

/**
 * Columns of patches below their digit: at most ten.
 *
 * @param {number} glimpses
 */
export const columnsBelow = (glimpses) => (glimpses <= 8 ? glimpses : Math.ceil(glimpses / Math.ceil(glimpses / 10)));
