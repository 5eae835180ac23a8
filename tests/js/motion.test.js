import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, ease, mix } from "../../app/components/browser/motion.js";

test("clamp keeps what lies between", () => {
  assert.deepEqual(
    [-1, 0.4, 3].map((value) => clamp(value, 0, 1)),
    [0, 0.4, 1],
  );
});

test("mix goes straight from one point to another", () => {
  assert.deepEqual(mix([0, 10], [4, 0], 0.25), [1, 7.5]);
  assert.deepEqual(mix([1, 2], [5, 6], 0), [1, 2]);
  assert.deepEqual(mix([1, 2], [5, 6], 1), [5, 6]);
});

test("ease starts and ends slowly and stands still outside", () => {
  assert.deepEqual([-1, 0, 0.25, 0.5, 1, 2].map(ease), [0, 0, 0.15625, 0.5, 1, 1]);
});
