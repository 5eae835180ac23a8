// The sampled looks as a table of numbers.

import { inPixels } from "./arrows.js";
import { fixed, signed } from "./words.js";

/** @param {import("./arrows.js").Shown} shown */
export function tableOf(shown) {
  const columns = ["look", "says", "reward R", "baseline b", "A = R − b", "A (l − μ)x, px", "A (l − μ)y, px"];
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const column of columns)
    head.append(Object.assign(document.createElement("th"), { textContent: column, scope: "col" }));
  const body = table.createTBody();
  shown.samples.forEach((sample, look) => {
    const advantage = shown.advantages[look];
    const pull = inPixels(
      sample.map((place, axis) => advantage * (place - shown.mean[axis])),
      shown.scene.image,
    );
    const row = body.insertRow();
    row.append(Object.assign(document.createElement("th"), { textContent: `${look + 1}`, scope: "row" }));
    const cells = [
      shown.scene.classes[shown.answers[look]],
      shown.rewards[look].toFixed(2),
      fixed(shown.baselines[look]),
      signed(advantage),
      ...pull.map((length) => signed(length)),
    ];
    for (const cell of cells) row.insertCell().textContent = cell;
  });
  return table;
}
