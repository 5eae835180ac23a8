// The animated glimpse viewer: plays one look of the model entirely in the browser.
//
// Only a scene with a new id starts it anew; everything else leaves the animation alone.

import { ASK_PARTS, Ask } from "./ask.js";
import { cleared, fit } from "./canvas.js";
import { Example, SAYS } from "./example.js";
import { Explain } from "./explain.js";
import { Hand } from "./hand.js";
import { cssColor } from "./light.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { tell, viewerNamed } from "./on_screen.js";
import { Panels, showNothing } from "./panels.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";

/**
 * One look of a model, as app/components/viewer.py writes it. Grey levels are from 0 to 255.
 *
 * @typedef {object} Scene
 * @property {string} id
 * @property {number[][]} image
 * @property {string} field The image's size in words.
 * @property {number[][]} locations By step.
 * @property {number[][]} means By step.
 * @property {number} std
 * @property {number[][][]} corners By step and scale.
 * @property {number[]} windows Size of a window by scale, in pixels of the image.
 * @property {number[][][][]} patches By step and scale.
 * @property {number[]} values By step.
 * @property {string} axis What an axis of values and probabilities counts.
 * @property {string} expects What the values expect.
 * @property {string} whole What a value of 1 expects.
 * @property {string} value_name What a value is called where there is little room.
 * @property {string} explains The same as a sentence.
 * @property {number[][]} probabilities By step and class.
 * @property {string[]} classes
 * @property {string[]} colors By step.
 * @property {string} answer
 * @property {boolean} sure
 * @property {number} asked The class whose probability is compared where looks differ.
 * @property {number | null} truth The right class, where it is known.
 * @property {number} policy_std
 * @property {number[]} forced Steps that were made to look elsewhere.
 * @property {number[]} missing Numbers of glimpses that were to be moved, and that this model does not have.
 * @property {number | null} flip The step from which on another class is the most probable than of its own accord.
 * @property {{ locations: number[][], values: number[], probabilities: number[][], answer: string } | null} own Its own
 *   way, where that is another.
 */

/**
 * @typedef {object} Data
 * @property {string} name
 * @property {Scene | null} scene
 * @property {boolean} covered Whether nobody is to see what the model makes of a drawing.
 * @property {import("./gets.js").Gets | null} gets What the model gets; null if others tell it.
 * @property {string} prompt
 * @property {Scene | null} example What an empty stage plays until somebody does anything.
 * @property {number} speed
 * @property {boolean} only_seen
 * @property {boolean} play Whether a new scene plays by itself.
 * @property {string} elsewhere By what the places of a map are coloured; "no" without one.
 * @property {string} policy
 * @property {string} inside Whether what goes on inside is drawn beneath it; empty where it cannot be.
 * @property {number} move The number of the last move of a glimpse.
 * @property {boolean} can_undo
 * @property {import("./places.js").Elsewhere | null} map
 * @property {{ locations: number[][][], answers: number[] } | null} looks
 * @property {import("./light.js").Light} light
 */

const STEP_MS = 850; // one glimpse at speed 1: a fixation, then the move to the next
const NARROW_PX = 500; // below it a phone
const MEDIUM_PX = 620; // below it less than half a window
const HALF_PX = 800; // below it about half a window
const PARTS = /** @type {const} */ ([
  ...["viewer", "field", "empty", "count", "patches", "location", "expects", "number", "history", "classes", "answer"],
  ...["first", "back", "play", "forward", "last", "scrub", "speed", "by-itself", "only-seen", "own-number", "sides"],
  ...ASK_PARTS,
]);

/** @type {(name: string, value: unknown) => void} */
const ignored = () => {};

export default keptPerRoot((root) => new Viewer(root));

class Viewer {
  /** @param {ParentNode} root */
  constructor(root) {
    const ui = partsOf(root, PARTS);
    this.ui = ui;
    /** @type {Scene | null | undefined} */
    this.scene = undefined; // null once the empty stage is up
    /** @type {Stage | null} */
    this.stage = null;
    /** @type {Panels | null} */
    this.panels = null;
    /** @type {Example | null} */
    this.example = null;
    this.untouched = true; // until somebody does anything
    this.setState = this.trigger = ignored;
    this.timeline = new Timeline({ pace: STEP_MS });
    this.player = new Player(this.timeline, ui.viewer, ui, {
      show: () => this.show(),
      speed: () => Number(ui.speed.value),
      replay: "Replay",
      everywhere: true, // as after a look at the canvas
    });
    this.ask = new Ask(ui, {
      keep: (name, value) => this.setState(name, value),
      trigger: (name, value) => this.trigger(name, value),
      redraw: () => this.show(),
    });
    this.name = "";
    /** @type {import("./gets.js").Gets | null} */
    this.gets = null;
    this.explain = new Explain(ui, () => this.name);
    /**
     * The last move of a glimpse, until its look is there.
     *
     * @type {{ number: number, step: number, location: number[], byKey: boolean } | null}
     */
    this.move = null;
    this.answered = 0; // the number of the last move whose look has come
    this.hand = new Hand(ui.field, ui.viewer, {
      stage: () => this.stage,
      step: () => this.timeline.step,
      preview: (step, location) => this.preview(step, location),
      move: (step, location, byKey) => this.look(step, location, byKey),
      hover: (location) => this.ask.point(location),
    });
    ui.speed.onchange = () => this.setState("speed", Number(ui.speed.value));
    ui["by-itself"].onchange = () => this.setState("play", ui["by-itself"].checked);
    ui["only-seen"].onchange = () => {
      this.draw();
      this.setState("only_seen", ui["only-seen"].checked);
    };
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(ui.viewer);
  }

  destroy() {
    // Another one may have come before this one goes.
    if (viewerNamed(this.name).viewer === this) tell(this.name, { scene: null, step: 0, resting: true, gets: null });
    this.example?.stop();
    this.player.destroy();
    this.hand.destroy();
    this.ask.destroy();
    this.resizing.disconnect();
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data, setStateValue, setTriggerValue }) {
    this.setState = setStateValue;
    this.trigger = setTriggerValue;
    this.prompt = data.prompt;
    this.name = data.name;
    const place = viewerNamed(data.name);
    place.viewer = this;
    place.stepBy = (direction) => this.player.stepBy(direction);
    place.pause = () => this.player.pause();
    this.ui.viewer.classList.toggle("idle", !data.scene);
    this.ui.viewer.classList.toggle("covered", data.covered);
    this.gets = data.gets;
    if (!this.light) {
      this.light = data.light;
      this.ui.speed.value = String(data.speed);
      this.ui["only-seen"].checked = data.only_seen;
      this.ui["by-itself"].checked = data.play;
      this.ask.start(data);
    }
    if (data.scene) this.untouched = false;
    this.showExample(data);
    this.ui.empty.textContent = data.scene ? "" : this.example ? SAYS : data.prompt;
    const same = this.scene !== undefined && data.scene?.id === this.scene?.id;
    if (!same) this.ask.load(data.scene);
    this.ask.take(data);
    // A look that this viewer has asked for leaves the hand what it holds by now.
    const move = data.move === this.answered ? null : this.move;
    this.answered = data.move;
    if (move?.number === data.move) this.move = null;
    if (same) this.settle(move !== null);
    else this.change(data, move);
    this.explain.show(this.ask.inside && data.scene !== null);
    this.report(viewerNamed(this.name).screen?.resting ?? true); // even if nothing has moved
  }

  /**
   * @param {Data} data
   * @param {Viewer["move"]} move The one that led to this look.
   */
  change(data, move) {
    this.scene = data.scene;
    if (!move) this.hand.drop();
    this.player.enable(data.scene !== null);
    if (data.scene) this.load(data.scene, data.light, move);
    else this.clear();
  }

  /** The look is the one on screen; what was found out about it may be new. @param {boolean} moved */
  settle(moved) {
    if (moved && !this.move && !this.hand.busy) this.preview(0, null);
    this.show();
  }

  /** @param {Data} data */
  showExample({ example, light }) {
    if (this.example && !this.untouched) this.endExample();
    else if (!this.example && this.untouched && example) {
      this.example = new Example(this.ui, example, light, { pace: STEP_MS, over: () => this.endExample() });
    }
  }

  /** Leaves the stage empty: for good, because somebody has begun. */
  endExample() {
    this.untouched = false;
    this.example?.stop();
    this.example = null;
    this.ui.empty.textContent = this.prompt;
    this.draw();
  }

  clear() {
    this.stage = this.panels = null;
    this.ui.viewer.classList.remove("held");
    if (!this.example) showNothing(this.ui);
    this.timeline.load(0, 0);
    this.player.changed();
    this.draw();
  }

  /**
   * @param {Scene} scene
   * @param {import("./light.js").Light} light
   * @param {Viewer["move"]} move The last of this viewer's moves, if it is one of these that led to it.
   */
  load(scene, light, move) {
    const before = this.stage?.scene;
    this.stage = new Stage(this.ui.field, scene, light);
    this.panels = new Panels(this.ui, scene);
    this.ui.viewer.classList.remove("held");
    const last = scene.values.length - 1;
    this.ui.scrub.max = Math.max(last, 0.01);
    const moves = this.ui["by-itself"].checked;
    const holds = this.move !== null || this.hand.busy;
    const goesOn = move ? moves && !move.byKey && !this.ask.mapping && !holds : !isWayBack(before, scene);
    const step = Math.min(move ? move.step : goesOn ? 0 : this.timeline.step, last);
    // Without motion nothing plays by itself: the last glimpse shows the whole story.
    this.timeline.load(last, this.timeline.still && goesOn ? last : step);
    if (this.timeline.still || !goesOn || !moves) this.player.changed();
    else this.player.play();
    // What was done since then is still on its way, or in the hand.
    if (this.hand.busy) this.hand.resume();
    else if (move && this.move) this.preview(this.move.step, this.move.location);
    else if (move?.byKey) this.ask.point(null);
  }

  show() {
    const { step, move } = this.timeline;
    if (!this.stage?.held) this.panels?.show(step);
    const resting = !move && Number.isInteger(this.timeline.time);
    this.ask.show(step, resting);
    this.report(resting);
    this.draw();
  }

  /** @param {boolean} resting */
  report(resting) {
    tell(this.name, { scene: this.scene ?? null, step: this.timeline.step, resting, gets: this.gets });
  }

  draw() {
    const { time, still, step } = this.timeline;
    if (this.example) this.example.draw();
    else if (this.stage) {
      this.stage.draw(time, { still, onlySeen: this.ui["only-seen"].checked }, this.ask.questions(step));
    } else if (this.light) cleared(this.ui.field, cssColor(this.light.dark));
  }

  /**
   * Shows a glimpse that is held somewhere; without a location, nothing is held any more.
   *
   * @param {number} step
   * @param {number[] | null} location
   */
  preview(step, location) {
    if (!this.stage) return;
    this.stage.held = null;
    // What it would come to is not known before it is let go.
    this.ui.viewer.classList.toggle("held", location !== null);
    if (location) {
      if (this.timeline.step !== step || this.timeline.move || this.timeline.time !== step) this.player.jump(step);
      this.stage.held = { step, location };
      this.panels?.preview(step, location, this.stage.patches());
    }
    this.ask.point(location);
    this.show();
  }

  /**
   * Makes a glimpse look at a location; until its look is there, it is held there.
   *
   * @param {number} step
   * @param {number[]} location
   * @param {boolean} byKey Who moves it by keys goes on doing so: nothing plays.
   */
  look(step, location, byKey) {
    this.preview(step, location);
    const [x, y] = location;
    this.move = { number: Date.now(), step, location, byKey };
    this.trigger("move", { glimpse: step + 1, x, y, number: this.move.number });
  }

  resize() {
    const { classList, clientWidth: width } = this.ui.viewer;
    classList.toggle("narrow", width < NARROW_PX);
    classList.toggle("medium", width >= NARROW_PX && width < HALF_PX);
    classList.toggle("half", width >= MEDIUM_PX && width < HALF_PX);
    fit(this.ui.field);
    this.draw();
  }
}

/**
 * Whether a look differs from the one before in nothing but how far the model's own way was left: a move was taken back.
 *
 * @param {Scene | undefined} before
 * @param {Scene} scene
 */
function isWayBack(before, scene) {
  if (!before || !(before.forced.length || scene.forced.length)) return false;
  const own = (/** @type {Scene} */ { own, probabilities }) => JSON.stringify(own?.probabilities ?? probabilities);
  return own(before) === own(scene);
}
