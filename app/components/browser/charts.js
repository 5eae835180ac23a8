// Plotly charts that stay on the page while their figures change.
//
// A chart keeps its node, and Plotly moves what differs.

import { beliefCharts } from "./belief.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { follow } from "./on_screen.js";

const CONFIG = { displayModeBar: false };
const QUIET = 0.75; // opacity of numbers and names beside a chart, as in Streamlit's own charts
const LINE = 0.16; // and of lines
const HEAD_START_MS = 35; // Plotly keeps the browser busy for a tenth of a second: a viewer's first frame goes before
const TROUBLE = "The charts could not be loaded. Reload the page to try again.";

/** @typedef {{ name: string, alt: string, caption: string, height: number, figure: string }} ChartData */
/** Charts, or the name of the viewer whose look they are of. @typedef {{ library: string, charts: ChartData[], viewer: string }} Data */

export default keptPerRoot((root) => new Board(partsOf(root, ["live-charts"])["live-charts"]));

class Board {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.grid = Object.assign(document.createElement("div"), { className: "grid" });
    this.trouble = Object.assign(document.createElement("p"), { className: "trouble", role: "status" });
    place.replaceChildren(this.grid, this.trouble);
    /** @type {Map<string, Chart>} */
    this.charts = new Map();
    this.plotly = null;
    this.drawing = false;
    this.library = "";
    /** @type {import("./viewer.js").Scene | null} */
    this.scene = null;
    this.unfollow = () => {};
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.grid);
  }

  destroy() {
    this.unfollow();
    this.resizing.disconnect();
    for (const chart of this.charts.values()) this.plotly?.purge(chart.element);
    this.charts.clear();
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data: { library, charts, viewer } }) {
    this.library = library;
    this.unfollow();
    this.scene = null; // the theme may be another
    if (!viewer) this.show(charts);
    else this.unfollow = follow(viewer, ({ scene }) => this.showLook(scene));
  }

  /** @param {import("./viewer.js").Scene | null} scene */
  showLook(scene) {
    if (scene === this.scene) return;
    this.scene = scene;
    this.show(scene ? beliefCharts(scene) : []);
  }

  /** @param {ChartData[]} charts */
  show(charts) {
    const before = this.charts;
    this.charts = new Map(charts.map(({ name }) => [name, before.get(name) ?? new Chart()]));
    for (const [name, chart] of before) if (!this.charts.has(name)) this.remove(chart);
    for (const chart of charts) this.charts.get(chart.name)?.take(chart);
    const elements = [...this.charts.values()].map(({ frame }) => frame);
    // Only when they differ: a node that is put in again loses its hover label.
    if (elements.some((element, index) => element !== this.grid.children[index]))
      this.grid.replaceChildren(...elements);
    this.theme = JSON.stringify(template(this.place));
    if (this.plotly) this.draw();
    else if (charts.length) this.load(this.library);
  }

  remove(chart) {
    this.plotly?.purge(chart.element);
    chart.frame.remove();
  }

  async load(library) {
    try {
      this.plotly = await plotly(library);
      this.trouble.textContent = "";
      this.draw();
    } catch (error) {
      console.error(error);
      this.trouble.textContent = TROUBLE;
    }
  }

  get stale() {
    return [...this.charts.values()].find((chart) => chart.isStale(this.theme));
  }

  // One chart after each frame, so that whatever else moves on the page goes on moving.
  async draw() {
    if (this.drawing || !this.plotly) return;
    this.drawing = true;
    try {
      await new Promise((done) => setTimeout(done, HEAD_START_MS));
      for (let chart = this.stale; chart; chart = this.stale) {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        // It may have left in the meantime.
        if (chart.element.isConnected) await chart.draw(this.plotly, this.theme);
      }
    } finally {
      this.drawing = false;
    }
  }
}

class Chart {
  constructor() {
    this.element = Object.assign(document.createElement("div"), { className: "chart", role: "img" });
    this.caption = document.createElement("figcaption");
    this.frame = document.createElement("figure");
    this.frame.append(this.element, this.caption);
    /** @type {{ figure?: string, theme?: string, width?: number }} */
    this.drawn = {};
    this.figure = "";
    this.height = 0;
    this.element.addEventListener("mousemove", ({ clientX, clientY }) => (this.pointer = { clientX, clientY }));
    this.element.addEventListener("mouseleave", () => (this.pointer = null));
  }

  /** @param {ChartData} chart */
  take({ alt, caption, height, figure }) {
    this.element.setAttribute("aria-label", alt);
    if (this.caption.textContent !== caption) this.caption.textContent = caption;
    this.element.style.height = `${height}px`;
    Object.assign(this, { height, figure });
  }

  // What is hidden has no width, and is drawn when it has.
  isStale(theme) {
    const { drawn, element } = this;
    const { clientWidth: width } = element;
    return width > 0 && !(drawn.figure === this.figure && drawn.theme === theme && drawn.width === width);
  }

  async draw(plotly, theme) {
    const { figure, height } = this;
    const width = this.element.clientWidth;
    this.drawn = { figure, theme, width };
    // Parsed anew each time: Plotly writes into what it gets.
    const { data, layout } = JSON.parse(figure);
    const title = layout.title?.text;
    if (title) layout.title.text = `<b>${title}</b>`;
    Object.assign(layout, { template: JSON.parse(theme), width, height });
    await plotly.react(this.element, data, layout, CONFIG);
    // Plotly takes the label of the point under the mouse away; the mouse is still there.
    const area = this.element.querySelector(".nsewdrag");
    if (this.pointer) area?.dispatchEvent(new MouseEvent("mousemove", { ...this.pointer, bubbles: true }));
  }
}

// ---- the look ----

// What a figure leaves open, from the page's theme: the colours, fonts and distances of Streamlit's own charts.
function template(place) {
  const style = getComputedStyle(place);
  const value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [red, green, blue] = style.color.match(/[\d.]+/g) ?? [];
  const faded = (opacity) => `rgba(${red}, ${green}, ${blue}, ${opacity})`;
  const [quiet, line] = [faded(QUIET), faded(LINE)];
  const font = { color: quiet, family: value("font"), size: 12 };
  const axis = {
    ...{ gridcolor: line, zerolinecolor: line, tickcolor: line, automargin: true },
    tickfont: { color: quiet, size: 12 },
  };
  const name = { color: quiet, size: 14 };
  return {
    layout: {
      font,
      title: {
        font: { family: value("heading-font"), color: value("heading-color"), size: 16 },
        ...{ pad: { l: 4 }, x: 0, xanchor: "left" },
      },
      colorway: value("chart-categorical-colors").split(","),
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { pad: 8, l: 0, r: 0 },
      xaxis: { ...axis, showgrid: false, zeroline: false, title: { font: name, standoff: 20 } },
      yaxis: { ...axis, ticklabelposition: "outside", title: { font: name, standoff: 24 } },
      hoverlabel: { bgcolor: value("background-color"), bordercolor: value("border-color"), font },
    },
  };
}

// ---- Plotly ----

/** @type {Promise<any> | null} */
let loading = null;

// Once a window, however many charts and pages it shows.
function plotly(address) {
  loading ??= load(address).catch((error) => {
    loading = null; // the next figures try again
    throw error;
  });
  return loading;
}

async function load(address) {
  const answer = await fetch(new URL(address, document.baseURI));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const url = URL.createObjectURL(new Blob([await answer.text()], { type: "text/javascript" }));
  try {
    await import(url);
    return /** @type {any} */ (window).Plotly;
  } finally {
    URL.revokeObjectURL(url);
  }
}
