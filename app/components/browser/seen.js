// What the sensor saw, as grids of grey levels from 0 to 255. Scale n averages cells of 2**n pixels a side.

/** A picture's grey levels, -1 where nobody has looked, and the scale of each. @typedef {{ grey: number[][], scales: number[][] }} Seen */

/**
 * @template Cell
 * @param {number} rows
 * @param {number} columns
 * @param {Cell} cell
 */
const filled = (rows, columns, cell) => Array.from({ length: rows }, () => new Array(columns).fill(cell));

/**
 * @param {string} base64 A byte for each pixel.
 * @param {[number, number]} shape Rows and columns.
 */
export function decode(base64, [rows, columns]) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return Array.from({ length: rows }, (_, row) => [...bytes.subarray(row * columns, (row + 1) * columns)]);
}

/**
 * A patch of `size` cells a side as the sensor sees it; beyond the border the image is zero.
 *
 * @param {number[][]} image
 * @param {number[]} corner
 * @param {number} size
 * @param {number} scale
 */
export function crop(image, [left, top], size, scale) {
  const cell = 2 ** scale;
  const offsets = Array.from({ length: cell }, (_, index) => index);
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      let sum = 0;
      for (const dy of offsets) {
        for (const dx of offsets) sum += image[top + row * cell + dy]?.[left + column * cell + dx] ?? 0;
      }
      return sum / cell ** 2;
    }),
  );
}

/**
 * An image with `reach` pixels of nothing around it.
 *
 * @param {number[][]} image
 * @param {number} reach
 */
export function padded(image, reach) {
  const side = new Array(reach).fill(0);
  const blank = filled(reach, image[0].length + 2 * reach, 0);
  return [...blank, ...image.map((row) => [...side, ...row, ...side]), ...blank];
}

/**
 * Lays a patch over what was seen before, except where a finer scale was.
 *
 * @param {Seen} seen
 * @param {number[][]} patch
 * @param {number[]} corner
 * @param {number} scale
 */
function overlay({ grey, scales }, patch, [left, top], scale) {
  const side = patch.length * 2 ** scale;
  for (let y = Math.max(top, 0); y < Math.min(top + side, grey.length); y++) {
    for (let x = Math.max(left, 0); x < Math.min(left + side, grey[0].length); x++) {
      if (scales[y][x] < scale) continue;
      scales[y][x] = scale;
      grey[y][x] = patch[(y - top) >> scale][(x - left) >> scale];
    }
  }
}

/**
 * All that has been seen up to each step, block by block as the sensor averaged it.
 *
 * @template Layer
 * @param {{ image: number[][], patches: number[][][][], corners: number[][][] }} scene
 * @param {number} reach How many pixels beyond the image are shown as well.
 * @param {(seen: Seen) => Layer} keep Takes what it needs: what it gets is written over at the next step.
 * @returns {Layer[]}
 */
export function seenAfterEachStep({ image, patches, corners }, reach, keep) {
  const [rows, columns] = [image.length + 2 * reach, image[0].length + 2 * reach];
  const seen = { grey: filled(rows, columns, -1), scales: filled(rows, columns, Number.POSITIVE_INFINITY) };
  return patches.map((glimpse, step) => {
    glimpse.forEach((patch, scale) => {
      overlay(
        seen,
        patch,
        corners[step][scale].map((corner) => corner + reach),
        scale,
      );
    });
    return keep(seen);
  });
}

/**
 * What the coarser scales of several glimpses saw, within the image; the finest scale is left out.
 *
 * @param {number[][]} image
 * @param {number[][][]} glimpses Corners by glimpse and scale.
 * @param {number} size
 * @returns {Seen}
 */
export function seenCoarsely(image, glimpses, size) {
  const [rows, columns] = [image.length, image[0].length];
  const seen = { grey: filled(rows, columns, -1), scales: filled(rows, columns, Number.POSITIVE_INFINITY) };
  for (let scale = glimpses[0].length - 1; scale > 0; scale--) {
    for (const corners of glimpses) overlay(seen, crop(image, corners[scale], size, scale), corners[scale], scale);
  }
  return seen;
}
