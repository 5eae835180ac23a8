import assert from "node:assert/strict";
import { test } from "node:test";

import {
  about,
  COLORS,
  colorOf,
  columnsFor,
  decoded,
  LEVELS,
  layerInWords,
  moved,
} from "../../app/components/browser/activations.js";
import { follow, tell, viewerNamed } from "../../app/components/browser/on_screen.js";

const LAYER = { units: 256, shown: 256, largest: 2.3456, cells: "", active: [12, 0], never: [3], dead: 1 };
/** @param {number[]} color */
const light = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

test("bytes are activations with their sign", () => {
  assert.deepEqual([...decoded("AH+B/w==")], [0, 127, -127, -1]);
});

test("zero is dark, and both signs get ever lighter", () => {
  assert.equal(COLORS.length, 2 * LEVELS + 1);
  assert.deepEqual(COLORS[LEVELS], [10, 12, 18]);
  for (const sign of [1, -1]) {
    const lights = Array.from({ length: LEVELS + 1 }, (_, level) => light(colorOf(sign * level)));
    assert.ok(lights.every((each, index) => index === 0 || each >= lights[index - 1]));
    assert.ok(lights[1] > 1.2 * lights[0]);
  }
});

test("the signs differ in blue and red, which nobody confuses", () => {
  for (const level of [20, 60, 127]) {
    const [positive, negative] = [colorOf(level), colorOf(-level)];
    assert.ok(positive[0] > positive[2] && negative[2] > negative[0]);
  }
});

test("an activation has as many decimals as a byte can tell apart", () => {
  assert.equal(about(0, 3), "0");
  assert.equal(about(127, 3.2), "≈ 3.2");
  assert.equal(about(-64, 0.9), "≈ −0.45");
  assert.equal(about(64, 500), "≈ 252");
  assert.equal(about(1, 1e-6), "≈ 0.000");
  for (const largest of [0.03, 0.4, 1, 7, 90])
    for (const level of [1, 50, 126]) {
      const said = Number(about(level, largest).slice(2));
      const decimals = (about(level, largest).split(".")[1] ?? "").length;
      assert.ok(Math.abs(said - (level / LEVELS) * largest) <= 10 ** -decimals / 2 + 1e-12);
    }
});

test("a layer says how many are active, how large, and what is not drawn", () => {
  assert.equal(layerInWords(LAYER, 0, true), "12 of 256 active · at most 2.35 · 1 dead");
  assert.equal(
    layerInWords({ ...LAYER, shown: 58, dead: 0 }, 1, false),
    "256 units · at most 2.35 · the first 58 drawn",
  );
});

test("keys lead through a grid of cells and never out of it", () => {
  const columns = columnsFor(256);
  assert.equal(columns, 32);
  assert.equal(columnsFor(5), 5);
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End", "a"].map((key) => moved(key, 40, columns, 70)),
    [41, 39, 8, 40, 0, 69, null],
  );
  assert.equal(moved("ArrowLeft", 0, columns, 70), 0);
});

test("who follows a viewer hears of what is new on its screen alone", () => {
  /** @type {number[]} */
  const heard = [];
  const leave = follow("one", ({ step }) => heard.push(step));
  for (const step of [0, 0, 1]) tell("one", { scene: null, step, resting: true, gets: null });
  tell("two", { scene: null, step: 5, resting: true, gets: null });
  const late = follow("one", ({ step }) => heard.push(10 + step));
  leave();
  late();
  tell("one", { scene: null, step: 2, resting: true, gets: null });
  assert.deepEqual(heard, [0, 1, 11]);
  assert.equal(viewerNamed("one").screen?.step, 2);
});
