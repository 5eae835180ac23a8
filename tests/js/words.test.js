import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, fixed, historyInWords, nameOfReading, signed } from "../../app/components/browser/words.js";

test("numbers have two decimals and no minus zero", () => {
  assert.deepEqual([0.126, -0.5, -0.001, 0].map(fixed), ["0.13", "−0.50", "0.00", "0.00"]);
});

test("a number with its sign has none where it rounds to nothing", () => {
  assert.deepEqual(
    [0.734, -0.734, -0.004, 0].map((number) => signed(number)),
    ["+0.73", "−0.73", "0.00", "0.00"],
  );
  assert.deepEqual([signed(0.0005, 3), signed(-0.0004, 3)], ["+0.001", "0.000"]);
});

test("a patch says how much of the image it covers", () => {
  assert.deepEqual([covers(8, 8), covers(16, 8)], ["8×8 px", "16×16 → 8×8"]);
});

test("a reading is named by its epoch, which is not rounded up", () => {
  assert.deepEqual(
    [nameOfReading(0, 0), nameOfReading(40, 0.5), nameOfReading(80, 2), nameOfReading(900, 12.4)],
    ["untrained", "epoch 0.5", "epoch 2", "epoch 12.4"],
  );
  assert.deepEqual(
    [0.29, 1.9999, 10.9999, 11].map((epochs) => nameOfReading(1, epochs)),
    ["epoch 0.29", "epoch 1.99", "epoch 10.9", "epoch 11"],
  );
});

test("bars of sureness and values are told in words", () => {
  const scene = {
    probabilities: [
      [0.5, 0.3],
      [0.126, 0.874],
    ],
    values: [0.98, -0.001],
    expects: "expected reward",
  };
  assert.equal(
    historyInWords(scene),
    "Sure if it stopped after each glimpse, in percent: 50, 87; value, expected reward: 0.98, 0.00",
  );
});
