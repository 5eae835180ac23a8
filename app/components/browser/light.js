// How bright things are: what has been seen is lit, the rest of the digit is dim, and nothing lies on a dark field.
//
// The numbers come from app/look/light.py, by which the exported pictures are painted, too.

import { mix } from "./motion.js";

/**
 * @typedef {object} Light
 * @property {number[]} dark What nobody has looked at, as red, green and blue.
 * @property {number[]} paper Paper that was seen.
 * @property {number[]} ink
 * @property {number} unseen Brightness of ink that has not been seen, from 0 to 1.
 * @property {number[]} paper_light Of what has been seen, by scale, from 0 to 1.
 * @property {number[]} ink_light
 * @property {number} border The line round the image, between what lies beneath it and ink.
 */

const OPAQUE = 255;

/** @param {number[]} rgb */
export const cssColor = (rgb) => `rgb(${rgb})`;

/**
 * The colour of a grey level (0 to 255) that was seen at a scale.
 *
 * @param {Light} light
 * @param {number} level
 * @param {number} scale
 */
export function lit({ dark, paper, ink, paper_light, ink_light }, level, scale) {
  const place = Math.min(scale, ink_light.length - 1);
  return [...mix(mix(dark, paper, paper_light[place]), ink, (ink_light[place] * level) / 255), OPAQUE];
}

/**
 * The colour of a grey level (0 to 255) that nobody has seen.
 *
 * @param {Light} light
 * @param {number} level
 */
export const dim = ({ dark, ink, unseen }, level) => [...mix(dark, ink, (unseen * level) / 255), OPAQUE];
