// The image that the model gets, enlarged pixel-sharp, with what it is in words. The viewer's data bring it.

import { showPatch } from "./canvas.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { follow } from "./on_screen.js";

/**
 * @typedef {object} Gets
 * @property {number[][] | null} image Grey levels from 0 to 255; null where it is the scene's.
 * @property {number} width In which it is shown, in pixels of the page.
 * @property {string} alt
 * @property {string[]} lines
 * @property {string} made_for What the model was made for; empty if nothing needs to be said.
 */

export default keptPerRoot((root) => new ModelInput(root));

class ModelInput {
  /** @param {ParentNode} root */
  constructor(root) {
    this.ui = partsOf(root, ["sees", "pixels", "lines", "made-for"]);
    this.destroy = () => {};
    /** @type {Gets | null} */
    this.shown = null;
  }

  /** @param {import("./mount.js").Component<{ viewer: string }>} component */
  update({ data }) {
    this.destroy();
    this.destroy = follow(data.viewer, ({ gets, scene }) => this.show(gets, scene));
  }

  /**
   * @param {Gets | null} gets
   * @param {import("./viewer.js").Scene | null} scene
   */
  show(gets, scene) {
    const image = gets?.image ?? scene?.image;
    if (!gets || !image || gets === this.shown) return;
    this.shown = gets;
    const { sees, pixels, lines, "made-for": madeFor } = this.ui;
    Object.assign(pixels, { width: image[0].length, height: image.length });
    pixels.style.width = `${gets.width}px`;
    showPatch(pixels, image);
    pixels.setAttribute("aria-label", gets.alt);
    lines.textContent = gets.lines.join("\n");
    madeFor.textContent = gets.made_for;
    sees.classList.add("told");
  }
}
