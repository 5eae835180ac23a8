import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  beliefCharts,
  probabilitiesFigure,
  probabilitiesInWords,
  textOn,
  valueFigure,
  valueInWords,
} from "../../app/components/browser/belief.js";

const COLORS = ["#5b45d6", "#c0508e", "#f8bd1d"];
const NUMBERS = {
  values: [0.25, 0.5, 0.75],
  probabilities: [
    [0.5, 0.3, 0.2],
    [0.125, 0.75, 0.125],
    [0, 1, 0],
  ],
};
const OWN = {
  values: [0.3, 0.6, 0.9],
  probabilities: [
    [0.5, 0.3, 0.2],
    [0.25, 0.5, 0.25],
    [0.75, 0.125, 0.125],
  ],
};

/** A look, as far as the charts ask. @returns {any} */
const scene = (changes = {}) => ({
  ...NUMBERS,
  ...{ colors: COLORS, classes: ["0", "1", "2"], axis: "probability", expects: "expected reward", own: null },
  ...changes,
});

const named = (figure, uid) => figure.data.find((trace) => trace.uid === uid);

test("each value stands over its glimpse in the step's colour", () => {
  const figure = valueFigure(scene());
  const line = named(figure, "value");
  assert.deepEqual([line.x, line.y, line.marker.color], [[1, 2, 3], [0.25, 0.5, 0.75], COLORS]);
  assert.equal(line.hovertemplate, "glimpse %{x}<br>value %{y:.3f}: expected reward<extra></extra>");
  assert.deepEqual([figure.layout.xaxis.title.text, figure.layout.yaxis.title.text], ["glimpse", "probability"]);
});

test("bars say how sure the model is if it stops there", () => {
  const bars = named(valueFigure(scene({ classes: ["0", "<b>", "2"] })), "sure");
  assert.deepEqual(
    [bars.x, bars.y, bars.customdata],
    [
      [1, 2, 3],
      [0.5, 0.75, 1],
      ["0", "&lt;b&gt;", "&lt;b&gt;"],
    ],
  );
  assert.deepEqual(bars.marker.color, COLORS);
});

test("the last value and the last sureness stand beside the chart without touching", () => {
  const ends = (value, sure) =>
    named(valueFigure(scene({ values: [value], probabilities: [[sure, 1 - sure]] })), "labels");
  // A label is 1.2 * 17 of the 172 px from -0.08 to 1.08 high: 0.1376, and half of that stays free at the border.
  const apart = ((1.2 * 17) / 172) * 1.16;
  assert.deepEqual(ends(0.25, 0.75).y, [0.25, 0.75]);
  assert.deepEqual(ends(0.25, 0.75).text, ["\u00a0value <b>0.25</b>", "\u00a0sure <b>0.75</b>"]);
  const close = ends(0.55, 0.5);
  assert.deepEqual(close.text, ["\u00a0sure <b>0.50</b>", "\u00a0value <b>0.55</b>"]);
  near(close.y, [0.525 - apart / 2, 0.525 + apart / 2]);
  near(ends(1, 1).y, [1.08 - 1.5 * apart, 1.08 - apart / 2]);
  assert.deepEqual(ends(1, 1).text, ["\u00a0sure <b>1.00</b>", "\u00a0value <b>1.00</b>"]);
  assert.equal(ends(-0.001, 0.5).text[0], "\u00a0value <b>0.00</b>");
});

test("the value's axis spans zero to one and every value", () => {
  const range = (values) => valueFigure(scene({ values, probabilities: values.map(() => [1]) })).layout.yaxis.range;
  near(range([0.25, 0.5]), [-0.08, 1.08]);
  near(range([-0.5, 1.5]), [-0.58, 1.58]);
  near(range([2, 0.5]), [-0.08, 2.08]);
});

test("the probabilities after a glimpse are a column from the dark field to the step's colour", () => {
  const columns = probabilitiesFigure(scene()).data.filter(({ type }) => type === "heatmap");
  assert.deepEqual(
    columns.map(({ x, y, z }) => [x, y, z]),
    NUMBERS.probabilities.map((row, step) => [[step + 1], [0, 1, 2], row.map((share) => [share])]),
  );
  assert.deepEqual(
    columns.map(({ colorscale, zmin, zmax }) => [colorscale[1], zmin, zmax]),
    COLORS.map((color) => [[1, color], 0, 1]),
  );
});

test("cells carry percent, none below one, in the colour that reads best", () => {
  const { x, y, text, textfont } = named(probabilitiesFigure(scene()), "percents");
  assert.deepEqual(text, ["50", "30", "20", "13", "75", "13", "100"]);
  assert.deepEqual(
    [x, y],
    [
      [1, 1, 1, 2, 2, 2, 3],
      [0, 1, 2, 0, 1, 2, 1],
    ],
  );
  assert.equal(textfont.color[6], "#0a0c12"); // the last step is amber
  assert.equal(textfont.color[2], "#ffffff"); // nearly the dark field
});

test("every class is on the axis by its name, the first on top", () => {
  const { layout } = probabilitiesFigure(scene({ classes: ["0", "<b>", "hippopotamus"] }));
  assert.deepEqual(
    [layout.yaxis.range, layout.xaxis.range],
    [
      [2.5, -0.5],
      [0.5, 3.5],
    ],
  );
  assert.deepEqual(layout.yaxis.ticktext, ["0", "&lt;b&gt;", "hippop…"]);
  assert.deepEqual([layout.xaxis.title.text, layout.yaxis.title.text], ["glimpse", "class"]);
});

test("Plotly shows each sign of a name as it is", () => {
  const { layout } = probabilitiesFigure(scene({ classes: ["'\"'", "&amp;", "<i>"] })); // it would show &quot; as that
  assert.deepEqual(layout.yaxis.ticktext, ["'\"'", "&amp;amp;", "&lt;i&gt;"]);
});

test("no character of a name is cut in two", () => {
  const { layout } = probabilitiesFigure(scene({ classes: ["🐸🐸🐸🐸🐸🐸🐸", "a🐸🐸🐸🐸🐸🐸🐸", "b"] }));
  assert.deepEqual(layout.yaxis.ticktext, ["🐸🐸🐸🐸🐸🐸🐸", "a🐸🐸🐸🐸🐸…", "b"]);
});

test("with many classes the cells carry no numbers, and still say of which class they are", () => {
  const classes = ["<a>", ..."bcdefghijklmnopqrstuvwxyz"];
  const many = scene({ values: [0.5], probabilities: [classes.map(() => 1 / 26)], classes });
  const [cells, ...others] = probabilitiesFigure(many).data;
  assert.deepEqual([cells.type, others], ["heatmap", []]);
  assert.deepEqual([cells.customdata[0], cells.customdata[25]], [["&lt;a&gt;"], ["z"]]);
  assert.match(cells.hovertemplate, /class %{customdata}<br>/);
});

test("the model's own way stands beside yours where a glimpse was moved", () => {
  const moved = scene({ own: OWN });
  const [value, probabilities] = [valueFigure(moved), probabilitiesFigure(moved)];
  assert.deepEqual(named(value, "own-value").y, [0.3, 0.6, 0.9]);
  assert.deepEqual(named(value, "value").y, [0.25, 0.5, 0.75]);
  assert.deepEqual(
    [named(value, "own-sure").y, named(value, "own-sure").customdata],
    [
      [0.5, 0.5, 0.75],
      ["0", "1", "0"],
    ],
  );
  const [left, right] = [named(probabilities, "own-probabilities-3"), named(probabilities, "probabilities-3")];
  near([...left.x, ...right.x], [2.58, 2.84, 2.9, 3.46]);
  assert.deepEqual(
    [left.z, right.z],
    [
      [[0.75], [0.125], [0.125]],
      [[0], [1], [0]],
    ],
  );
  assert.deepEqual(named(probabilities, "own-percents").text.slice(-3), ["75", "13", "13"]);
  for (const { layout } of [value, probabilities]) assert.match(layout.title.text, /pale: its own way$/);
});

test("the charts are told in words with their numbers", () => {
  const words =
    "The value (expected reward) after each glimpse: 0.25, 0.50, 0.75. " +
    "How sure the model would be if it stopped there, in percent: 50, 75, 100.";
  assert.equal(valueInWords(scene()), words);
  assert.equal(
    valueInWords(scene({ own: OWN })),
    `${words} Its own way: The value (expected reward) after each glimpse: 0.30, 0.60, 0.90. ` +
      "How sure the model would be if it stopped there, in percent: 50, 50, 75.",
  );
  const [, ending] = probabilitiesInWords(scene({ own: OWN })).split("in percent: ");
  assert.equal(ending, "0 with 50, 1 with 75, 1 with 100. Its own way: 0 with 50, 1 with 50, 0 with 75.");
});

test("new numbers move the charts and leave the rest alone", () => {
  const identity = ({ data, layout }) => [data.map(({ uid }) => uid), layout.uirevision];
  for (const figure of [valueFigure, probabilitiesFigure]) {
    const [uids, revision] = identity(figure(scene()));
    assert.deepEqual(identity(figure(scene({ ...OWN }))), [uids, revision]);
    assert.ok(revision && uids.every(Boolean));
  }
});

test("the charts fit light and dark pages, and keep still under a finger", () => {
  for (const chart of beliefCharts(scene())) {
    const { layout } = JSON.parse(chart.figure);
    assert.deepEqual([layout.paper_bgcolor, layout.plot_bgcolor], Array(2).fill("rgba(0,0,0,0)"));
    const { font, title, xaxis, yaxis } = layout;
    for (const part of [font, title.font, xaxis.tickfont, xaxis.title.font, yaxis.tickfont, yaxis.title.font])
      assert.ok(part.size >= 14 && part.color === undefined);
    assert.deepEqual([layout.height, chart.height, xaxis.fixedrange, yaxis.fixedrange], [260, 260, true, true]);
  }
});

test("a text takes the colour with more contrast", () => {
  const grounds = [
    [0, 0, 0],
    [255, 255, 255],
    [110, 86, 231],
    [248, 189, 29],
  ];
  assert.deepEqual(grounds.map(textOn), ["#ffffff", "#0a0c12", "#ffffff", "#0a0c12"]);
});

test("both charts and their axes are listed among the numbers", () => {
  const listed = readFileSync(new URL("../../docs/numbers.md", import.meta.url), "utf8");
  for (const chart of beliefCharts(scene())) {
    const { layout } = JSON.parse(chart.figure);
    for (const { title } of [layout, layout.xaxis, layout.yaxis]) assert.ok(listed.includes(`"${title.text}"`));
  }
});

function near(found, expected) {
  assert.equal(found.length, expected.length);
  for (const [index, number] of found.entries()) assert.ok(Math.abs(number - expected[index]) < 1e-9, `${found}`);
}
