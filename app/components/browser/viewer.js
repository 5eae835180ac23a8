// The animated glimpse viewer: plays one look of the model entirely in the browser.
//
// Only a scene with a new id starts it anew; everything else leaves the animation alone.

import { cleared, fit } from "./canvas.js";
import { cssColor } from "./light.js";
import { keptPerRoot, partsOf } from "./mount.js";
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
 * @property {string} expects What the values expect.
 * @property {string} explains The same as a sentence.
 * @property {number[][]} probabilities By step and class.
 * @property {string[]} classes
 * @property {string[]} colors By step.
 * @property {string} answer
 * @property {boolean} sure
 */

/** @typedef {{ scene: Scene | null, prompt: string, speed: number, only_seen: boolean, light: import("./light.js").Light }} Data */

const STEP_MS = 850; // one glimpse at speed 1: a fixation, then the move to the next
const NARROW_PX = 500; // below it a phone
const MEDIUM_PX = 800; // below it half a window
const PARTS = /** @type {const} */ ([
  ...["viewer", "field", "empty", "count", "patches", "location", "expects", "number", "history", "classes", "answer"],
  ...["first", "back", "play", "forward", "last", "scrub", "speed", "only-seen"],
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
    this.setState = this.trigger = ignored;
    this.timeline = new Timeline({ pace: STEP_MS });
    this.player = new Player(this.timeline, ui.viewer, ui, {
      show: () => this.show(),
      speed: () => Number(ui.speed.value),
      replay: "Replay",
      everywhere: true, // as after a look at the canvas
    });
    ui.field.onclick = (event) => this.place(event);
    ui.speed.onchange = () => this.setState("speed", Number(ui.speed.value));
    ui["only-seen"].onchange = () => {
      this.draw();
      this.setState("only_seen", ui["only-seen"].checked);
    };
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(ui.viewer);
  }

  destroy() {
    this.player.destroy();
    this.resizing.disconnect();
  }

  /** @param {import("./mount.js").Component<Data>} component */
  update({ data, setStateValue, setTriggerValue }) {
    this.setState = setStateValue;
    this.trigger = setTriggerValue;
    this.ui.empty.textContent = data.scene ? "" : data.prompt;
    this.ui.viewer.classList.toggle("idle", !data.scene);
    if (!this.light) {
      this.light = data.light;
      this.ui.speed.value = String(data.speed);
      this.ui["only-seen"].checked = data.only_seen;
    }
    if (this.scene !== undefined && data.scene?.id === this.scene?.id) return;
    this.scene = data.scene;
    this.player.enable(data.scene !== null);
    if (data.scene) this.load(data.scene, data.light);
    else this.clear();
  }

  clear() {
    this.stage = this.panels = null;
    showNothing(this.ui);
    this.timeline.load(0, 0);
    this.player.changed();
    this.draw();
  }

  /**
   * @param {Scene} scene
   * @param {import("./light.js").Light} light
   */
  load(scene, light) {
    this.stage = new Stage(this.ui.field, scene, light);
    this.panels = new Panels(this.ui, scene);
    const last = scene.values.length - 1;
    this.ui.scrub.max = Math.max(last, 0.01);
    // Without motion nothing plays by itself: the last glimpse shows the whole story.
    this.timeline.load(last, this.timeline.still ? last : 0);
    if (this.timeline.still) this.player.changed();
    else this.player.play();
  }

  show() {
    this.panels?.show(this.timeline.step);
    this.draw();
  }

  draw() {
    const { time, still } = this.timeline;
    if (this.stage) this.stage.draw(time, { still, onlySeen: this.ui["only-seen"].checked });
    else if (this.light) cleared(this.ui.field, cssColor(this.light.dark));
  }

  resize() {
    const { classList, clientWidth: width } = this.ui.viewer;
    classList.toggle("narrow", width < NARROW_PX);
    classList.toggle("medium", width >= NARROW_PX && width < MEDIUM_PX);
    fit(this.ui.field);
    this.draw();
  }

  /** @param {MouseEvent} event A click on the digit, which asks for a first glimpse there. */
  place(event) {
    if (this.stage) this.trigger("place", this.stage.locationOf(event));
  }
}
