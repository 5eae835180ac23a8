import assert from "node:assert/strict";
import { test } from "node:test";
import { linkIn, Reports, strokesIn } from "../../app/components/browser/unheard.js";

test("an address is compared by what it names", () => {
  assert.equal(linkIn("?brush=20&picture=a"), linkIn("?picture=a&model=mnist-lstm"));
  assert.notEqual(linkIn("?picture=a"), linkIn("?sample=a"));
  assert.equal(linkIn(""), linkIn("?gaze=sampled"));
});

test("a report is in the address once the server has heard it and the address has changed", () => {
  const reports = new Reports();
  reports.sent = 1;
  assert.equal(reports.areIn("a"), false);
  reports.hear(1, "a");
  assert.equal(reports.areIn("a"), false);
  assert.equal(reports.areIn("b"), true);
});

test("a report that overtakes the address of the one before is not in it", () => {
  const reports = new Reports();
  reports.sent = 1;
  reports.hear(1, "");
  reports.sent = 2;
  assert.equal(reports.areIn("first"), false);
  reports.hear(2, "first");
  assert.equal(reports.areIn("first"), false);
  reports.hear(2, "second"); // the same run again: the address has followed
  assert.equal(reports.areIn("second"), true);
});

test("two reports that are heard at once, or before an address follows, may be in none that names a picture", () => {
  for (const heard of [[2], [1, 2]]) {
    const reports = new Reports();
    reports.sent = 2;
    for (const number of heard) reports.hear(number, linkIn(""));
    assert.equal(reports.areIn(linkIn("?picture=a")), false);
    assert.equal(reports.areIn(linkIn("?sample=17")), true);
    reports.sent = 3;
    reports.hear(3, linkIn("?picture=a"));
    assert.equal(reports.areIn(linkIn("?picture=b")), true);
  }
});

test("what else is looked at afterwards leaves nothing to bring back", () => {
  const reports = new Reports();
  reports.sent = 1;
  reports.hear(1, "");
  assert.equal(reports.areIn(linkIn("?sample=17")), true);
});

test("what was kept is strokes, or nothing", () => {
  const stroke = { type: "Path", path: [["M", 1, 2]], fill: null, stroke: "#ffffff", strokeWidth: 20, visible: true };
  assert.deepEqual(strokesIn(JSON.stringify([stroke])), [stroke]);
  assert.deepEqual(strokesIn("[]"), []);
  const others = [{}, null, 7, "abc", [1, null]];
  const hostile = [[{ type: "Image", src: "http://example.com" }], [{ type: "Path" }], [{ type: "Path", path: "M" }]];
  const loading = ["fill", "clipPath"].map((name) => [
    { ...stroke, [name]: { type: "Image", src: "http://example.com" } },
  ]);
  const odd = [...hostile, ...loading, [{ ...stroke, path: ["M", 1, 2] }]];
  const texts = ["", "{", ...[...others, ...odd].map((kept) => JSON.stringify(kept))];
  for (const text of texts) assert.equal(strokesIn(text), null, text);
});
