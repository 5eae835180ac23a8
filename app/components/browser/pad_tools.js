// Buttons for a drawing canvas. What they do is done in the browser, however late the server hears of it.

import { setIcon } from "./icons.js";
import { keptPerRoot, partsOf } from "./mount.js";
import { pads } from "./pads.js";

export default keptPerRoot((root) => new Tools(partsOf(root, ["undo", "clear"])));

class Tools {
  /** @param {Record<"undo" | "clear", HTMLButtonElement>} buttons */
  constructor({ undo, clear }) {
    setIcon(undo.children[0], "undo");
    setIcon(clear.children[0], "clear");
    this.pad = "";
    undo.onclick = () => pads.get(this.pad)?.undo();
    clear.onclick = () => pads.get(this.pad)?.clear();
  }

  destroy() {}

  /** @param {import("./mount.js").Component<{ pad: string }>} component */
  update({ data }) {
    this.pad = data.pad;
  }
}
