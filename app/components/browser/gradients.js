// Where the gradient goes: the flow of one move with the way back of each part of the loss, its norms, and its cuts.

import { BOXES, CUTS, LOSSES, NETWORKS, normText, throughInWords, WAYS } from "./flow.js";
import { comesWhenCalled, keptPerRoot, partsOf } from "./mount.js";

/** @typedef {import("./flow.js").Part} Part */
/** @typedef {{ crop: boolean, slope: number[], moved: number[], shifts: number[], along: number[] }} Through */
/** @typedef {{ norms: import("./flow.js").Norms, follows: Part[], through: Through | null, call: number, hint: string }} Data */

const LEAST_NATS = 0.05; // what is less looks flat
const SPACE = "http://www.w3.org/2000/svg";
const LAYOUTS = {
  wide: { column: 176, row: 52, width: 142, height: 46, left: 4, top: 6, view: [1030, 270] },
  narrow: { column: 140, row: 86, width: 114, height: 48, left: 2, top: 4, view: [398, 490] },
};
const PARTS = /** @type {const} */ (["gradients", "hint", "flow", "norms", "cuts", "through", "stairs", "verdict"]);

export default keptPerRoot((root) => {
  const ui = partsOf(root, PARTS);
  const come = comesWhenCalled(ui.gradients);
  return {
    /** @param {import("./mount.js").Component<Data>} component */
    update({ data }) {
      ui.hint.textContent = data.hint;
      come(data.call);
      ui.flow.replaceChildren(drawn("wide", data), drawn("narrow", data));
      writeNorms(ui.norms, data);
      ui.cuts.replaceChildren(...CUTS.map((reason, index) => cutRow(index + 1, reason)));
      ui.through.hidden = !data.through;
      if (!data.through) return;
      ui.stairs.replaceChildren(stairs(data.through));
      ui.verdict.textContent = throughInWords(data.through);
    },
    destroy() {},
  };
});

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function svg(name, attributes, ...children) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {"wide" | "narrow"} kind
 * @param {Data} data
 */
function drawn(kind, data) {
  const layout = LAYOUTS[kind];
  const root = svg("svg", { viewBox: `0 0 ${layout.view.join(" ")}`, class: kind });
  const open = data.through !== null;
  for (const way of WAYS) root.append(svg("path", { class: "way", d: pathOf(way, layout, kind) }));
  for (const way of WAYS) {
    const opened = open && way.from === "place" && way.to === "glimpse_network";
    const parts = /** @type {Part[]} */ (opened ? ["action"] : way.back);
    for (const part of parts) {
      if (!data.follows.includes(part) && !opened) continue;
      const beside = parts.filter((each) => data.follows.includes(each)).length > 1 ? (part === "action" ? -3 : 3) : 0;
      const color = LOSSES[part].color;
      root.append(svg("path", { class: `back ${color}`, d: pathOf(way, layout, kind, beside) }));
    }
    if (way.cut && !opened) root.append(cutMark(way, layout, kind));
  }
  for (const key of Object.keys(BOXES)) root.append(box(key, layout, kind, data));
  return root;
}

function cornerOf(key, { column, row, left, top }, kind) {
  const [x, y] = BOXES[key][kind];
  return [left + x * column, top + y * row];
}

/**
 * From the middle of one box's side to that of another's, and whether the way runs across.
 *
 * @returns {[number[], number[], boolean]}
 */
function endsOf({ from, to }, layout, kind) {
  const { width, height } = layout;
  const [a, b] = [cornerOf(from, layout, kind), cornerOf(to, layout, kind)];
  const [middleA, middleB] = [a, b].map(([x, y]) => [x + width / 2, y + height / 2]);
  const across = Math.abs(middleA[0] - middleB[0]) > width / 2 && (kind === "wide" || a[1] === b[1]);
  const way = across ? Math.sign(middleB[0] - middleA[0]) : Math.sign(middleB[1] - middleA[1]);
  const reach = across ? [(way * width) / 2, 0] : [0, (way * height) / 2];
  return [[middleA[0] + reach[0], middleA[1] + reach[1]], [middleB[0] - reach[0], middleB[1] - reach[1]], across];
}

function pathOf(way, layout, kind, beside = 0) {
  const [[x1, y1], [x2, y2], across] = endsOf(way, layout, kind);
  if (across)
    return `M${x1},${y1 + beside} C${(x1 + x2) / 2},${y1 + beside} ${(x1 + x2) / 2},${y2 + beside} ${x2},${y2 + beside}`;
  return `M${x1 + beside},${y1} C${x1 + beside},${(y1 + y2) / 2} ${x2 + beside},${(y1 + y2) / 2} ${x2 + beside},${y2}`;
}

function cutMark(way, layout, kind) {
  const [from, to] = endsOf(way, layout, kind);
  const [x, y] = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return svg("g", { class: "cut" }, svg("circle", { cx: x, cy: y, r: 11 }), svg("text", { x, y }, `${way.cut}`));
}

function box(key, layout, kind, { norms, follows }) {
  const { width, height } = layout;
  const [x, y] = cornerOf(key, layout, kind);
  const middle = x + width / 2;
  const isLoss = key in LOSSES;
  const color = isLoss && follows.includes(key) ? ` ${LOSSES[key].color}` : "";
  const found = key in NETWORKS ? follows.map((part) => norms[part][key]).filter((norm) => norm !== null) : [];
  const dim = (key in NETWORKS && !found.length) || (isLoss && !follows.includes(key)) ? " unreached" : "";
  const group = svg("g", { class: `box${isLoss ? " loss" : ""}${dim}` });
  group.append(svg("rect", { x, y, width, height, rx: isLoss ? height / 2 : 9, class: color }));
  group.append(svg("text", { x: middle, y: y + height / 2 + (found.length ? -3 : 5) }, BOXES[key].name));
  if (found.length) {
    group.append(svg("text", { x: middle, y: y + height / 2 + 15, class: "norm" }, found.map(normText).join(" · ")));
  }
  return group;
}

/**
 * @param {HTMLTableElement} table
 * @param {Data} data
 */
function writeNorms(table, { norms, follows }) {
  const parts = /** @type {Part[]} */ (Object.keys(LOSSES));
  const head = document.createElement("thead");
  const top = head.insertRow();
  top.append(document.createElement("td"));
  for (const part of parts) {
    const cell = Object.assign(document.createElement("th"), {
      scope: "col",
      className: follows.includes(part) ? "" : "off",
    });
    const line = document.createElement("i");
    line.style.borderColor = `var(--${LOSSES[part].color})`;
    cell.append(line, LOSSES[part].name);
    top.append(cell);
  }
  const body = document.createElement("tbody");
  for (const [key, name] of Object.entries(NETWORKS)) {
    const row = body.insertRow();
    row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: name }));
    for (const part of parts) {
      const cell = row.insertCell();
      cell.textContent = normText(norms[part][key]);
      cell.className = norms[part][key] === null ? "none" : "";
    }
  }
  table.tHead?.remove();
  for (const old of [...table.tBodies]) old.remove();
  table.append(head, body);
}

/**
 * @param {number} number
 * @param {string} reason
 */
function cutRow(number, reason) {
  const row = document.createElement("li");
  row.append(Object.assign(document.createElement("b"), { textContent: `${number}` }), reason);
  return row;
}

/** The cross-entropy over the place of the look, and the line that the derivative believes in. @param {Through} through */
function stairs({ shifts, along, slope }) {
  const [width, height, left, bottom] = [560, 230, 46, 34];
  const [low, high] = [Math.min(...along), Math.max(...along)];
  const span = Math.max(high - low, LEAST_NATS);
  const x = (/** @type {number} */ shift) =>
    left + ((shift - shifts[0]) / (shifts[shifts.length - 1] - shifts[0])) * (width - left - 8);
  const y = (/** @type {number} */ nats) => 14 + (1 - (nats - low) / span) * (height - bottom - 24);
  const middle = along[shifts.indexOf(0)];
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}` });
  root.append(svg("line", { class: "axis", x1: left, x2: width - 8, y1: height - bottom, y2: height - bottom }));
  for (const shift of [-4, -2, 0, 2, 4]) {
    const label = shift === 0 ? "the mean" : `${shift < 0 ? "−" : "+"}${Math.abs(shift)} px`;
    root.append(
      svg(
        "text",
        { x: x(shift), y: height - 12, "text-anchor": shift === 4 ? "end" : shift === -4 ? "start" : "middle" },
        label,
      ),
    );
  }
  for (const nats of [low, low + span])
    root.append(svg("text", { x: left - 6, y: y(nats) + 5, "text-anchor": "end" }, nats.toFixed(2)));
  root.append(
    svg("path", { class: "line", d: `M${shifts.map((shift, index) => `${x(shift)},${y(along[index])}`).join("L")}` }),
  );
  const reach = 2.5;
  const [before, after] = [-reach, reach].map((shift) =>
    Math.min(Math.max(y(middle + shift * slope[0]), 0), height - bottom),
  );
  root.append(svg("line", { class: "tangent", x1: x(-reach), x2: x(reach), y1: before, y2: after }));
  root.append(svg("circle", { class: "here", cx: x(0), cy: y(middle), r: 5 }));
  return root;
}
