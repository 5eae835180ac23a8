import assert from "node:assert/strict";
import { test } from "node:test";
import { epochAt, lookAt, nearest, placeOfEpoch, poseOf } from "../../app/components/browser/readings.js";

test("the nearest of several steps is found, the first of two", () => {
  assert.equal(nearest([0, 10, 30], 24), 2);
  assert.equal(nearest([0, 10, 30], 20), 1);
});

test("two runs are at the same epoch, however often each was looked at", () => {
  const [often, seldom] = [[0, 0.25, 0.5, 1, 2], [0, 1, 3]]; // biome-ignore format: one row a run
  assert.equal(epochAt(often, 2.5), 0.75); // half-way from 0.5 to 1
  assert.equal(placeOfEpoch(seldom, 0.75), 0.75);
  assert.equal(placeOfEpoch(seldom, 2), 1.5);
  assert.equal(placeOfEpoch(often, epochAt(often, 2)), 2);
  assert.equal(epochAt(seldom, 2), 3);
  assert.equal(placeOfEpoch(often, 3), 4); // its end
  assert.equal(placeOfEpoch([0.5, 1], 0.2), 0); // its beginning
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
