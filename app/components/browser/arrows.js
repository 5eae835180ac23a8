// What sixteen looks push the mean to, in words and numbers. Nothing here needs a page.

import { fixed, signed } from "./words.js";

/**
 * One observation, as app/components/microscope.py writes it. Places are (x, y) in [-1, 1].
 *
 * @typedef {object} Shown
 * @property {string} id
 * @property {import("./viewer.js").Scene} scene The look of the policy's means.
 * @property {number} move Which is sampled, from 1.
 * @property {number} std
 * @property {"none" | "value" | "rollouts"} baseline
 * @property {"hit" | "information"} reward
 * @property {number} label The right class.
 * @property {number} steps
 * @property {number[][]} trail The policy's mean before the first step and after each.
 * @property {number[]} mean
 * @property {number[][]} samples By look.
 * @property {number[][][]} ways By look, from the glimpse on that the move leads to.
 * @property {number[]} answers By look.
 * @property {number[]} probs Of the right class, by look.
 * @property {number[]} rewards By look.
 * @property {number[]} baselines By look.
 * @property {number[]} advantages By look.
 * @property {number} value
 * @property {number[]} push
 * @property {number[]} arrows_mean
 * @property {number[]} gradient
 * @property {number} earned_before
 * @property {number} earned_now
 * @property {Record<string, { pushes: number[][], spread: number }>} redraws By baseline.
 */

const STILL_PX = 0.005; // what two decimals show as nothing
const BASELINES = { none: "no baseline", value: "the value", rollouts: "the others' mean" };

/** A number that can stand behind a minus. @param {number} number */
const inBrackets = (number) => (fixed(number).startsWith("−") ? `(${fixed(number)})` : fixed(number));

/**
 * A way in pixels, such as "0.31 px right, 0.12 px up".
 *
 * @param {number[]} way Right and down.
 */
export function wayInWords([right, down]) {
  const parts = [
    [right, right < 0 ? "left" : "right"],
    [down, down < 0 ? "up" : "down"],
  ]
    .filter(([length]) => Math.abs(Number(length)) >= STILL_PX)
    .map(([length, where]) => `${Math.abs(Number(length)).toFixed(2)} px ${where}`);
  return parts.join(", ") || "nowhere";
}

/**
 * A way in [-1, 1] in pixels of the image.
 *
 * @param {number[]} way
 * @param {number[][]} image
 */
export const inPixels = ([x, y], image) => [(x * image[0].length) / 2, (y * image.length) / 2];

/** @param {Shown} shown */
export function earnedInWords({ rewards, reward }) {
  const sum = rewards.reduce((total, each) => total + each, 0);
  if (reward === "hit") return `${Math.round(sum)} of ${rewards.length} right`;
  return `${rewards.length} looks earn ${(sum / rewards.length).toFixed(2)} on average`;
}

/** @param {Shown} shown */
export function baselineInWords({ baseline, value, move }) {
  if (baseline === "none") return "b = 0: nothing is subtracted from the reward";
  if (baseline === "value") return `b = ${fixed(value)}: the value after glimpse ${move}, what it expects to earn`;
  return "b: the mean reward of the fifteen others";
}

/** What the whole draw does to the mean. @param {Shown} shown */
export function pushInWords({ push, advantages, scene }) {
  if (advantages.every((each) => Math.abs(each) < 1e-6)) {
    return "All looks earned the same: no place is better than another, and nothing pushes";
  }
  return wayInWords(inPixels(push, scene.image));
}

/**
 * One look's share.
 *
 * @param {Shown} shown
 * @param {number} look
 */
export function lookInWords(shown, look) {
  const { rewards, baselines, advantages, samples, mean, answers, probs, label, scene } = shown;
  const way = wayInWords(inPixels([samples[look][0] - mean[0], samples[look][1] - mean[1]], scene.image));
  const percent = `${(100 * probs[look]).toFixed(0)} %`;
  const says = answers[look] === label ? `${percent} sure` : `${scene.classes[label]} gets ${percent}`;
  const pulls = advantages[look] < 0 ? "pushes the mean away" : "pulls the mean to itself";
  const effect = Math.abs(advantages[look]) < 1e-6 ? "pushes nowhere" : pulls;
  return (
    `Look ${look + 1} fell ${way} from the mean and says ${scene.classes[answers[look]]} (${says}). ` +
    `R − b = ${rewards[look].toFixed(2)} − ${inBrackets(baselines[look])} = ${signed(advantages[look])}: it ${effect}.`
  );
}

/** What a baseline is for. @param {Shown} shown */
export function spreadInWords({ redraws, baseline, scene }) {
  const px = (/** @type {string} */ kind) => `${inPixels([redraws[kind].spread, 0], scene.image)[0].toFixed(2)} px`;
  if (baseline === "none") return `The pushes of ten draws scatter by ${px("none")}.`;
  const both = `The pushes of ten draws scatter by ${px(baseline)} with ${BASELINES[baseline]} as the baseline, by ${px("none")} without.`;
  if (redraws[baseline].spread < redraws.none.spread) return both;
  return `${both} Here ${baseline === "value" ? "the value guesses badly, so it does not help" : "it does not help"}.`;
}

/** Where the steps have led. @param {Shown} shown */
export function stepsInWords({ steps, trail, earned_before: before, earned_now: now, reward, scene }) {
  if (!steps) return "";
  const [from, to] = [trail[0], trail[trail.length - 1]];
  const way = wayInWords(inPixels([to[0] - from[0], to[1] - from[1]], scene.image));
  const moved = `After ${steps} step${steps > 1 ? "s" : ""} the mean has moved ${way}.`;
  const told =
    reward === "hit"
      ? `Of 160 looks, ${(100 * before).toFixed(0)} % were right before and ${(100 * now).toFixed(0)} % are right now.`
      : `160 looks earned ${before.toFixed(2)} on average before and earn ${now.toFixed(2)} now.`;
  const chance = steps === 1 && now < before ? " One step follows sixteen looks: it is mostly chance." : "";
  return `${moved} ${told}${chance}`;
}
