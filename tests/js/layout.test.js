import assert from "node:assert/strict";
import { test } from "node:test";
import {
  columnsBelow,
  columnsBeside,
  cornerAt,
  extentOf,
  frameOf,
  locationAt,
  placeOf,
  windowAt,
} from "../../app/components/browser/layout.js";

const IMAGE = Array.from({ length: 28 }, () => new Array(28).fill(0));
const FRAME = frameOf({ width: 370, height: 740 }, IMAGE, 4.5); // 28 pixels and 4.5 on either side

test("an image lies in the middle, as large as its margin allows", () => {
  assert.deepEqual(FRAME, { pixel: 10, left: 45, top: 230, rows: 28, columns: 28 });
});

test("a location lies between the corners (-1, -1) and (1, 1)", () => {
  assert.deepEqual(placeOf([-1, -1], FRAME), [45, 230]);
  assert.deepEqual(placeOf([1, 1], FRAME), [325, 510]);
  assert.deepEqual(placeOf([0, 0.5], FRAME), [185, 440]);
});

test("the location at a place is the one that lies there", () => {
  assert.deepEqual(locationAt(placeOf([-0.5, 0.25], FRAME), FRAME), { x: -0.5, y: 0.25 });
});

test("beside the image the nearest location on its border counts", () => {
  assert.deepEqual(locationAt([0, 740], FRAME), { x: -1, y: 1 });
});

test("a window may reach beyond the image", () => {
  assert.deepEqual(windowAt([-2, 3], 8, FRAME), [25, 260, 80, 80]);
});

test("an extent covers the image and what lies around it", () => {
  assert.deepEqual(extentOf(FRAME), [45, 230, 280, 280]);
  assert.deepEqual(extentOf(FRAME, 4), [5, 190, 360, 360]);
});

test("patches beside their digit stand in at most one and a half times as many rows as columns", () => {
  assert.deepEqual([1, 2, 6, 7, 8, 20].map(columnsBeside), [1, 2, 2, 3, 3, 4]);
});

test("patches below their digit fill rows of equal length, at most ten each", () => {
  assert.deepEqual([1, 8, 9, 10, 11, 20, 21].map(columnsBelow), [1, 8, 9, 10, 6, 10, 7]);
});

test("a window lies where the sensor has it, an odd one on the pixel that contains the location", () => {
  // The centre of 28 pixels is at 14; 0.3 is at 18.2, -0.2 at 11.2.
  assert.deepEqual(cornerAt([0, 0], IMAGE, 8), [10, 10]);
  assert.deepEqual(cornerAt([0.3, -0.2], IMAGE, 8), [14, 7]);
  assert.deepEqual(cornerAt([0.3, -0.2], IMAGE, 16), [10, 3]);
  assert.deepEqual(cornerAt([1, -1], IMAGE, 8), [24, -4]);
  // Half a pixel is rounded up; an odd window does not round, and the far border belongs to the last pixel.
  assert.deepEqual(cornerAt([15.5 / 14 - 1, 0], IMAGE, 8), [12, 10]);
  assert.deepEqual(cornerAt([15.5 / 14 - 1, 1], IMAGE, 5), [13, 25]);
});
