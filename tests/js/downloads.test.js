import assert from "node:assert/strict";
import { test } from "node:test";
import { askFor } from "../../app/components/browser/downloads.js";

/** @param {string} text @param {number} status @param {string} kind */
const answered = (text, status, kind) => async () => new Response(text, { status, headers: { "content-type": kind } });

test("a file is taken as it is, whatever its kind", async () => {
  for (const kind of ["application/json", "text/plain; charset=utf-8"]) {
    const file = await askFor("download/a/b", answered("{}", 200, kind));
    assert.ok(file instanceof Blob);
    assert.equal(await file.text(), "{}");
  }
});

test("a refusal is the server's own sentence, or one that stands for a page of whoever stands between", async () => {
  const gone = "This file is no longer there: load the page again.";
  assert.equal(await askFor("download/a/b", answered(gone, 404, "text/plain; charset=utf-8")), gone);
  const page = await askFor("download/a/b", answered("<html>Bad Gateway</html>", 502, "text/html"));
  assert.equal(page, "The server did not give this file (502): try again.");
});

test("a server that does not answer is said to", async () => {
  const broken = () => Promise.reject(new TypeError("Failed to fetch"));
  assert.equal(await askFor("download/a/b", broken), "The server does not answer: try again in a moment.");
});
