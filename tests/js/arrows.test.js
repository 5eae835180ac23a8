import assert from "node:assert/strict";
import { test } from "node:test";

import {
  baselineInWords,
  earnedInWords,
  lookInWords,
  pushInWords,
  spreadInWords,
  stepsInWords,
  wayInWords,
} from "../../app/components/browser/arrows.js";
import { BOXES, CUTS, LOSSES, normText, throughInWords, WAYS } from "../../app/components/browser/flow.js";

// Two looks at an image of 28x28 pixels: one 1.4 pixels to the right of the mean earned 1, one 2.8 above it nothing.
const SHOWN = /** @type {any} */ ({
  scene: { image: Array.from({ length: 28 }, () => new Array(28).fill(0)), classes: ["0", "1", "2"] },
  move: 2,
  baseline: "value",
  reward: "hit",
  label: 1,
  steps: 0,
  trail: [[0, 0]],
  mean: [0, 0],
  samples: [
    [0.1, 0],
    [0, -0.2],
  ],
  answers: [1, 2],
  probs: [0.914, 0.2],
  rewards: [1, 0],
  baselines: [0.25, 0.25],
  advantages: [0.75, -0.25],
  value: 0.25,
  push: [0.0375, 0.025],
  earned_before: 0.25,
  earned_now: 0.5625,
  redraws: { none: { pushes: [], spread: 0.1 }, value: { pushes: [], spread: 0.025 } },
});

test("a way says how far it goes to which side", () => {
  assert.equal(wayInWords([0.314, -0.12]), "0.31 px right, 0.12 px up");
  assert.equal(wayInWords([-2, 0.001]), "2.00 px left");
  assert.equal(wayInWords([0, 0]), "nowhere");
});

test("what was earned, and what was expected, are told by the kind of reward and baseline", () => {
  assert.equal(earnedInWords(SHOWN), "1 of 2 right");
  assert.equal(earnedInWords({ ...SHOWN, reward: "information", rewards: [0.9, 0.2] }), "2 looks earn 0.55 on average");
  assert.match(baselineInWords(SHOWN), /^b = 0\.25: the value after glimpse 2/);
  assert.match(baselineInWords({ ...SHOWN, value: -0.01 }), /^b = −0\.01: /);
  assert.match(baselineInWords({ ...SHOWN, value: -0.001 }), /^b = 0\.00: /);
  assert.match(baselineInWords({ ...SHOWN, baseline: "none" }), /^b = 0:/);
  assert.match(baselineInWords({ ...SHOWN, baseline: "rollouts" }), /fifteen others/);
});

test("the push counts pixels, and says why there is none where all earned the same", () => {
  assert.equal(pushInWords(SHOWN), "0.53 px right, 0.35 px down"); // 0.0375 and 0.025 of 14 pixels
  assert.match(pushInWords({ ...SHOWN, advantages: [0, 0], push: [0, 0] }), /earned the same/);
});

test("a look tells what it adds", () => {
  assert.equal(
    lookInWords(SHOWN, 0),
    "Look 1 fell 1.40 px right from the mean and says 1 (91 % sure). R − b = 1.00 − 0.25 = +0.75: it pulls the mean to itself.",
  );
  assert.equal(
    lookInWords(SHOWN, 1),
    "Look 2 fell 2.80 px up from the mean and says 2 (1 gets 20 %). R − b = 0.00 − 0.25 = −0.25: it pushes the mean away.",
  );
  assert.match(
    lookInWords({ ...SHOWN, baselines: [-0.01, 0], advantages: [1.01, 0] }, 0),
    /1\.00 − \(−0\.01\) = \+1\.01:/,
  );
});

test("the spread is told with and without a baseline", () => {
  const text = "The pushes of ten draws scatter by 0.35 px with the value as the baseline, by 1.40 px without.";
  assert.equal(spreadInWords(SHOWN), text);
  assert.match(spreadInWords({ ...SHOWN, baseline: "none" }), /by 1\.40 px\.$/);
  const worse = { none: { pushes: [], spread: 0.1 }, value: { pushes: [], spread: 0.2 } };
  assert.match(
    spreadInWords({ ...SHOWN, redraws: worse }),
    /without\. Here the value guesses badly, so it does not help\.$/,
  );
});

test("steps tell how far the mean has moved and what that was worth", () => {
  assert.equal(stepsInWords(SHOWN), "");
  const moved = {
    ...SHOWN,
    steps: 10,
    trail: [
      [0, 0],
      [-0.1, 0.05],
    ],
  };
  assert.equal(
    stepsInWords(moved),
    "After 10 steps the mean has moved 1.40 px left, 0.70 px down. Of 160 looks, 25 % were right before and 56 % are right now.",
  );
  assert.match(
    stepsInWords({ ...moved, steps: 1, reward: "information" }),
    /^After 1 step .* 160 looks earned 0\.25 on average before and earn 0\.56 now\.$/,
  );
  const worse = { ...moved, steps: 1, earned_now: 0.2 };
  assert.match(stepsInWords(worse), /20 % are right now\. One step follows sixteen looks: it is mostly chance\.$/);
  assert.doesNotMatch(stepsInWords({ ...worse, steps: 2 }), /chance/);
});

test("every way of the flow joins two boxes, and every cut is explained once", () => {
  for (const { from, to, cut, back } of WAYS) {
    assert.ok(from in BOXES && to in BOXES);
    assert.ok(!cut || back.length === 0);
  }
  const cuts = WAYS.flatMap(({ cut }) => cut ?? []);
  assert.deepEqual(
    cuts.toSorted(),
    CUTS.map((_, index) => index + 1),
  );
});

test("the ways back of a part of the loss lead to the networks that its gradient reaches", () => {
  const reaches = {
    action: ["action_network", "core_network", "glimpse_network"],
    reinforce: ["core_network", "glimpse_network", "location_network"],
    value: ["value_network"],
  };
  for (const part of /** @type {import("../../app/components/browser/flow.js").Part[]} */ (Object.keys(LOSSES))) {
    const found = new Set(WAYS.filter(({ back }) => back.includes(part)).map(({ from }) => from));
    assert.deepEqual([...found].toSorted(), reaches[part]);
  }
});

test("norms have three digits, and where nothing is reached there is none", () => {
  assert.deepEqual([2.3456, 0.0264, 0.00042, 0, null].map(normText), ["2.35", "0.0264", "4.2e−4", "0", "none"]);
});

test("the derivative stands beside what is true", () => {
  const text = throughInWords({ crop: false, slope: [0.0012, -0.00002], moved: [0.075, -0.0921] });
  assert.match(text, /no derivative at all/);
  assert.match(text, /by \+0\.001, a pixel down by 0\.000\. Really looking there changes it by \+0\.075 and −0\.092\./);
});
