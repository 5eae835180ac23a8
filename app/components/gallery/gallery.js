// Small digits to click. They come as one strip of images; each button shows its part of it.

export default function ({ data, parentElement, setTriggerValue }) {
  const gallery = parentElement.querySelector(".gallery");
  gallery.setAttribute("aria-label", data.label);
  const count = data.names.length;
  while (gallery.children.length > count) gallery.lastChild.remove();
  while (gallery.children.length < count) {
    gallery.append(Object.assign(document.createElement("button"), { type: "button" }));
  }
  [...gallery.children].forEach((button, index) => {
    button.style.backgroundImage = `url("${data.strip}")`;
    button.style.backgroundSize = `${count * 100}% 100%`;
    button.style.backgroundPosition = `${count > 1 ? (100 * index) / (count - 1) : 0}% 0`;
    button.title = data.names[index];
    button.setAttribute("aria-label", data.names[index]);
    button.setAttribute("aria-pressed", String(data.keys[index] === data.chosen));
    button.onclick = () => setTriggerValue("pick", data.keys[index]);
  });
}
