// The specification's flow for one move, and which way the gradient of each part of the loss takes. No page is needed.

import { signed } from "./words.js";

/** @typedef {"action" | "reinforce" | "value"} Part */
/** @typedef {Record<Part, Record<string, number | null>>} Norms */

/** @type {Record<Part, { name: string, color: string, from: string }>} */
export const LOSSES = {
  action: { name: "cross-entropy", color: "blue", from: "cross-entropy" },
  reinforce: { name: "REINFORCE", color: "violet", from: "REINFORCE" },
  value: { name: "value error", color: "orange", from: "value error" },
};
export const NETWORKS = {
  glimpse_network: "glimpse network",
  core_network: "core",
  location_network: "location network",
  value_network: "value network",
  action_network: "action network",
};

/** Where each box stands, in a wide and in a narrow drawing; both are grids of columns and rows. */
export const BOXES = {
  place: { name: "place of the look", wide: [0, 2], narrow: [0, 0] },
  crop: { name: "crop", wide: [1, 1], narrow: [2, 1] },
  glimpse_network: { name: "glimpse network", wide: [2, 2], narrow: [1, 2] },
  core_network: { name: "core", wide: [3, 2], narrow: [1, 3] },
  action_network: { name: "action network", wide: [4, 0], narrow: [0, 4] },
  location_network: { name: "location network", wide: [4, 2], narrow: [1, 4] },
  value_network: { name: "value network", wide: [4, 4], narrow: [2, 4] },
  action: { name: "cross-entropy", wide: [5, 0], narrow: [0, 5] },
  reinforce: { name: "REINFORCE", wide: [5, 2], narrow: [1, 5] },
  value: { name: "value error", wide: [5, 4], narrow: [2, 5] },
};

/**
 * The ways of the computation: from, to, and the number of the cut on it, if the gradient does not go back there.
 *
 * @type {{ from: string, to: string, cut?: number, back: Part[] }[]}
 */
export const WAYS = [
  { from: "place", to: "crop", cut: 1, back: [] },
  { from: "place", to: "glimpse_network", cut: 2, back: [] },
  { from: "crop", to: "glimpse_network", back: [] },
  { from: "glimpse_network", to: "core_network", back: ["action", "reinforce"] },
  { from: "core_network", to: "action_network", back: ["action"] },
  { from: "core_network", to: "location_network", back: ["reinforce"] },
  { from: "core_network", to: "value_network", cut: 3, back: [] },
  { from: "action_network", to: "action", back: ["action"] },
  { from: "location_network", to: "reinforce", back: ["reinforce"] },
  { from: "value_network", to: "value", back: ["value"] },
  { from: "action", to: "reinforce", cut: 4, back: [] },
  { from: "value", to: "reinforce", cut: 5, back: [] },
];

/** Why the gradient is cut, by the number of the cut. */
export const CUTS = [
  "The crop takes whole pixels: a place a little further on shows the same ones, so there is no derivative to follow.",
  "The place is sampled and counts as given: its number also goes into the glimpse network, but that way would teach the policy to send messages, not to look.",
  "The baseline only reads the memory: guessing the reward must not change what is remembered.",
  "The reward is a verdict from outside: right or wrong has no derivative, and it only weighs the looks.",
  "The advantage is a weight, too: otherwise REINFORCE would be made smaller by moving the baseline instead of the gaze.",
];

/**
 * A norm as it is shown; nothing has been reached where there is none.
 *
 * @param {number | null} norm
 */
export function normText(norm) {
  if (norm === null) return "none";
  if (norm === 0) return "0";
  return norm >= 0.001 ? norm.toPrecision(3) : norm.toExponential(1).replace("-", "−");
}

/**
 * What the derivative says of a pixel to the right and down, and what is true.
 *
 * @param {{ slope: number[], moved: number[], crop: boolean }} through
 */
export function throughInWords({ slope, moved, crop }) {
  const text = (/** @type {number} */ change) => signed(change, 3);
  return (
    `Through the crop: ${crop ? "a derivative" : "no derivative at all"}. Through the location encoder: a pixel to the ` +
    `right should change the cross-entropy by ${text(slope[0])}, a pixel down by ${text(slope[1])}. ` +
    `Really looking there changes it by ${text(moved[0])} and ${text(moved[1])}.`
  );
}
