import assert from "node:assert/strict";
import { test } from "node:test";
import { keepEntryPerPage } from "../../app/components/browser/history.js";

test("another address of the same page takes the entry's place, another page gets its own", () => {
  /** @type {string[]} */
  const done = [];
  const history = {
    pushState: (_state, _title, url) => done.push(`push ${url}`),
    replaceState: (_state, _title, url) => done.push(`replace ${url}`),
  };
  const location = { href: "http://class.local/app/train?seed=1", pathname: "/app/train" };
  keepEntryPerPage(/** @type {any} */ (history), /** @type {any} */ (location));
  for (const url of ["/app/train?seed=2", "?seed=3", "", undefined, "/app/drawings", "/app/?seed=2", "/train"]) {
    history.pushState({}, "", url);
  }
  assert.deepEqual(done, [
    ...["replace /app/train?seed=2", "replace ?seed=3", "replace ", "replace undefined"],
    ...["push /app/drawings", "push /app/?seed=2", "push /train"],
  ]);
});
