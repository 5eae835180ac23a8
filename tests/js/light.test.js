import assert from "node:assert/strict";
import { test } from "node:test";
import { cssColor, dim, lit } from "../../app/components/browser/light.js";

const LIGHT = {
  dark: [0, 0, 0],
  paper: [40, 40, 40],
  ink: [240, 240, 240],
  unseen: 0.5,
  paper_light: [1, 0.5],
  ink_light: [1, 0.25],
  border: 0.2,
};

test("seen paper is lit and seen ink is full", () => {
  assert.deepEqual(lit(LIGHT, 0, 0), [40, 40, 40, 255]);
  assert.deepEqual(lit(LIGHT, 255, 0), [240, 240, 240, 255]);
});

test("what was seen at a coarser scale is darker, and scales beyond the last are like that", () => {
  assert.deepEqual(lit(LIGHT, 0, 1), [20, 20, 20, 255]);
  assert.deepEqual(lit(LIGHT, 255, 1), [75, 75, 75, 255]); // a quarter of the way from paper to ink
  assert.deepEqual(lit(LIGHT, 255, 4), lit(LIGHT, 255, 1));
});

test("unseen ink is dim and unseen paper dark", () => {
  assert.deepEqual(dim(LIGHT, 255), [120, 120, 120, 255]);
  assert.deepEqual(dim(LIGHT, 0), [0, 0, 0, 255]);
});

test("a colour is written as style sheets have it", () => {
  assert.equal(cssColor([10, 12, 18]), "rgb(10,12,18)");
});
