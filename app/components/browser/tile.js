// One digit of the learning viewer: the picture with the scan path, the patches, the answer.

import { cleared, drawBorder, drawPath, fit, lighten, paint, showPatch } from "./canvas.js";
import { setIcon } from "./icons.js";
import { extentOf, frameOf, placeOf, windowAt } from "./layout.js";
import { cssColor, dim, lit } from "./light.js";
import { partsOf } from "./mount.js";
import { lookAt } from "./readings.js";
import { crop, padded, seenCoarsely } from "./seen.js";
import { fixed, nameOfReading } from "./words.js";

/** @typedef {import("./readings.js").Replay} Replay */

const HTML =
  '<figure class="tile"><canvas class="field" role="img"></canvas><small class="truth" aria-hidden="true"></small><div class="patches" role="img"></div>' +
  '<p class="answer"><span class="mark"></span><span class="says"><span class="sr"></span>' +
  '<small class="word">says</small> <span class="class"></span> <small class="share"></small></span></p>' +
  '<p class="value"><span class="name"></span> <b class="number"></b></p></figure>';
const PARTS = /** @type {const} */ (["field", "truth", "patches", "mark", "sr", "class", "share", "name", "number"]);
const MOST_LAYERS = 4; // of the coarser scales that are kept
const CROWD = 9; // glimpses from which on their discs get smaller
const NOTHING = [0, 0, 0, 0];

export class Tile {
  /**
   * @param {Replay} replay
   * @param {number} digit
   * @param {number[][]} image
   * @param {import("./light.js").Light} light
   */
  constructor({ colors, size, scales, labels, classes, value_name, explains }, digit, image, light) {
    this.colors = colors;
    this.size = size;
    this.scales = scales;
    this.digit = digit;
    this.image = image;
    this.light = light;
    this.label = labels[digit];
    this.name = classes[this.label];
    this.field = cssColor(light.dark);
    this.dim = paint(image, (grey) => dim(light, grey));
    this.reach = Math.ceil(size / 2);
    this.lit = paint(padded(image, this.reach), (grey) => lit(light, grey, 0));
    this.coarse = new Map(); // layers of the coarser scales by reading, only the last few
    this.element = document.createElement("div");
    this.element.className = "cell";
    this.element.innerHTML = HTML;
    this.ui = partsOf(this.element, PARTS);
    this.ui.truth.textContent = `is ${this.name}`;
    this.ui.name.textContent = value_name;
    this.ui.name.title = explains;
    this.element.classList.toggle("wordy", value_name !== "value");
    const patches = colors.map((color) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
      canvas.style.setProperty("--c", color);
      return canvas;
    });
    this.ui.patches.append(...patches);
  }

  /**
   * @param {Replay} data
   * @param {number} reading
   */
  show(data, reading) {
    const answer = data.answers[reading][this.digit];
    const says = data.classes[answer];
    const right = answer === this.label;
    this.element.classList.toggle("wrong", !right);
    if (this.marked !== right) setIcon(this.ui.mark, right ? "right" : "wrong");
    this.marked = right;
    this.ui.sr.textContent = right ? "Right: the model " : "Wrong: the model ";
    this.ui.class.textContent = says;
    this.ui.share.textContent = `· ${Math.round(100 * data.sure[reading][this.digit])} %`;
    this.ui.number.textContent = fixed(data.values[reading][this.digit]);
    const when = `digit ${this.name} at ${nameOfReading(data.steps[reading], data.epochs[reading])}`;
    this.ui.field.setAttribute("aria-label", `${when}: the model says ${says}, ${right ? "right" : "wrong"}`);
    this.ui.patches.setAttribute("aria-label", `What the ${this.colors.length} glimpses saw of ${when}`);
    data.corners[reading][this.digit].forEach((corners, glimpse) => {
      showPatch(this.ui.patches.children[glimpse], crop(this.image, corners[0], this.size, 0));
    });
  }

  /** Forgets what it has painted of single readings: these have other numbers now. */
  forget() {
    this.coarse.clear();
  }

  fit() {
    fit(this.ui.field);
  }

  // With some room for windows that look over the border.
  get frame() {
    const margin = Math.min(this.reach + 0.5, Math.max(this.image.length, this.image[0].length) / 9);
    return frameOf(this.ui.field, this.image, margin);
  }

  /**
   * @param {Replay} data
   * @param {number[]} pose Locations and windows on screen.
   * @param {{ from: number, to: number, share: number }} fade Between which readings that is, and how far on the way.
   */
  draw(data, pose, { from, to, share }) {
    const context = cleared(this.ui.field, this.field);
    if (!this.ui.field.width) return;
    const frame = this.frame;
    const first = this.digit * this.colors.length;
    const looks = this.colors.map((_, glimpse) => lookAt(pose, first + glimpse));
    const windows = looks.map(({ corner }) => windowAt(corner, this.size, frame));
    if (this.scales > 1) {
      // One comes before the other goes, so that what both saw stays lit.
      this.drawCoarse(context, frame, data, from, Math.min(1, 2 * (1 - share)));
      if (share > 0) this.drawCoarse(context, frame, data, to, Math.min(1, 2 * share));
    }
    lighten(context, this.dim, frame);
    drawBorder(context, frame, this.light);
    this.drawSeen(context, frame, windows);
    this.drawScanPath(context, frame, looks, windows);
  }

  drawCoarse(context, frame, data, reading, alpha) {
    if (!this.coarse.has(reading)) {
      if (this.coarse.size >= MOST_LAYERS) this.coarse.delete(this.coarse.keys().next().value);
      this.coarse.set(reading, this.paintCoarse(data.corners[reading][this.digit]));
    }
    context.globalAlpha = alpha;
    context.drawImage(this.coarse.get(reading), ...extentOf(frame));
    context.globalAlpha = 1;
  }

  paintCoarse(corners) {
    const { grey, scales } = seenCoarsely(this.image, corners, this.size);
    return paint(grey, (level, x, y) => (level < 0 ? NOTHING : lit(this.light, level, scales[y][x])));
  }

  // The finest windows as moving light: at rest they show exactly the pixels the sensor saw.
  drawSeen(context, frame, windows) {
    context.save();
    context.beginPath();
    for (const window of windows) context.rect(...window);
    context.clip();
    context.drawImage(this.lit, ...extentOf(frame, this.reach));
    context.restore();
  }

  drawScanPath(context, frame, looks, windows) {
    const ratio = window.devicePixelRatio || 1;
    const crowd = looks.length > CROWD ? Math.max(0.6, Math.sqrt(CROWD / looks.length)) : 1;
    const radius = Math.max(frame.pixel * 1.15, 9.5 * ratio) * crowd;
    const points = looks.map(({ location }) => placeOf(location, frame));
    context.lineWidth = Math.max(1.5 * ratio * crowd, 1);
    context.globalAlpha = 0.85;
    windows.forEach((place, glimpse) => {
      context.strokeStyle = this.colors[glimpse];
      context.strokeRect(...place);
    });
    context.globalAlpha = 1;
    drawPath(context, points, this.colors, { radius, reached: points.length, field: this.field });
  }
}
