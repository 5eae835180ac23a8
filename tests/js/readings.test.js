import assert from "node:assert/strict";
import { test } from "node:test";
import { lookAt, nearest, poseOf } from "../../app/components/browser/readings.js";

test("the nearest of several steps is found, the first of two", () => {
  assert.equal(nearest([0, 10, 30], 24), 2);
  assert.equal(nearest([0, 10, 30], 20), 1);
});

// Two digits with one glimpse each, at two scales.

const REPLAY = {
  locations: [[[[0.1, 0.2]], [[0.3, 0.4]]]],
  corners: [
    [
      [
        [
          [5, 6],
          [1, 2],
        ],
      ],
      [
        [
          [7, 8],
          [3, 4],
        ],
      ],
    ],
  ],
};

test("a pose has each glimpse's location and the corner of its finest window", () => {
  const pose = poseOf(REPLAY, 0);
  assert.deepEqual(lookAt(pose, 0), { location: [0.1, 0.2], corner: [5, 6] });
  assert.deepEqual(lookAt(pose, 1), { location: [0.3, 0.4], corner: [7, 8] });
});
