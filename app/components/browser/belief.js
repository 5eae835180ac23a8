// Charts of what the model believes, as figures in the words of Plotly's reference: its value and its class
// probabilities after each glimpse. What a figure leaves open is the page's (charts.js).

import { clamp, mix } from "./motion.js";
import { escaped, fixed } from "./words.js";

/** @typedef {import("./viewer.js").Scene} Scene */
/** The numbers of a look: the user's, or the model's of its own accord. @typedef {Pick<Scene, "values" | "probabilities">} Numbers */
/** @typedef {Record<string, any>} Trace */
/** @typedef {{ data: Trace[], layout: Record<string, any> }} Figure */

// As app/figures/chart.py has them.
const HEIGHT = 260; // px
const [LEFT, TOP, BOTTOM] = [64, 38, 50]; // px, the margins around the plot area
const FONT = 15; // px
const NEUTRAL = "rgba(128, 132, 149, 0.7)"; // reads on white and on #12141c alike
const GRID = "rgba(128, 132, 149, 0.25)";

const DARK = "#0a0c12"; // of text, as DARK_FIELD in app/look/light.py
const FIELD = "#171a26"; // the dark field behind probabilities, in both themes
const END = 17; // px, the font of the last numbers
const APART = (1.2 * END) / (HEIGHT - TOP - BOTTOM); // of two of them, in parts of the axis
const NAME_LENGTH = 7; // characters of a class's name that fit beside the chart
const MOST_LABELLED = 12; // classes; with more, the rows are lower than a number
const MOST_BESIDE = 8; // glimpses; with more, the narrow columns of the model's own way have no room for numbers
const PALE = "#aeb4c6"; // the model's own way on the dark field
const BESIDE = " · pale: its own way";

/**
 * Both charts, with what they show in words.
 *
 * @param {Scene} scene
 */
export const beliefCharts = (scene) => [
  chart("value", valueInWords(scene), valueFigure(scene)),
  chart("probabilities", probabilitiesInWords(scene), probabilitiesFigure(scene)),
];

/** @type {(name: string, alt: string, figure: Figure) => import("./charts.js").ChartData} */
const chart = (name, alt, figure) => ({ name, alt, caption: "", height: HEIGHT, figure: JSON.stringify(figure) });

/**
 * How sure the model is if it stops after a glimpse, as bars, and the value, the reward that it expects in the end.
 *
 * Both are from 0 to 1, though a value is an estimate, which may leave this range. Where glimpses were moved, the
 * model's own way stands beside it, narrow and grey.
 *
 * @param {Scene} scene
 * @returns {Figure}
 */
export function valueFigure(scene) {
  const { own, values, colors, classes, expects } = scene;
  const all = [...values, ...(own?.values ?? [])];
  const range = [Math.min(0, ...all) - 0.08, Math.max(1, ...all) + 0.08];
  const data = [
    bars(scene, classes, {
      ...{ uid: "sure", hovertemplate: hover("", "sure if it stopped now: %{y:.1%}, class %{customdata}") },
      ...{ marker: { color: colors, opacity: 0.42, line: { width: 0 } }, width: own ? 0.46 : 0.62 },
      ...(own ? { offset: -0.11 } : {}),
    }),
    line(values, {
      ...{ uid: "value", hovertemplate: hover("", `value %{y:.3f}: ${expects}`) },
      ...{ line: { color: NEUTRAL, width: 2 }, marker: { color: colors, size: 13 } },
    }),
    ends(scene, range),
  ];
  if (own) {
    data.unshift(
      bars(own, classes, {
        ...{ uid: "own-sure", hovertemplate: hover(OWN, "sure if it stopped now: %{y:.1%}, class %{customdata}") },
        ...{ marker: { color: NEUTRAL, opacity: 0.5, line: { width: 0 } }, width: 0.22, offset: -0.35 },
      }),
      line(own.values, {
        ...{ uid: "own-value", hovertemplate: hover(OWN, `value %{y:.3f}: ${expects}`) },
        ...{ line: { color: NEUTRAL, width: 1.5, dash: "dot" }, marker: { color: NEUTRAL, size: 7 } },
      }),
    );
  }
  const title = own ? `Value, and how sure${BESIDE}` : "Value, and how sure if it stopped now";
  const yaxis = axis(scene.axis, { range, dtick: 0.5, gridcolor: GRID });
  const room = { right: 104, xaxis: glimpseAxis(values.length), yaxis }; // px, for the labels
  return { data, layout: { ...layout(title, "value", room), barmode: "overlay" } };
}

const OWN = ", its own way";

/** @param {string} whose @param {string} says */
const hover = (whose, says) => `glimpse %{x}${whose}<br>${says}<extra></extra>`;

/** @param {number[]} probabilities */
const largest = (probabilities) => Math.max(...probabilities);

/** The name of the most probable class. @param {number[]} probabilities @param {string[]} classes */
const best = (probabilities, classes) => classes[probabilities.indexOf(largest(probabilities))];

/** @param {unknown[]} steps */
const glimpses = (steps) => steps.map((_, step) => step + 1);

/** @type {(numbers: Numbers, classes: string[], look: Trace) => Trace} */
const bars = ({ probabilities }, classes, look) => ({
  ...{ type: "bar", x: glimpses(probabilities), y: probabilities.map(largest) },
  customdata: probabilities.map((row) => escaped(best(row, classes))),
  ...look,
});

/** @type {(values: number[], look: Trace) => Trace} */
const line = (values, look) => ({
  ...{ type: "scatter", mode: "lines+markers", x: glimpses(values), y: values, cliponaxis: false },
  ...look,
});

/**
 * The last numbers beside the chart, moved as little as it takes not to touch.
 *
 * @param {Scene} scene
 * @param {number[]} range Of the axis.
 * @returns {Trace}
 */
function ends({ values, probabilities }, [low, high]) {
  const [value, sure] = [
    /** @type {number} */ (values.at(-1)),
    largest(/** @type {number[]} */ (probabilities.at(-1))),
  ];
  const labels = [
    { at: sure, text: `sure <b>${fixed(sure)}</b>` },
    { at: value, text: `value <b>${fixed(value)}</b>` },
  ].sort((a, b) => a.at - b.at);
  const apart = APART * (high - low);
  const overlap = Math.max(apart - (labels[1].at - labels[0].at), 0) / 2;
  const lower = clamp(labels[0].at - overlap, low + apart / 2, high - 1.5 * apart);
  const upper = clamp(labels[1].at + overlap, lower + apart, high - apart / 2);
  return {
    ...{ type: "scatter", uid: "labels", mode: "text", x: labels.map(() => values.length + 0.5), y: [lower, upper] },
    text: labels.map(({ text }) => `\u00a0${text}`), // a space, or they would touch the plot area
    ...{ textfont: { size: END }, textposition: "middle right", cliponaxis: false, hoverinfo: "skip" },
  };
}

/**
 * What the chart of values shows, for those who cannot see it.
 *
 * @param {Scene} scene
 */
export function valueInWords({ expects, own, ...numbers }) {
  const words = (/** @type {Numbers} */ { values, probabilities }) =>
    `The value (${expects}) after each glimpse: ${values.map(fixed).join(", ")}. How sure the model would be if it ` +
    `stopped there, in percent: ${probabilities.map((row) => (100 * largest(row)).toFixed()).join(", ")}.`;
  return own ? `${words(numbers)} Its own way: ${words(own)}` : words(numbers);
}

/**
 * What the chart of probabilities shows, for those who cannot see it.
 *
 * @param {Scene} scene
 */
export function probabilitiesInWords({ classes, probabilities, own }) {
  const words = (/** @type {number[][]} */ rows) =>
    rows.map((row) => `${best(row, classes)} with ${(100 * largest(row)).toFixed()}`).join(", ");
  const yours = `The probability of each class after each glimpse. The most probable, in percent: ${words(probabilities)}.`;
  return own ? `${yours} Its own way: ${words(own.probabilities)}.` : yours;
}

/**
 * The probability of every class after each glimpse: a column a glimpse, in the step's colour.
 *
 * The brighter a cell, the more probable its class; the numbers are percent, left out below 1 %. Where glimpses were
 * moved, the model's own way stands to the left of each column, narrow and grey.
 *
 * @param {Scene} scene
 * @returns {Figure}
 */
export function probabilitiesFigure({ probabilities, classes, colors, own }) {
  const labelled = classes.length <= MOST_LABELLED;
  const yours = probabilities.map((row, step) => column(row, step, colors[step], own ? [-0.1, 0.46] : null));
  const others = (own?.probabilities ?? []).map((row, step) => column(row, step, PALE, [-0.42, -0.16]));
  const names = classes.map((name) => [escaped(name)]);
  const data = [...others.map((each) => cells(each, names, "own-")), ...yours.map((each) => cells(each, names))];
  if (labelled && others.length && others.length <= MOST_BESIDE) data.push(percents(others, "own-", 11));
  if (labelled) data.push(percents(yours));
  const yaxis = axis("class", {
    ...{ range: [classes.length - 0.5, -0.5], showgrid: false },
    ...(labelled ? { tickvals: classes.map((_, index) => index), ticktext: classes.map(short) } : {}),
  });
  const title = own ? `Class probabilities, %${BESIDE}` : "Class probabilities in percent";
  const room = { right: 8, xaxis: glimpseAxis(probabilities.length), yaxis };
  return { data, layout: layout(title, "probabilities", room) };
}

/** @param {string} name */
function short(name) {
  const characters = [...name]; // one each, though an emoji has a length of two
  const fits = characters.length <= NAME_LENGTH;
  return escaped(fits ? name : `${characters.slice(0, NAME_LENGTH - 1).join("")}…`);
}

/**
 * The probabilities after one glimpse, and where they stand; without edges they fill the glimpse's place.
 *
 * @typedef {{ row: number[], step: number, color: string, x: number[], middle: number }} Column
 * @type {(row: number[], step: number, color: string, edges: [number, number] | null) => Column}
 */
function column(row, step, color, edges) {
  const x = (edges ?? [0]).map((edge) => step + 1 + edge);
  return { row, step, color, x, middle: (x[0] + x[x.length - 1]) / 2 };
}

/** @type {(column: Column, names: string[][], name?: string) => Trace} */
const cells = ({ row, step, color, x }, names, name = "") => ({
  ...{ type: "heatmap", uid: `${name}probabilities-${step + 1}`, x },
  ...{ y: row.map((_, index) => index), z: row.map((share) => [share]), zmin: 0, zmax: 1, showscale: false },
  ...{
    colorscale: [
      [0, FIELD],
      [1, color],
    ],
    xgap: 2,
    ygap: row.length <= MOST_LABELLED ? 1 : 0,
  },
  customdata: names,
  hovertemplate: `glimpse ${step + 1}${name && OWN}<br>class %{customdata}<br>probability %{z:.1%}<extra></extra>`,
});

/**
 * Numbers in the cells. Not the heatmap's own text: its automatic colour is dark grey on the brighter half of our steps.
 *
 * @param {Column[]} columns
 * @returns {Trace}
 */
function percents(columns, name = "", size = 14) {
  const shown = columns.flatMap(({ row, color, middle }) =>
    row.map((share, y) => ({ x: middle, y, share, color })).filter(({ share }) => share >= 0.01),
  );
  return {
    ...{ type: "scatter", uid: `${name}percents`, mode: "text", hoverinfo: "skip" },
    ...{ x: shown.map(({ x }) => x), y: shown.map(({ y }) => y) },
    text: shown.map(({ share }) => (100 * share).toFixed()),
    textfont: { size, color: shown.map(({ color, share }) => textOn(mix(rgb(FIELD), rgb(color), share))) },
  };
}

/** Red, green and blue of #rrggbb. @param {string} color */
const rgb = (color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/**
 * The text colour, dark or white, with the higher contrast on a ground (WCAG 2.2).
 *
 * @param {number[]} ground Red, green and blue.
 */
export function textOn(ground) {
  const light = luminance(ground) + 0.05;
  return 1.05 / light > light / (luminance(rgb(DARK)) + 0.05) ? "#ffffff" : DARK;
}

/** Relative, from 0 to 1. @param {number[]} color */
function luminance(color) {
  const [red, green, blue] = color.map((byte) =>
    byte <= 0.04045 * 255 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {number} steps */
const glimpseAxis = (steps) =>
  axis("glimpse", {
    ...{ range: [0.5, steps + 0.5], tick0: 1, dtick: Math.max(1, Math.round(steps / 12)), showgrid: false },
    standoff: 8,
  });

/** @type {(title: string, more: Record<string, any>) => Record<string, any>} */
const axis = (text, { standoff = 16, ...more }) => ({
  // Sizes stand here because the theme's own axes are smaller than the back row can read.
  ...{ fixedrange: true, zeroline: false, ticks: "", tickfont: { size: FONT } },
  ...{ title: { text, font: { size: FONT }, standoff }, ...more },
});

/** @type {(title: string, revision: string, room: { right: number, xaxis: object, yaxis: object }) => Record<string, any>} */
const layout = (text, revision, { right, xaxis, yaxis }) => ({
  title: { text, font: { size: 17 }, x: 0, xref: "container", y: 0.97, yanchor: "top" },
  ...{ height: HEIGHT, margin: { l: LEFT, r: right, t: TOP, b: BOTTOM }, font: { size: FONT } },
  ...{ paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false },
  ...{ uirevision: revision, xaxis, yaxis },
});
