// The player under both viewers: buttons, slider, keys and the frames of the animation.
//
// Time itself is in a Timeline. The player moves it on, and after each change has the film shown.

import { setIcon } from "./icons.js";

const LONGEST_FRAME_MS = 100; // a tab that was in the background goes on where it was instead of jumping ahead
const ENDS = /** @type {const} */ ({ first: 0, last: Number.POSITIVE_INFINITY });
const BUTTONS = /** @type {const} */ (["first", "back", "forward", "last"]); // whose sign stays the same
const NAMES = { play: "Play", pause: "Pause", replay: "Play from the beginning" };

/**
 * @typedef {object} Controls
 * @property {HTMLButtonElement} play
 * @property {HTMLButtonElement} back
 * @property {HTMLButtonElement} forward
 * @property {HTMLButtonElement} [first]
 * @property {HTMLButtonElement} [last]
 * @property {HTMLInputElement} scrub
 */

export class Player {
  #frame = 0;
  /** @type {number | undefined} */
  #before;
  #icon = "";
  #listening = new AbortController();

  /**
   * @param {import("./timeline.js").Timeline} timeline
   * @param {HTMLElement} region Where the keys work.
   * @param {Controls} ui
   * @param {object} film
   * @param {() => void} film.show Shows the film at the timeline's time; called after each change of that.
   * @param {() => number} [film.speed]
   * @param {string} [film.replay] What the button to play from the beginning is called.
   * @param {boolean} [film.everywhere] Whether keys also work while nothing has the focus but the page around it.
   */
  constructor(timeline, region, ui, { show, speed = () => 1, replay = NAMES.replay, everywhere = false }) {
    this.timeline = timeline;
    this.controls = ui;
    this.ready = false;
    this.scrubbing = false;
    this.show = show;
    this.speed = speed;
    this.names = { ...NAMES, replay };
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    timeline.still = this.stillness.matches;
    for (const name of BUTTONS) if (ui[name]) setIcon(ui[name], name);
    this.#listen(region, everywhere);
    this.#showIcon();
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.#listening.abort();
  }

  /**
   * Takes the controls into use, or out of it while there is no film.
   *
   * @param {boolean} ready
   */
  enable(ready) {
    this.ready = ready;
    this.scrubbing = false;
    for (const name of /** @type {const} */ ([...BUTTONS, "play", "scrub"])) {
      const control = this.controls[name];
      if (control) control.disabled = !ready;
    }
  }

  play() {
    this.timeline.play();
    this.changed();
  }

  pause() {
    this.timeline.pause();
    this.changed();
  }

  /** To be called after each change of the timeline: shows it, and goes on if there is a move under way. */
  changed() {
    cancelAnimationFrame(this.#frame);
    this.#before = undefined;
    if (this.timeline.move) this.#frame = requestAnimationFrame(this.#tick);
    this.#refresh();
  }

  /** @param {number} now */
  #tick = (now) => {
    const passed = Math.min(now - (this.#before ?? now), LONGEST_FRAME_MS);
    this.#before = now;
    this.timeline.advance(passed * this.speed());
    if (this.timeline.move) this.#frame = requestAnimationFrame(this.#tick);
    this.#refresh();
  };

  #refresh() {
    if (!this.scrubbing) this.#placeThumb();
    if (this.ready) this.show();
    this.#showIcon();
  }

  #placeThumb() {
    const { scrub } = this.controls;
    // Between two steps the thumb glides; at rest one key press of a screen reader is one step.
    if (this.timeline.snaps) scrub.step = Number.isInteger(this.timeline.time) && !this.timeline.move ? "1" : "any";
    scrub.value = String(this.timeline.time);
  }

  #showIcon() {
    const name = this.timeline.playing ? "pause" : this.ready && this.timeline.ended ? "replay" : "play";
    if (name === this.#icon) return;
    this.#icon = name;
    setIcon(this.controls.play, name);
    this.controls.play.setAttribute("aria-label", this.names[name]);
  }

  /** @param {() => void} action */
  #act(action) {
    if (!this.ready) return;
    action();
    this.changed();
  }

  toggle() {
    this.#act(() => (this.timeline.playing ? this.timeline.pause() : this.timeline.play()));
  }

  /** @param {1 | -1} direction */
  stepBy(direction) {
    this.#act(() => this.timeline.stepBy(direction));
  }

  /** @param {number} step */
  jump(step) {
    this.#act(() => this.timeline.jump(step));
  }

  /**
   * @param {HTMLElement} region
   * @param {boolean} everywhere
   */
  #listen(region, everywhere) {
    const { back, play, forward, scrub } = this.controls;
    /** @type {(target: EventTarget, kinds: string, action: (event: any) => void) => void} */
    const on = (target, kinds, action) => {
      for (const kind of kinds.split(" ")) target.addEventListener(kind, action, { signal: this.#listening.signal });
    };
    on(back, "click", () => this.stepBy(-1));
    on(play, "click", () => this.toggle());
    on(forward, "click", () => this.stepBy(1));
    for (const name of /** @type {const} */ (["first", "last"])) {
      const button = this.controls[name];
      if (button) on(button, "click", () => this.jump(ENDS[name]));
    }
    on(scrub, "pointerdown", () => this.#hold());
    on(scrub, "input", () => this.#act(() => this.timeline.scrub(Number(scrub.value))));
    on(scrub, "change pointerup pointercancel", () => this.#letGo());
    on(region, "keydown", (event) => this.key(event));
    on(this.stillness, "change", () => {
      this.timeline.still = this.stillness.matches;
      if (this.timeline.still) this.#act(() => this.timeline.settle());
    });
    if (!everywhere) return;
    // Whoever clicks between things focuses the page as a whole, in Firefox its main part, which scrolls.
    const root = region.getRootNode();
    const host = root instanceof ShadowRoot ? root.host : region;
    on(document, "keydown", (event) => event.target !== host && event.target.contains(host) && this.key(event));
  }

  // What is on screen stays there until the thumb moves.
  #hold() {
    if (!this.ready) return;
    this.timeline.halt();
    this.scrubbing = true;
    if (this.timeline.snaps) this.controls.scrub.step = "any";
    cancelAnimationFrame(this.#frame);
    this.#showIcon();
  }

  #letGo() {
    this.scrubbing = false;
    this.#act(() => this.timeline.release());
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.ready || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && event.key.startsWith("Arrow")) return; // these move a window
    const target = event.target instanceof Element ? event.target : null;
    const control = target?.closest("button, select, input[type=checkbox]");
    const action = this.#actionOf(event.key);
    // A focused button, list or box keeps its own keys.
    if (!action || (control && (event.key === " " || control.tagName === "SELECT"))) return;
    event.preventDefault();
    action();
  }

  /** @param {string} key */
  #actionOf(key) {
    switch (key) {
      case " ":
        return () => this.toggle();
      case "ArrowRight":
        return () => this.stepBy(1);
      case "ArrowLeft":
        return () => this.stepBy(-1);
      case "Home":
        return () => this.jump(ENDS.first);
      case "End":
        return () => this.jump(ENDS.last);
    }
  }
}
