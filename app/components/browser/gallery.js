// Small digits to click. They come as one sheet of images; each button shows its part of it.

import { partsOf } from "./mount.js";

/**
 * @typedef {object} Data
 * @property {string} sheet The address of the sheet.
 * @property {number} columns How many images a row of the sheet has.
 * @property {number[]} keys
 * @property {string[]} names
 * @property {boolean[]} marked
 * @property {number | null} chosen The key of one of them.
 * @property {string} label
 * @property {boolean} dense
 */

/** @param {import("./mount.js").Component<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const { gallery } = partsOf(parentElement, ["gallery"]);
  gallery.setAttribute("aria-label", data.label);
  gallery.classList.toggle("dense", data.dense);
  while (gallery.children.length > data.names.length) gallery.lastChild.remove();
  while (gallery.children.length < data.names.length) {
    gallery.append(Object.assign(document.createElement("button"), { type: "button" }));
  }
  [...gallery.children].forEach((button, index) => {
    const name = data.names[index];
    Object.assign(button.style, partOfSheet(data, index));
    button.classList.toggle("marked", data.marked[index]);
    button.title = name;
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-pressed", String(data.keys[index] === data.chosen));
    button.onclick = () => setTriggerValue("pick", data.keys[index]);
  });
}

/**
 * The style that shows one image of the sheet.
 *
 * @param {Data} data
 * @param {number} index
 */
function partOfSheet({ sheet, columns, names }, index) {
  const rows = Math.ceil(names.length / columns);
  const place = (at, count) => (count > 1 ? (100 * at) / (count - 1) : 0);
  return {
    backgroundImage: `url("${sheet}")`,
    backgroundSize: `${columns * 100}% ${rows * 100}%`,
    backgroundPosition: `${place(index % columns, columns)}% ${place(Math.floor(index / columns), rows)}%`,
  };
}
