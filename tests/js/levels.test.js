import assert from "node:assert/strict";
import { test } from "node:test";
import { runsOf } from "../../app/components/browser/levels.js";

const rgba = (...levels) => levels.flatMap((level) => [level, level + 2, level + 14, 255]);
const bytes = (runs) => [...Buffer.from(runs, "base64")];

test("a run is a grey level, and how many pixels have it", () => {
  assert.deepEqual(bytes(runsOf(rgba(10, 10, 10, 130, 255, 255, 10))), [10, 3, 130, 1, 255, 2, 10, 1]);
  assert.equal(runsOf([]), "");
});

test("a run longer than a byte can say goes on in the next", () => {
  assert.deepEqual(bytes(runsOf(rgba(...Array(511).fill(10), 255))), [10, 255, 10, 255, 10, 1, 255, 1]);
});
