import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../app/components/browser/timeline.js";

// As the viewer has it: it can rest anywhere, and keys and buttons act at once.
function free(last = 5) {
  const timeline = new Timeline({ pace: 100 });
  timeline.load(last, 0);
  return timeline;
}

// As the learning viewer has it: it rests on steps only, and moves there.
function snapping(last = 5, step = last) {
  const timeline = new Timeline({ pace: 100, snaps: true, rest: 0.25, opening: 60, stride: 40 });
  timeline.load(last, step);
  return timeline;
}

function run(timeline, milliseconds, frame = 10) {
  for (let passed = 0; passed < milliseconds; passed += frame) timeline.advance(frame);
}

test("playing passes one step in its pace and ends on the last one", () => {
  const timeline = free(2);
  timeline.play();
  run(timeline, 50);
  assert.deepEqual([timeline.time, timeline.step, timeline.playing], [0.5, 0, true]);
  run(timeline, 100);
  assert.deepEqual([timeline.time, timeline.step], [1.5, 1]);
  run(timeline, 100);
  assert.deepEqual([timeline.time, timeline.step, timeline.playing, timeline.ended], [2, 2, false, true]);
});

test("frames that do not divide a step lose no time", () => {
  const timeline = free(5);
  timeline.play();
  run(timeline, 330, 30);
  assert.ok(Math.abs(timeline.time - 3.3) < 1e-9);
});

test("a pause holds it between two steps, and play goes on from there", () => {
  const timeline = free();
  timeline.play();
  run(timeline, 130);
  timeline.pause();
  run(timeline, 500);
  assert.ok(Math.abs(timeline.time - 1.3) < 1e-9);
  timeline.play();
  run(timeline, 20);
  assert.ok(Math.abs(timeline.time - 1.5) < 1e-9);
});

test("play begins anew once it has ended", () => {
  const timeline = free();
  timeline.jump(5);
  timeline.play();
  assert.deepEqual([timeline.time, timeline.playing], [0, true]);
});

test("a single step cannot be played", () => {
  const timeline = free(0);
  timeline.play();
  assert.equal(timeline.playing, false);
  assert.equal(timeline.ended, false);
});

test("back and forward go to the neighbouring step, from between two steps to the next one on that side", () => {
  const timeline = free();
  timeline.scrub(2.4);
  timeline.stepBy(1);
  assert.equal(timeline.time, 3);
  timeline.scrub(2.4);
  timeline.stepBy(-1);
  assert.equal(timeline.time, 2);
  timeline.stepBy(-1);
  assert.equal(timeline.time, 1);
});

test("nothing leads beyond the ends", () => {
  const timeline = free();
  timeline.stepBy(-1);
  assert.equal(timeline.time, 0);
  timeline.jump(Number.POSITIVE_INFINITY);
  timeline.stepBy(1);
  assert.equal(timeline.time, 5);
  timeline.scrub(7);
  assert.equal(timeline.time, 5);
});

test("scrubbing shows the step whose time it is, or the nearer one", () => {
  const [viewer, learning] = [free(), snapping()];
  for (const timeline of [viewer, learning]) timeline.scrub(2.6);
  assert.deepEqual([viewer.step, learning.step], [2, 3]);
});

test("one that snaps goes to the nearer step when the thumb is let go, the other stays", () => {
  const [viewer, learning] = [free(), snapping()];
  for (const timeline of [viewer, learning]) {
    timeline.scrub(2.6);
    timeline.release();
    run(timeline, 50);
  }
  assert.deepEqual([viewer.time, learning.time], [2.6, 3]);
});

test("a step takes its stride, and steps meanwhile count from where it leads", () => {
  const timeline = snapping();
  timeline.stepBy(-1);
  run(timeline, 20);
  assert.equal(timeline.time, 4.5);
  assert.deepEqual([timeline.step, timeline.heading], [5, 4]);
  timeline.stepBy(-1);
  assert.equal(timeline.heading, 3);
  run(timeline, 40);
  assert.deepEqual([timeline.time, timeline.step, timeline.move], [3, 3, null]);
});

test("while playing it rests first, then eases to the next step", () => {
  const timeline = snapping(5, 2);
  timeline.play();
  run(timeline, 20);
  assert.equal(timeline.time, 2);
  timeline.advance(42.5); // half of the 75 ms after the rest
  assert.equal(timeline.time, 2.5);
});

test("played from the beginning it stays there a little longer", () => {
  const timeline = snapping();
  timeline.play();
  assert.deepEqual([timeline.time, timeline.heading], [0, 1]);
  run(timeline, 150);
  assert.equal(timeline.step, 0);
  run(timeline, 10);
  assert.equal(timeline.step, 1);
});

test("a pause of one that snaps ends on the next step", () => {
  const timeline = snapping(5, 2);
  timeline.play();
  run(timeline, 60);
  timeline.pause();
  run(timeline, 200);
  assert.deepEqual([timeline.time, timeline.playing], [3, false]);
});

test("without motion steps follow each other without a way between them", () => {
  const timeline = snapping(5, 2);
  timeline.still = true;
  timeline.stepBy(1);
  assert.deepEqual([timeline.time, timeline.move], [3, null]);
  timeline.play();
  run(timeline, 90);
  assert.equal(timeline.time, 3);
  run(timeline, 10);
  assert.equal(timeline.time, 4);
});

test("who wants no motion any more gets the end, or where it was going to", () => {
  const [viewer, learning] = [free(), snapping()];
  viewer.play();
  learning.jump(1);
  for (const timeline of [viewer, learning]) {
    run(timeline, 10);
    timeline.still = true;
    timeline.settle();
  }
  assert.deepEqual([viewer.time, viewer.playing], [5, false]);
  assert.deepEqual([learning.time, learning.move], [1, null]);
});

test("when there are more steps, a move goes on to where its step now is", () => {
  const timeline = snapping(5, 3);
  timeline.stepBy(1);
  run(timeline, 20);
  timeline.extend(9, 2, 6);
  assert.deepEqual([timeline.step, timeline.time, timeline.heading, timeline.last], [5, 5.5, 6, 9]);
  run(timeline, 20);
  assert.deepEqual([timeline.time, timeline.step], [6, 6]);
});

test("arrivals count what was reached, not what the thumb passes", () => {
  const timeline = snapping(5, 0);
  timeline.play();
  run(timeline, 200);
  assert.equal(timeline.arrivals, 2);
  timeline.scrub(4);
  assert.equal(timeline.arrivals, 2);
});
