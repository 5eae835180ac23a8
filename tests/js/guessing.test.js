import assert from "node:assert/strict";
import { test } from "node:test";
import {
  guessedPlaces,
  knewAfter,
  pixelsBetween,
  saidAfterEach,
  verdict,
} from "../../app/components/browser/guessing.js";

test("a distance counts pixels of the image, wider than high or not", () => {
  assert.equal(pixelsBetween([0, 0], [0.5, 0], [28, 28]), 7);
  assert.equal(pixelsBetween([-1, -1], [1, 1], [30, 40]), 50);
});

test("distances are those of the glimpses that have been shown", () => {
  const marks = [[[0, 0]], [], [[0, 0], [0.5, 0]], [[1, 1]]]; // biome-ignore format: one row a glimpse
  const locations = [[0, 0.5], [1, 1], [0.5, 0], [0, 0]]; // biome-ignore format: one row a glimpse
  const image = { shape: /** @type {[number, number]} */ ([28, 28]), patch: 8 };
  assert.deepEqual(guessedPlaces(marks, locations, 1, image), { last: [7], mean: 7, near: 0, count: 1 });
  assert.deepEqual(guessedPlaces(marks, locations, 2, image).last, []);
  assert.deepEqual(guessedPlaces(marks, locations, 3, image), { last: [7, 0], mean: 14 / 3, near: 1, count: 3 });
});

test("without a guess there is no mean", () => {
  const image = { shape: /** @type {[number, number]} */ ([28, 28]), patch: 8 };
  assert.deepEqual(guessedPlaces([], [[0, 0]], 1, image), { last: [], mean: Number.NaN, near: 0, count: 0 });
});

test("a place exactly half a patch away is near", () => {
  const image = { shape: /** @type {[number, number]} */ ([28, 28]), patch: 8 };
  assert.equal(guessedPlaces([[[0, 0]]], [[4 / 14, 0]], 1, image).near, 1);
});

test("one knows since the last time that one was wrong", () => {
  assert.equal(knewAfter(["3", "7", "7"], "7", 1), 2);
  assert.equal(knewAfter(["7", "3", "7"], "7", 1), 3);
  assert.equal(knewAfter(["7", "7"], "7", 0), 0);
  assert.equal(knewAfter(["7", "3"], "7", 0), null);
});

test("a guess holds until the next one", () => {
  const guesses = [
    { after: 1, says: "4" },
    { after: 3, says: "9" },
    { after: 3, says: "5" },
  ];
  assert.deepEqual(saidAfterEach(guesses, 4), [null, "4", "4", "5", "5"]);
});

test("the end says who was right and since when", () => {
  assert.deepEqual(verdict({ label: "7", says: ["1", "7", "7"], said: [null, "7", "7", "7"] }), [
    "It is a 7.",
    "RAM: right since glimpse 2.",
    "You said 7: right since glimpse 1.",
  ]);
  assert.deepEqual(verdict({ label: "7", says: ["1", "7", "1"], said: ["7", "7", "7", "7"] }), [
    "It is a 7.",
    "RAM: wrong.",
    "You said 7: right, before the first glimpse.",
  ]);
  assert.deepEqual(verdict({ label: "7", says: ["7"], said: [null, null] }), [
    "It is a 7.",
    "RAM: right since glimpse 1.",
  ]);
});

test("nobody is right where nobody knows the class", () => {
  assert.deepEqual(verdict({ label: "", says: ["7"], said: [null, "7"] }), ["You said 7."]);
  assert.deepEqual(verdict({ label: "", says: ["7"], said: [null, null] }), []);
});

test("an eight has an n before it", () => {
  assert.equal(verdict({ label: "8", says: ["8"], said: [null, null] })[0], "It is an 8.");
});
