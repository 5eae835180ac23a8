// A grid of cells on a canvas, each of which somebody can choose: by mouse, finger or keys.

import { columnsFor, moved } from "./activations.js";
import { fit } from "./canvas.js";

const GAP = 0.12;
const DEAD = "#5d6682";
const RING = "#ffffff";
const FOCUS = "#a99bff";
const GROUND = "#0a0c12"; // --dark-field

/**
 * @typedef {object} Errands
 * @property {(level: number) => number[]} paint The colour of a level, as red, green and blue.
 * @property {(index: number, level: number) => string} say A cell in words.
 * @property {(index: number) => void} choose
 * @property {(index: number | null) => void} point A cell is pointed at, or none any more.
 */

export class Cells {
  /** @type {number[]} */
  #from = [];
  /** @type {number[]} */
  #to = [];
  /** @type {Set<number>} */
  #dead = new Set();
  #columns = 1;
  #gap = GAP;
  /** @type {ImageData | null} */
  #pixels = null;
  #small = document.createElement("canvas");
  #share = 1;
  #at = 0;

  /**
   * @param {string} name What the cells are, for those who hear the page.
   * @param {Errands} errands
   */
  constructor(name, errands) {
    this.errands = errands;
    /** Of the cell that is explained. @type {number | null} */
    this.chosen = null;
    this.element = document.createElement("div");
    this.element.className = "cells";
    this.element.tabIndex = 0;
    // A slider is what chooses one of a row by keys, and says which.
    this.element.setAttribute("role", "slider");
    this.element.setAttribute("aria-label", name);
    this.element.setAttribute("aria-valuemin", "1");
    this.canvas = document.createElement("canvas");
    this.element.append(this.canvas);
    this.element.onclick = (event) => this.#choose(this.#under(event));
    this.element.onpointermove = (event) => errands.point(this.#under(event));
    this.element.onpointerleave = () => errands.point(null);
    this.element.onfocus = () => this.#point(this.#at);
    this.element.onblur = () => {
      errands.point(null);
      this.draw();
    };
    this.element.onkeydown = (event) => this.#key(event);
  }

  /**
   * @param {number} count
   * @param {{ columns?: number, dead?: number[], gap?: number }} options `gap` is between cells, in parts of one.
   */
  load(count, { columns = columnsFor(count), dead = [], gap = GAP }) {
    this.#columns = columns;
    this.#gap = gap;
    this.#dead = new Set(dead);
    this.#from = this.#to = [];
    this.#at = Math.min(this.#at, count - 1);
    this.element.setAttribute("aria-valuemax", String(count));
    const rows = Math.ceil(count / columns);
    this.#pixels = new ImageData(columns, rows);
    Object.assign(this.#small, { width: columns, height: rows });
    this.canvas.style.aspectRatio = `${columns} / ${rows}`;
  }

  /**
   * Takes other levels; `draw` shows them.
   *
   * @param {ArrayLike<number>} levels
   */
  take(levels) {
    const to = Array.from(levels);
    this.#from = this.#to.length === to.length ? this.#to : to;
    this.#to = to;
    this.#say();
  }

  fit() {
    fit(this.canvas);
    this.draw();
  }

  /** @param {number} share How far from the levels before to those of now. */
  draw(share = this.#share) {
    this.#share = share;
    const { width, height } = this.canvas;
    const context = this.canvas.getContext("2d");
    if (!context || !width || !this.#pixels) return;
    const side = width / this.#columns;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#paint(share), 0, 0, width, side * this.#pixels.height);
    this.#rule(context, side);
    for (const index of this.#dead) this.#cross(context, index, side);
    if (this.chosen !== null) this.#ring(context, this.chosen, side, RING);
    const focused = this.element.matches(":focus-visible");
    if (focused && this.#at !== this.chosen) this.#ring(context, this.#at, side, FOCUS);
  }

  // A pixel a cell, enlarged by the browser: that is quicker than to fill each of them.
  #paint(share) {
    const pixels = /** @type {ImageData} */ (this.#pixels);
    this.#to.forEach((level, index) => {
      const from = this.#from[index];
      pixels.data.set(this.errands.paint(Math.round(from + (level - from) * share)), 4 * index);
      pixels.data[4 * index + 3] = 255;
    });
    this.#small.getContext("2d")?.putImageData(pixels, 0, 0);
    return this.#small;
  }

  #rule(context, side) {
    const gap = Math.min(side * this.#gap, 2);
    const rows = /** @type {ImageData} */ (this.#pixels).height;
    context.fillStyle = GROUND;
    for (let column = 1; column <= this.#columns; column++)
      context.fillRect(column * side - gap, 0, gap, this.canvas.height);
    for (let row = 1; row <= rows; row++) context.fillRect(0, row * side - gap, this.canvas.width, gap);
  }

  #cross(context, index, side) {
    const [left, top] = this.#corner(index, side);
    context.strokeStyle = DEAD;
    context.lineWidth = Math.max(side / 9, 1);
    context.beginPath();
    context.moveTo(left + side * 0.25, top + side * 0.25);
    context.lineTo(left + side * 0.75, top + side * 0.75);
    context.moveTo(left + side * 0.75, top + side * 0.25);
    context.lineTo(left + side * 0.25, top + side * 0.75);
    context.stroke();
  }

  #ring(context, index, side, color) {
    const [left, top] = this.#corner(index, side);
    const line = Math.max(side / 5, 2);
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(left + line / 2, top + line / 2, side - line, side - line);
  }

  #corner(index, side) {
    return [(index % this.#columns) * side, Math.floor(index / this.#columns) * side];
  }

  /** @param {MouseEvent} event */
  #under({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const side = box.width / this.#columns;
    const column = Math.floor((clientX - box.left) / side);
    const index = Math.floor((clientY - box.top) / side) * this.#columns + column;
    return column >= 0 && column < this.#columns && index in this.#to ? index : null;
  }

  #choose(index) {
    if (index === null) return;
    this.#at = index;
    this.#say();
    this.errands.choose(index);
  }

  #point(index) {
    this.#at = index;
    this.#say();
    this.errands.point(index);
    this.draw();
  }

  #say() {
    this.element.setAttribute("aria-valuenow", String(this.#at + 1));
    if (this.#at in this.#to)
      this.element.setAttribute("aria-valuetext", this.errands.say(this.#at, this.#to[this.#at]));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = moved(event.key, this.#at, this.#columns, this.#to.length);
    if (to !== null) this.#point(to);
    else if (event.key === "Enter" || event.key === " ") this.#choose(this.#at);
    else return;
    event.preventDefault();
  }

  /** @param {number} index */
  level(index) {
    return this.#to[index];
  }
}
