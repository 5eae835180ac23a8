// What an empty page plays: a look at a digit, dimmed, until somebody does anything.

import { Panels, showNothing } from "./panels.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";

export const SAYS = "An example. Draw your own, and it looks at yours.";
const REST_MS = 1600; // after the last glimpse, before it begins anew
const SIGNS_OF_LIFE = ["pointerdown", "keydown", "dragenter"];

export class Example {
  #frame = 0;
  #rest = 0;
  /** @type {number | undefined} */
  #before;
  #listening = new AbortController();

  /**
   * @param {any} ui The viewer's parts.
   * @param {import("./viewer.js").Scene} scene
   * @param {import("./light.js").Light} light
   * @param {{ pace: number, over(): void }} how Milliseconds a glimpse, and what happens once it is over.
   */
  constructor(ui, scene, light, { pace, over }) {
    this.ui = ui;
    this.scene = { ...scene, answer: "" }; // the answer is announced, and this is none
    this.stage = new Stage(ui.field, this.scene, light);
    this.panels = new Panels(ui, this.scene);
    this.timeline = new Timeline({ pace });
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    const { signal } = this.#listening;
    for (const sign of SIGNS_OF_LIFE) document.addEventListener(sign, over, { signal, capture: true });
    this.stillness.addEventListener("change", () => this.#begin(), { signal });
    ui.viewer.classList.add("example");
    this.#begin();
  }

  /** Leaves the empty stage. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#listening.abort();
    this.ui.viewer.classList.remove("example");
    showNothing(this.ui);
  }

  #begin() {
    cancelAnimationFrame(this.#frame);
    const last = this.scene.values.length - 1;
    const still = this.stillness.matches;
    this.timeline.still = still;
    this.timeline.load(last, still ? last : 0);
    this.#before = undefined;
    this.#rest = 0;
    if (!still) {
      this.timeline.play();
      this.#frame = requestAnimationFrame(this.#tick);
    }
    this.draw();
  }

  /** @param {number} now */
  #tick = (now) => {
    const passed = Math.min(now - (this.#before ?? now), 100);
    this.#before = now;
    if (this.timeline.move) this.timeline.advance(passed);
    else this.#rest += passed;
    if (this.#rest > REST_MS) return this.#begin();
    this.#frame = requestAnimationFrame(this.#tick);
    this.draw();
  };

  draw() {
    const { time, still, step } = this.timeline;
    this.panels.show(step);
    this.ui.field.setAttribute("aria-label", "An example: a model looks at a digit");
    this.stage.draw(time, { still, onlySeen: false });
  }
}
