// A button for each class, and the digit keys.

const DELAY = 250; // ms; the canvas reports a stroke 200 ms after its end

const panels = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!panels.has(root)) panels.set(root, new Panel(root.querySelector(".classes")));
  const panel = panels.get(root);
  panel.update(component);
  return () => {
    panel.destroy();
    panels.delete(root);
  };
}

class Panel {
  constructor(element) {
    this.element = element;
    this.pressed = null; // the class of a press that still waits
    this.penDown = false;
    this.penUpAt = -DELAY;
    const stop = new AbortController();
    const on = (kind, listener) => window.addEventListener(kind, listener, { signal: stop.signal, capture: true });
    on("keydown", (event) => this.key(event));
    on("pointerdown", (event) => (this.penDown ||= event.composedPath()[0].tagName === "CANVAS"));
    on("pointerup", () => this.penUp());
    on("pointercancel", () => this.penUp());
    this.destroy = () => {
      stop.abort();
      clearTimeout(this.timer);
    };
  }

  update({ data, setTriggerValue }) {
    this.send = (index) => setTriggerValue("press", index);
    this.element.setAttribute("aria-label", data.label);
    while (this.element.children.length < data.names.length) this.element.append(this.button());
    [...this.element.children].forEach((button, index) => {
      const [key, name, count] = button.children;
      const digit = String(index);
      key.textContent = data.names[index] === digit ? "" : digit;
      name.textContent = data.names[index];
      name.classList.toggle("long", data.names[index].length > 6);
      count.textContent = data.counts[index] ? `×${data.counts[index]}` : "";
      button.title = data.names[index] === digit ? "" : data.names[index];
      button.setAttribute("aria-label", `Keep as ${data.names[index]}; ${data.counts[index]} kept`);
      button.setAttribute("aria-keyshortcuts", digit);
      button.onclick = () => this.press(index);
    });
  }

  button() {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    for (const [kind, className] of [["kbd", ""], ["span", "name"], ["span", "count"]]) {
      button.append(Object.assign(document.createElement(kind), { className }));
    }
    return button;
  }

  key(event) {
    const typing = event.composedPath().some((node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable);
    if (typing || event.repeat || event.ctrlKey || event.altKey || event.metaKey || !/^[0-9]$/.test(event.key)) return;
    this.press(Number(event.key));
  }

  press(index) {
    this.pressed = index;
    if (!this.penDown) this.wait();
  }

  penUp() {
    if (!this.penDown) return;
    this.penDown = false;
    this.penUpAt = performance.now();
    if (this.pressed !== null) this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    const send = () => {
      this.send(this.pressed);
      this.pressed = null;
    };
    const rest = this.penUpAt + DELAY - performance.now();
    // A drawing that has been reported already is kept without delay.
    if (rest > 0) this.timer = setTimeout(send, rest);
    else send();
  }
}
