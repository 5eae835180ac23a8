import assert from "node:assert/strict";
import { test } from "node:test";
import { crop, decode, padded, seenAfterEachStep, seenCoarsely } from "../../app/components/browser/seen.js";

// Eight by eight pixels; each says its row and its column.
const IMAGE = Array.from({ length: 8 }, (_, row) => Array.from({ length: 8 }, (_, column) => 10 * row + column));

test("an image is decoded row by row", () => {
  assert.deepEqual(decode(btoa("\x01\x02\x03\x04\x05\xff"), [2, 3]), [
    [1, 2, 3],
    [4, 5, 255],
  ]);
});

test("the finest scale shows the pixels themselves", () => {
  assert.deepEqual(crop(IMAGE, [2, 1], 2, 0), [
    [12, 13],
    [22, 23],
  ]);
});

test("a coarser scale averages its cells", () => {
  assert.deepEqual(crop(IMAGE, [0, 0], 2, 1), [
    [(0 + 1 + 10 + 11) / 4, (2 + 3 + 12 + 13) / 4],
    [(20 + 21 + 30 + 31) / 4, (22 + 23 + 32 + 33) / 4],
  ]);
});

test("beyond the border there is nothing to see", () => {
  assert.deepEqual(crop(IMAGE, [-1, 7], 2, 0), [
    [0, 70],
    [0, 0],
  ]);
  assert.deepEqual(crop([[4]], [-1, -1], 1, 1), [[1]]);
});

test("padding surrounds an image with nothing", () => {
  assert.deepEqual(padded([[5]], 1), [
    [0, 0, 0],
    [0, 5, 0],
    [0, 0, 0],
  ]);
});

const copied = ({ grey, scales }) => structuredClone({ grey, scales });

test("what has been seen grows step by step, and reaches beyond the image", () => {
  const image = [[0, 0]];
  const [first, second] = seenAfterEachStep(
    { image, patches: [[[[7]]], [[[9]]]], corners: [[[-1, 0]], [[1, 0]]] },
    1,
    copied,
  );
  assert.deepEqual(first.grey, [
    [-1, -1, -1, -1],
    [7, -1, -1, -1],
    [-1, -1, -1, -1],
  ]);
  assert.deepEqual(second.grey[1], [7, -1, 9, -1]);
});

test("a finer look hides a coarser one, also a later one", () => {
  const image = [
    [0, 0],
    [0, 0],
  ];
  const fine = [[1]];
  const coarse = [[2]];
  const corners = [
    [
      [0, 0],
      [0, 0],
    ],
    [
      [1, 1],
      [0, 0],
    ],
  ];
  const [first, second] = seenAfterEachStep(
    {
      image,
      patches: [
        [fine, coarse],
        [[[3]], [[4]]],
      ],
      corners,
    },
    0,
    copied,
  );
  assert.deepEqual(first.grey, [
    [1, 2],
    [2, 2],
  ]);
  assert.deepEqual(second.grey, [
    [1, 4],
    [4, 3],
  ]);
  assert.deepEqual(second.scales, [
    [0, 1],
    [1, 0],
  ]);
});

test("seen coarsely is what all scales but the finest saw, and the last glimpse covers the others", () => {
  const image = [[8, 0, 0, 4]];
  const { grey, scales } = seenCoarsely(
    image,
    [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [3, 0],
        [2, 0],
      ],
    ],
    1,
  );
  assert.deepEqual(grey, [[2, 2, 1, 1]]);
  assert.deepEqual(scales, [[1, 1, 1, 1]]);
  assert.deepEqual(seenCoarsely(image, [[[0, 0]]], 1).grey, [[-1, -1, -1, -1]]);
});
