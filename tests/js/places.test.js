import assert from "node:assert/strict";
import { test } from "node:test";

import { looksInWords, missingInWords, policyInWords, versusInWords } from "../../app/components/browser/ask.js";
import { colorAt, goodness, mapInWords, onScale, placeAt, placeInWords } from "../../app/components/browser/places.js";
import { percent } from "../../app/components/browser/words.js";

const CLASSES = ["0", "1"];

// One large place, and two of half its side.
const MAP = {
  glimpse: 3,
  asked: 1,
  places: [
    [-0.5, 0],
    [0.5, -0.5],
    [0.5, 0.5],
  ],
  sides: [2, 1, 1],
  probabilities: [9990, 5000, 10],
  answers: [1, 1, 0],
  values: [9000, -100, 12000],
  choice: [0.5, 0.5],
  own: { probability: 0.5, answer: 1, value: 0.75 },
  better: { probability: 0.519, value: 0.999 },
  colors: ["#000000", "#ff0000", "#ffffff"],
};

test("the scale of probabilities is one of odds, from 0.1 to 99.9 %", () => {
  assert.equal(onScale(0.5), 0.5);
  assert.ok(Math.abs(onScale(0.999) - 1) < 1e-9);
  assert.equal(onScale(1), 1);
  assert.equal(onScale(0), 0);
  // 1 : 9 has log-odds -2.197, of 6.907: (1 - 0.3181) / 2
  assert.ok(Math.abs(onScale(0.1) - 0.341) < 0.001);
  assert.ok(Math.abs(onScale(0.1) + onScale(0.9) - 1) < 1e-9);
});

test("a place is coloured by probability, by being right or by value", () => {
  assert.equal(goodness(MAP, 1, "probability"), 0.5);
  assert.ok(goodness(MAP, 0, "right") > goodness(MAP, 2, "right"));
  assert.equal(goodness(MAP, 0, "right"), goodness(MAP, 1, "right"));
  assert.deepEqual(
    [0, 1, 2].map((place) => goodness(MAP, place, "value")),
    [0.9, 0, 1],
  );
});

test("colours lie evenly on the scale", () => {
  assert.equal(colorAt(MAP.colors, 0), "rgb(0,0,0)");
  assert.equal(colorAt(MAP.colors, 0.25), "rgb(128,0,0)");
  assert.equal(colorAt(MAP.colors, 0.5), "rgb(255,0,0)");
  assert.equal(colorAt(MAP.colors, 1), "rgb(255,255,255)");
});

test("a location lies in the place that covers it, however large that is", () => {
  const places = [
    [-0.5, -0.5],
    [0.25, -0.75],
    [0.75, -0.75],
  ];
  const map = { ...MAP, places, sides: [1, 0.5, 0.5] };
  assert.equal(placeAt(map, [-0.02, -0.02]), 0);
  assert.equal(placeAt(map, [0.02, -0.98]), 1);
  assert.equal(placeAt(map, [0.6, -0.6]), 2);
  assert.equal(placeAt(map, [1, -1]), 2);
});

test("words say what a place would have led to, and the best and the worst", () => {
  assert.equal(placeInWords(MAP, 0, CLASSES), "At (−0.50, 0.00): RAM would say 1 · p(1) 99.9\u00a0% · value 0.90");
  assert.equal(
    mapInWords(MAP, "probability", CLASSES),
    "Best p(1) 99.9\u00a0% at (−0.50, 0.00), worst 0.1\u00a0% at (0.50, 0.50). " +
      "Its own choice (◇, 50.0\u00a0%) is better than 51\u00a0% of all places.",
  );
  assert.equal(
    mapInWords({ ...MAP, glimpse: 1 }, "value", CLASSES),
    "Best value 1.20 at (0.50, 0.50), worst −0.01 at (0.50, −0.50). " +
      "Where it began (◇, 0.75) is better than 99\u00a0% of all places.",
  );
  // Areas 4 and 1 of 6.
  assert.match(placeInWords(MAP, 0, CLASSES, "expected information"), / · expected information 0\.90$/);
  assert.match(mapInWords(MAP, "value", CLASSES, "expected information"), /^Best expected information /);
  assert.equal(mapInWords(MAP, "right", CLASSES), "Looking there, the answer would be 1 in 83.3\u00a0% of the image.");
});

test("a probability gets a second decimal where one would not do", () => {
  assert.deepEqual([0.5, 0.9991, 0.9995, 1, 0.0004, 0].map(percent), [
    "50.0\u00a0%",
    "99.91\u00a0%",
    "99.95\u00a0%",
    "100.00\u00a0%",
    "0.04\u00a0%",
    "0.00\u00a0%",
  ]);
});

test("sampled looks are counted by their answers", () => {
  assert.equal(looksInWords([1, 1, 1], CLASSES), "All three sampled looks say 1.");
  assert.equal(looksInWords([0, 1, 1, 1], CLASSES), "Of four sampled looks, three say 1, one says 0.");
});

test("both ways are compared step by step, and the answers only at the end", () => {
  const scene = {
    ...{ classes: CLASSES, flip: 1, forced: [0, 1], answer: "", sure: true },
    probabilities: [
      [0.5, 0.5],
      [0.75, 0.25],
    ],
    values: [0.5, 0.25],
    own: {
      ...{ locations: [], answer: "", values: [0.5, 0.75] },
      probabilities: [
        [0.5, 0.5],
        [0.25, 0.75],
      ],
    },
  };
  assert.equal(versusInWords({ ...scene, own: null }, 1), "");
  assert.match(versusInWords({ ...scene, value_name: "expected information" }, 0), /, expected information 0\.50 →/);
  assert.equal(versusInWords(scene, 0), "Glimpses 1 and 2 moved. p(1) 50.0\u00a0% → 50.0\u00a0%, value 0.50 → 0.50.");
  assert.equal(
    versusInWords(scene, 1),
    "Glimpses 1 and 2 moved. p(1) 75.0\u00a0% → 25.0\u00a0%, value 0.75 → 0.25. The answer flips at glimpse 2: 1 → 0.",
  );
  assert.match(versusInWords({ ...scene, flip: null, forced: [1] }, 1), /^Glimpse 2 moved\. .* The answer stays 1\.$/);
});

test("no answer is told where the model gives none", () => {
  const [same, other] = [[0.25, 0.75], [0.75, 0.25]]; // biome-ignore format: one line
  const own = { locations: [], answer: "", values: [0], probabilities: [same] };
  const scene = { classes: CLASSES, forced: [0], answer: "", sure: false, own, values: [0] };
  assert.match(versusInWords({ ...scene, flip: null, probabilities: [same] }, 0), /\. The likeliest class stays 1\.$/);
  assert.match(
    versusInWords({ ...scene, flip: 0, probabilities: [other] }, 0),
    /\. The likeliest class flips at glimpse 1: 1 → 0\.$/,
  );
});

test("a glimpse that the model does not have is named", () => {
  assert.equal(missingInWords({ missing: [], values: [0, 0] }), "");
  assert.equal(
    missingInWords({ missing: [3, 5], values: [0, 0] }),
    "This model looks 2 times: it has no glimpses 3 and 5 to move.",
  );
});

test("where every place comes to the same, none is called better", () => {
  const same = { ...MAP, probabilities: MAP.probabilities.map(() => 10_000) };
  assert.equal(mapInWords(same, "probability", CLASSES), "p(1) would come to 100.00\u00a0% wherever it looked.");
});

test("the policy's words say that chance moves the gaze, and how far in pixels", () => {
  const image = Array.from({ length: 28 }, () => new Array(28).fill(0));
  const places = [[0, 0], [0.5, 0]]; // biome-ignore format: one row a glimpse
  const scene = { policy_std: 0.2, image, means: places, locations: places };
  const words = policyInWords(scene, 1);
  const [inner, outer] = [1, 2].map((deviations) => Math.round(100 * (1 - Math.exp(-(deviations ** 2) / 2))));
  assert.deepEqual([inner, outer], [39, 86]); // of a Gaussian in two dimensions
  assert.equal(
    words,
    `The number marks the mean. In training, looks scatter around it with σ = 0.20 (2.8 pixels): ${inner}\u00a0% fall within the inner circle, ${outer}\u00a0% within the outer.`, // 0.2 · 28 / 2
  );
  assert.match(
    policyInWords({ ...scene, policy_std: 0.1, image: image.slice(14) }, 1),
    /\(1\.4 by 0\.7 pixels\).*inner ellipse/,
  );
  const moved = { ...scene, locations: [[0, 0], [0.5, 0.2]] }; // biome-ignore format: one row a glimpse
  assert.match(policyInWords(moved, 1), /^The cross marks the mean\./);
  assert.equal(policyInWords(scene, 0), "No policy chooses the first glimpse.");
});
