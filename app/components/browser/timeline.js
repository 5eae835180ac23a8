// Where a player is in time, and what its controls do to that. It knows neither page nor clock.

import { clamp, ease } from "./motion.js";

/**
 * On the way to a step. `passed` and `duration` are in milliseconds; for a share of `rest` it has not left yet.
 *
 * @typedef {{ from: number, to: number, passed: number, duration: number, rest: number }} Move
 */

export class Timeline {
  /**
   * @param {object} options
   * @param {number} options.pace Milliseconds from one step to the next while playing.
   * @param {boolean} [options.snaps] Whether it comes to rest on steps only. If not, a pause holds it anywhere.
   * @param {number} [options.rest] Share of a playing step in which it stands still first; needs `snaps`.
   * @param {number} [options.opening] Milliseconds it stands still on the first step, when played from there.
   * @param {number} [options.stride] Milliseconds from step to step after a key or a button; 0: at once.
   */
  constructor({ pace, snaps = false, rest = 0, opening = 0, stride = 0 }) {
    this.pace = pace;
    this.snaps = snaps;
    this.rest = rest;
    this.opening = opening;
    this.stride = stride;
    this.still = false; // whether motion is to be reduced
    this.time = 0; // in steps: 2 means resting on the third, 2.8 on the way to the fourth
    this.step = 0; // the step that was reached last
    this.last = 0;
    this.arrivals = 0; // how many steps have been reached
    this.playing = false;
    /** @type {Move | null} */
    this.move = null;
  }

  /** The step at which it will come to rest if nobody interferes. */
  get heading() {
    return this.move?.to ?? this.step;
  }

  get ended() {
    return !this.move && this.last > 0 && this.time >= this.last;
  }

  /**
   * Starts anew with steps 0 to `last`, at rest on one of them.
   *
   * @param {number} last
   * @param {number} step
   */
  load(last, step) {
    this.halt();
    this.last = last;
    this.time = this.step = step;
  }

  /**
   * Goes on with other steps, among which each has moved by `shift`; a move under way now leads to `to`.
   *
   * @param {number} last
   * @param {number} shift
   * @param {number} to
   */
  extend(last, shift, to) {
    this.last = last;
    this.step += shift;
    this.time = clamp(this.time + shift, 0, last);
    if (this.move) Object.assign(this.move, { to, from: this.move.from + shift });
  }

  /** Plays on, or from the beginning if it has ended. */
  play() {
    if (this.last === 0) return;
    this.playing = true;
    if (this.heading >= this.last) {
      this.reach(0);
      if (this.move) this.move.passed = -this.opening;
    } else if (this.move) this.depart(this.move.to, this.pace);
    else this.#playOn();
  }

  pause() {
    this.playing = false;
    // A move under way ends at its step: nobody should have to read what lies between two of them.
    if (!this.snaps) this.move = null;
  }

  halt() {
    this.playing = false;
    this.move = null;
  }

  /** @param {1 | -1} direction */
  stepBy(direction) {
    const between = this.snaps ? this.step : this.time;
    const from = this.move && !this.playing ? this.move.to : between;
    this.jump(direction > 0 ? Math.floor(from) + 1 : Math.ceil(from) - 1);
  }

  /** @param {number} step Beyond the ends it means the ends. */
  jump(step) {
    this.pause();
    const to = clamp(step, 0, this.last);
    if (this.move || this.time !== to) this.depart(to, this.stride);
  }

  /** @param {number} time Where the slider's thumb is held. */
  scrub(time) {
    this.halt();
    this.time = clamp(time, 0, this.last);
    this.step = this.snaps ? Math.round(this.time) : Math.floor(this.time);
  }

  /** The slider's thumb was let go. */
  release() {
    if (this.snaps && this.time !== this.step) this.depart(this.step, this.stride);
  }

  /** Comes to rest at once, for somebody who does not want motion any more. */
  settle() {
    if (!this.snaps) this.jump(this.last);
    else if (this.move && !this.playing) this.reach(this.move.to);
  }

  /** @param {number} milliseconds Those of the film: at double speed twice those of the clock. */
  advance(milliseconds) {
    if (!this.move) return;
    this.move.passed += milliseconds;
    if (this.move.passed >= this.move.duration) this.reach(this.move.to);
    if (this.move) this.time = this.move.from + (this.move.to - this.move.from) * this.share;
  }

  /** How much of the way of a move lies behind it, 0 to 1. */
  get share() {
    if (!this.move) return 0;
    const { passed, duration, rest } = this.move;
    if (!this.snaps) return clamp(passed / duration, 0, 1);
    return this.still ? 0 : ease((passed / duration - rest) / (1 - rest));
  }

  /**
   * Starts on the way to a step from wherever it is.
   *
   * @param {number} to
   * @param {number} duration
   */
  depart(to, duration, rest = 0) {
    if (duration === 0 || (this.still && !this.playing)) this.reach(to);
    else this.move = { from: this.time, to, passed: 0, duration, rest };
  }

  /** @param {number} step */
  reach(step) {
    const late = this.move ? this.move.passed - this.move.duration : 0;
    this.move = null;
    this.time = this.step = step;
    this.arrivals += 1;
    if (!this.playing) return;
    if (step >= this.last) return this.pause();
    this.#playOn();
    // So that the steps keep their pace.
    if (this.move) Object.assign(this.move, { passed: Math.max(late, 0) });
  }

  #playOn() {
    const next = Math.floor(this.time) + 1;
    this.depart(next, this.snaps ? this.pace : this.pace * (next - this.time), this.rest);
  }
}
