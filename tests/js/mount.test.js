import assert from "node:assert/strict";
import { test } from "node:test";

import { keptPerRoot } from "../../app/components/browser/mount.js";

/** @typedef {import("../../app/components/browser/mount.js").Component<string>} Component */

/** A component that notes what happens to its parts, and an update of the one in a place. */
function noted() {
  /** @type {string[]} */
  const happened = [];
  const component = keptPerRoot(() => {
    happened.push("built");
    return {
      /** @param {Component} component */
      update: ({ data }) => happened.push(data),
      destroy: () => happened.push("destroyed"),
    };
  });
  const update = (/** @type {{ isConnected: boolean }} */ root, /** @type {string} */ data) =>
    component(/** @type {Component} */ (/** @type {unknown} */ ({ parentElement: root, data })));
  return { happened, update };
}

test("a place has one part, also when Streamlit cleans up after an update that was overtaken", () => {
  const { happened, update } = noted();
  const root = { isConnected: true };
  const overtaken = update(root, "first");
  overtaken();
  const last = update(root, "second");
  assert.deepEqual(happened, ["built", "first", "second"]);
  root.isConnected = false;
  last();
  assert.deepEqual(happened, ["built", "first", "second", "destroyed"]);
});

test("a part whose place has left the page is destroyed, and another place gets one of its own", () => {
  const { happened, update } = noted();
  const [gone, other] = [{ isConnected: true }, { isConnected: true }];
  const cleanUp = update(gone, "there");
  update(other, "here");
  gone.isConnected = false;
  cleanUp();
  update(other, "still here");
  assert.deepEqual(happened, ["built", "there", "built", "here", "destroyed", "still here"]);
});
