// Watch it learn: the same digits as the model looked at them at one reading of its training after another.
//
// Two runs side by side are at the same epoch: whichever is played, stepped or scrubbed, the other one follows.
// In a live run new data come about once a second: more readings of the same run are added without a restart.

import { columnsBelow, columnsBeside } from "./layout.js";
import { ease, mix } from "./motion.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { Player } from "./player.js";
import { epochAt, nearest, placeOfEpoch, poseOf } from "./readings.js";
import { decode } from "./seen.js";
import { Tile } from "./tile.js";
import { Timeline } from "./timeline.js";
import { nameOfReading } from "./words.js";

/** @typedef {import("./readings.js").Replay} Replay */

const READING_MS = 700; // one reading while playing: a rest, then the move to the next
const REST = 0.3; // share of it in which the gaze rests
const FIRST_MS = 700; // a longer rest at the first, so that one sees where it began
const STEP_MS = 350; // the move after a key or button
const FOLLOW_MS = 600; // the move to a reading that has just come in
const ACROSS = 3; // digits in a row
const PARTS = /** @type {const} */ ([
  ...["learning", "empty", "tiles", "epoch", "count", "accuracy", "news"],
  ...["back", "play", "forward", "scrub"],
]);

/** All that are on the page. @type {Set<LearningViewer>} */
const viewers = new Set();

export default keptPerRoot((root) => new LearningViewer(root));

class LearningViewer {
  /** @param {ParentNode} root */
  constructor(root) {
    const ui = partsOf(root, PARTS);
    this.ui = ui;
    /** @type {Replay | null | undefined} */
    this.data = undefined; // null once the empty stage is up
    /** @type {Tile[]} */
    this.tiles = [];
    /** @type {number[]} */
    this.pose = this.departure = []; // what is on screen, and what was when the move began
    this.fade = { from: 0, to: 0, share: 0 }; // between which readings that is
    this.told = ""; // where it was when the others were told last
    this.shown = -1; // the reading whose answers are on screen
    this.timeline = new Timeline({ pace: READING_MS, snaps: true, rest: REST, opening: FIRST_MS, stride: STEP_MS });
    this.player = new Player(this.timeline, ui.learning, ui, { show: () => this.show() });
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(ui.learning);
    viewers.add(this);
  }

  get replay() {
    if (!this.data) throw new Error("There is no training to show");
    return this.data;
  }

  destroy() {
    viewers.delete(this);
    this.releaseOthers();
    this.player.destroy();
    this.resizing.disconnect();
  }

  /** @param {import("./mount.js").Component<{ replay: string | null, prompt: string, plays: boolean, light: import("./light.js").Light }>} component */
  update({ data: { replay: text, prompt, plays, light } }) {
    this.ui.empty.textContent = text ? "" : prompt;
    this.ui.learning.classList.toggle("idle", !text);
    if (this.text !== undefined && text === this.text) return;
    this.text = text;
    const data = text ? JSON.parse(text) : null;
    if (this.data !== undefined && data?.version === this.data?.version) return;
    if (data && data.id === this.data?.id) this.extend(data);
    else this.load(data, light, plays);
  }

  /**
   * @param {Replay | null} data
   * @param {import("./light.js").Light} light
   * @param {boolean} plays
   */
  load(data, light, plays) {
    this.data = data;
    this.releaseOthers();
    this.player.enable(data !== null);
    if (!data) {
      this.timeline.halt();
      this.clear();
      this.player.changed();
      return;
    }
    const { style } = this.ui.tiles;
    this.tiles = data.images.map((image, digit) => new Tile(data, digit, decode(image, data.shape), light));
    style.setProperty("--across", Math.min(this.tiles.length, ACROSS));
    style.setProperty("--beside", columnsBeside(data.colors.length));
    style.setProperty("--below", columnsBelow(data.colors.length));
    this.ui.tiles.replaceChildren(...this.tiles.map((tile) => tile.element));
    for (const tile of this.tiles) tile.fit();
    const last = data.steps.length - 1;
    this.timeline.load(last, last);
    this.showScale();
    this.showReading();
    const other = this.others[0];
    if (other && (other.timeline.playing || !plays)) other.tell();
    else if (plays && !this.timeline.still) this.player.play();
    else this.player.changed();
  }

  clear() {
    this.tiles = [];
    this.ui.tiles.replaceChildren();
    for (const name of /** @type {const} */ (["epoch", "count", "news"])) this.ui[name].textContent = "";
    this.ui.accuracy.classList.add("unknown");
  }

  /**
   * More readings of the run on screen: a viewer at the newest one moves on to the next, any other stays.
   *
   * @param {Replay} data
   */
  extend(data) {
    const { timeline, player } = this;
    const before = this.replay.steps;
    const { heading, step, last } = timeline;
    const free = !timeline.playing && !player.scrubbing;
    // Of a long run only some readings are kept, so that one known by its step may have another number now.
    const newest = data.steps.length - 1;
    const target = free && heading === last ? newest : nearest(data.steps, before[heading]);
    this.data = data;
    timeline.extend(newest, nearest(data.steps, before[step]) - step, target);
    for (const tile of this.tiles) tile.forget();
    this.showScale();
    this.shown = timeline.step;
    // One that is no longer kept stays on screen until the next has been reached.
    if (data.steps[timeline.step] === before[step]) this.showReading();
    if (player.scrubbing) {
      this.ui.scrub.value = timeline.time;
      timeline.scrub(timeline.time);
    } else if (free && data.steps[target] !== before[heading]) timeline.depart(target, FOLLOW_MS);
    player.changed();
  }

  // ---- in step with the other run ----

  /** The other viewers that show a run. */
  get others() {
    return [...viewers].filter((viewer) => viewer !== this && viewer.data);
  }

  /** Where it is, and where it goes: the last who set out leads. */
  get whereabouts() {
    const { time, playing, move } = this.timeline;
    return `${time} ${playing} ${move?.to}`;
  }

  /** Brings those to rest that go on only as they are told. */
  releaseOthers() {
    for (const { timeline, player } of this.others) {
      if (!timeline.playing || timeline.move) continue;
      timeline.pause();
      player.changed();
    }
  }

  tell() {
    this.told = this.whereabouts;
    const { timeline, player } = this;
    if (!timeline.playing && !timeline.move && !player.scrubbing && !Number.isInteger(timeline.time)) {
      timeline.depart(Math.ceil(timeline.time), STEP_MS); // paused while it followed
      player.changed();
    }
    const { epochs } = this.replay;
    const moving = timeline.move !== null || player.scrubbing;
    const reached = epochs[timeline.step];
    for (const other of this.others) other.follow(epochAt(epochs, timeline.time), reached, timeline.playing, moving);
  }

  /**
   * @param {number} epoch
   * @param {number} reached The epoch whose answers are on screen.
   * @param {boolean} playing
   * @param {boolean} moving Whether it will come to rest later, and not between two readings.
   */
  follow(epoch, reached, playing, moving) {
    const { timeline, player } = this;
    if (player.scrubbing) return;
    const { epochs } = this.replay;
    const place = placeOfEpoch(epochs, epoch);
    timeline.scrub(moving ? place : Math.round(place));
    if (moving) timeline.step = Math.round(placeOfEpoch(epochs, reached));
    timeline.playing = playing;
    this.told = this.whereabouts;
    player.changed();
  }

  // ---- time ----

  show() {
    const { heading, last, step } = this.timeline;
    this.ui.back.disabled = heading <= 0;
    this.ui.forward.disabled = heading >= last;
    if (step !== this.shown) this.showReading();
    this.pose = this.poseNow();
    this.draw();
    if (this.told !== this.whereabouts) this.tell();
  }

  /** Locations and windows as they are to be on screen; keeps between which readings that is. */
  poseNow() {
    const { replay, timeline } = this;
    const { move, step, last, time, still, share } = timeline;
    if (this.arrivals !== timeline.arrivals) this.pose = poseOf(replay, step);
    this.arrivals = timeline.arrivals;
    // A move begins at what is on screen, be it between two readings or at one that is no longer kept.
    if (this.move !== move) this.departure = this.pose;
    this.move = move;
    if (move) {
      this.fade = { from: step, to: move.to, share };
      return mix(this.departure, poseOf(replay, move.to), share);
    }
    // At rest, or under the slider's thumb, which the path follows continuously.
    const from = still ? step : Math.floor(time);
    const to = Math.min(from + 1, last);
    this.fade = { from, to, share: still ? 0 : ease(time - from) };
    return mix(poseOf(replay, from), poseOf(replay, to), this.fade.share);
  }

  draw() {
    for (const tile of this.tiles) tile.draw(this.replay, this.pose, this.fade);
  }

  resize() {
    for (const tile of this.tiles) tile.fit();
    if (this.data) this.draw();
  }

  // ---- what stands around the pictures ----

  showScale() {
    const { last } = this.timeline;
    this.ui.scrub.max = Math.max(last, 1);
    this.ui.play.disabled = this.ui.scrub.disabled = last === 0;
  }

  showReading() {
    const { replay: data, ui } = this;
    const reading = this.timeline.step;
    this.shown = reading;
    const epoch = nameOfReading(data.steps[reading], data.epochs[reading]);
    const right = data.labels.filter((label, digit) => data.answers[reading][digit] === label).length;
    const percent = data.accuracy[reading];
    ui.epoch.textContent = epoch;
    ui.count.textContent = `${right} of ${data.labels.length} right`;
    ui.accuracy.classList.toggle("unknown", percent === null);
    ui.accuracy.lastElementChild.textContent = percent === null ? "–" : `${percent.toFixed(1)} %`;
    ui.scrub.setAttribute("aria-valuetext", `${epoch}, ${ui.count.textContent}`);
    for (const tile of this.tiles) tile.show(data, reading);
    if (this.timeline.playing) return; // the news of every reading would come faster than they can be spoken
    const accuracy = percent === null ? "" : `, validation accuracy ${percent.toFixed(1)} %`;
    ui.news.textContent = `${epoch}: ${ui.count.textContent}${accuracy}`;
  }
}
