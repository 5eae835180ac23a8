// Ten redraws: what each pushes the mean to, as a star, with and without a baseline.

import { inPixels } from "./arrows.js";
import { cleared, fit } from "./canvas.js";
import { cssColor } from "./light.js";
import { drawArrowTo, fill } from "./strokes.js";

const NAMES = { none: "without a baseline", value: "with the value", rollouts: "with the others' mean" };

/** A star for each baseline. */
export class Stars {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    /** @type {import("./arrows.js").Shown | null} */
    this.shown = null;
    this.field = "";
  }

  /**
   * @param {import("./arrows.js").Shown} shown
   * @param {import("./light.js").Light} light
   */
  load(shown, light) {
    this.shown = shown;
    this.field = cssColor(light.dark);
    const kinds = Object.keys(shown.redraws).sort((kind) => (kind === "none" ? -1 : 1));
    const figures = kinds.map((kind) => {
      const figure = document.createElement("figure");
      const canvas = Object.assign(document.createElement("canvas"), { className: `of-${kind}` });
      canvas.setAttribute("aria-hidden", "true");
      const caption = document.createElement("figcaption");
      const amount = document.createElement("b");
      amount.textContent = `± ${inPixels([shown.redraws[kind].spread, 0], shown.scene.image)[0].toFixed(2)} px`;
      caption.append(amount, document.createElement("br"), NAMES[/** @type {keyof typeof NAMES} */ (kind)]);
      figure.append(canvas, caption);
      return figure;
    });
    this.place.replaceChildren(...figures);
    this.draw();
  }

  /** All stars on one scale. */
  draw() {
    const { shown, field } = this;
    if (!shown || !field) return;
    const every = Object.values(shown.redraws).flatMap(({ pushes }) => pushes);
    const longest = Math.max(...every.map(([x, y]) => Math.hypot(x, y)), 1e-9);
    for (const [kind, { pushes }] of Object.entries(shown.redraws)) {
      const canvas = /** @type {HTMLCanvasElement} */ (this.place.querySelector(`.of-${kind}`));
      fit(canvas);
      const context = cleared(canvas, field);
      const middle = canvas.width / 2;
      for (const [x, y] of pushes) {
        const tip = [middle + (x / longest) * middle * 0.86, middle + (y / longest) * middle * 0.86];
        drawArrowTo(context, [middle, middle], tip, "#ffffff", Math.max(canvas.width / 80, 1), []);
      }
      fill(context, [middle, middle], canvas.width / 45, "#6ee0b4");
    }
  }
}
