// Small digits to click. They come as one sheet of images; each button shows its part of it.

export default function ({ data, parentElement, setTriggerValue }) {
  const gallery = parentElement.querySelector(".gallery");
  gallery.setAttribute("aria-label", data.label);
  gallery.classList.toggle("dense", data.dense);
  const count = data.names.length, columns = data.columns, rows = Math.ceil(count / columns);
  const place = (index, size) => (size > 1 ? (100 * index) / (size - 1) : 0);
  while (gallery.children.length > count) gallery.lastChild.remove();
  while (gallery.children.length < count) {
    gallery.append(Object.assign(document.createElement("button"), { type: "button" }));
  }
  [...gallery.children].forEach((button, index) => {
    button.style.backgroundImage = `url("${data.sheet}")`;
    button.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
    button.style.backgroundPosition = `${place(index % columns, columns)}% ${place(Math.floor(index / columns), rows)}%`;
    button.classList.toggle("marked", data.marked[index]);
    button.title = data.names[index];
    button.setAttribute("aria-label", data.names[index]);
    button.setAttribute("aria-pressed", String(data.keys[index] === data.chosen));
    button.onclick = () => setTriggerValue("pick", data.keys[index]);
  });
}
