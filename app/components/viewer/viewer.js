// The animated glimpse viewer: plays one look of the model entirely in the browser.
//
// Streamlit calls the default export on every rerun. What is on screen lives in a Viewer, one for each
// root, and only a scene with a new id restarts it; everything else leaves the animation alone.

const STEP_MS = 850; // one glimpse at speed 1: a fixation, then the move to the next
const FIXATION = 0.5; // share of a step in which the gaze rests
const SHARP = [1, 0.75, 0.6, 0.5]; // opacity of the windows' frames, by scale

const viewers = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  const viewer = viewers.get(root);
  viewer.update(component);
  return () => {
    viewer.destroy();
    viewers.delete(root);
  };
}

class Viewer {
  constructor(root) {
    const find = (name) => root.querySelector("." + name);
    this.ui = Object.fromEntries(
      ["viewer", "stage", "field", "empty", "count", "patches", "location", "number", "history", "classes"]
        .concat(["first", "back", "play", "forward", "last", "scrub", "speed", "only-seen", "answer"])
        .map((name) => [name, find(name)]),
    );
    this.scene = undefined; // null once the empty stage is up
    this.time = 0; // in steps: 2 means resting on the third glimpse, 2.8 on the way to the fourth
    this.playing = false;
    this.shownStep = -1;
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    this.tick = this.tick.bind(this);
    this.listen();
    for (const name of ["first", "back", "forward", "last"]) icon(this.ui[name], name);
    this.icon = "";
    this.showIcon();
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.ui.viewer);
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.listening.abort();
  }

  update({ data, setStateValue, setTriggerValue }) {
    this.setState = setStateValue;
    this.trigger = setTriggerValue;
    this.ui.empty.textContent = data.scene ? "" : data.prompt;
    this.ui.viewer.classList.toggle("idle", !data.scene);
    if (!this.prepared) {
      this.prepared = true;
      this.ui.speed.value = String(data.speed);
      this.ui["only-seen"].checked = data.only_seen;
    }
    if (this.scene !== undefined && data.scene?.id === this.scene?.id) return;
    this.load(data.scene ?? null);
  }

  load(scene) {
    this.scene = scene;
    this.shownStep = -1;
    this.ui.answer.textContent = "";
    for (const name of ["first", "back", "play", "forward", "last", "scrub"]) this.ui[name].disabled = !scene;
    if (!scene) {
      this.pause();
      this.time = 0;
      this.ui.count.textContent = "Glimpse";
      this.ui.location.textContent = "";
      this.ui.number.textContent = "–";
      this.showPatches([blankPatch()]);
      this.ui.history.replaceChildren();
      this.buildClasses([..."0123456789"]);
      this.ui.field.setAttribute("aria-label", "No digit yet");
      this.draw();
      return;
    }
    this.steps = scene.values.length;
    this.digit = paint(scene.image, (grey) => [...mix(DARK, WHITE, (UNSEEN * grey) / 255), 255]);
    this.memory = seenSoFar(scene);
    this.ui.scrub.max = Math.max(this.steps - 1, 0.01);
    this.buildPatches();
    this.buildHistory();
    this.buildClasses(scene.classes);
    // Without motion nothing plays by itself: the last glimpse shows the whole story.
    this.seek(this.stillness.matches ? this.steps - 1 : 0);
    if (!this.stillness.matches) this.play();
  }

  // ---- time ----

  play() {
    if (!this.scene) return;
    if (this.time >= this.steps - 1) this.seek(0);
    this.playing = true;
    this.showIcon();
    this.before = undefined;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.tick);
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.showIcon();
  }

  tick(now) {
    // A tab that was in the background goes on where it was instead of jumping to the end.
    const passed = Math.min(now - (this.before ?? now), 100);
    this.before = now;
    const time = this.time + (passed / STEP_MS) * Number(this.ui.speed.value);
    this.seek(Math.min(time, this.steps - 1));
    if (this.time >= this.steps - 1) this.pause();
    else this.frame = requestAnimationFrame(this.tick);
  }

  step(direction) {
    this.pause();
    this.seek(direction > 0 ? Math.floor(this.time + 1) : Math.ceil(this.time - 1));
  }

  seek(time) {
    if (!this.scene) return;
    this.time = Math.max(0, Math.min(time, this.steps - 1));
    this.ui.scrub.value = this.time;
    const step = Math.floor(this.time);
    if (step !== this.shownStep) this.showStep(step);
    this.draw();
  }

  // ---- panels ----

  buildPatches() {
    const { patches, windows } = this.scene;
    this.showPatches(windows.map((span) => blankPatch(patches[0][0].length, span, windows.length)));
  }

  showPatches(figures) {
    this.ui.viewer.classList.toggle("multi", figures.length > 1);
    this.ui.patches.dataset.scales = figures.length;
    this.ui.patches.replaceChildren(...figures, this.ui.location);
  }

  buildHistory() {
    // A value is an estimate and may leave [0, 1]; the bar then ends at its frame.
    this.ui.history.replaceChildren(
      ...this.scene.values.map((value, step) => {
        const bar = document.createElement("i");
        bar.style.setProperty("--c", this.scene.colors[step]);
        bar.style.height = `${100 * clamp(value, 0, 1)}%`;
        return bar;
      }),
    );
  }

  buildClasses(names) {
    const longest = Math.max(...names.map((name) => name.length));
    this.ui.classes.style.setProperty("--name", longest > 2 ? `${Math.min(longest, 10) * 0.62}em` : "");
    this.ui.classes.replaceChildren(
      ...names.map((name) => {
        const row = document.createElement("li");
        row.innerHTML = '<span class="name"></span><span class="bar"><i></i></span><span class="share"></span>';
        row.firstChild.textContent = row.firstChild.title = name;
        return row;
      }),
    );
  }

  showStep(step) {
    const { scene, ui } = this;
    this.shownStep = step;
    ui.viewer.style.setProperty("--step", scene.colors[step]);
    ui.count.textContent = `Glimpse ${step + 1} of ${this.steps}`;
    ui.scrub.setAttribute("aria-valuetext", ui.count.textContent);
    scene.patches[step].forEach((patch, scale) => {
      const canvas = ui.patches.children[scale].firstChild;
      canvas.getContext("2d").putImageData(pixels(patch, (grey) => [grey, grey, grey, 255]), 0, 0);
      const seen = `What glimpse ${step + 1} saw at scale ${scale + 1}`;
      canvas.setAttribute("aria-label", `${seen}, ${covers(scene.windows[scale], patch.length)}`);
    });
    const [x, y] = scene.locations[step];
    ui.location.textContent = `location (${signed(x)}, ${signed(y)})`;
    ui.number.textContent = signed(scene.values[step]);
    [...ui.history.children].forEach((bar, index) => {
      bar.className = index === step ? "now" : index < step ? "past" : "";
    });
    this.showBelief(scene.probabilities[step]);
    const done = step === this.steps - 1;
    ui.answer.textContent = done ? scene.answer : "";
    ui.answer.classList.toggle("unsure", !scene.sure);
    ui.field.setAttribute(
      "aria-label",
      `The digit in ${scene.field}, the gaze at glimpse ${step + 1} of ${this.steps}, location ${signed(x)}, ${signed(y)}`,
    );
  }

  showBelief(probabilities) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    [...this.ui.classes.children].forEach((row, index) => {
      row.classList.toggle("best", index === best);
      row.children[1].firstChild.style.transform = `scaleX(${probabilities[index]})`;
      row.children[2].textContent = `${(100 * probabilities[index]).toFixed(1)} %`;
    });
  }

  showIcon() {
    const ended = this.scene && this.time >= this.steps - 1;
    const name = this.playing ? "pause" : ended ? "replay" : "play";
    if (name === this.icon) return;
    this.icon = name;
    icon(this.ui.play, name);
    this.ui.play.setAttribute("aria-label", { play: "Play", pause: "Pause", replay: "Replay" }[name]);
  }

  // ---- the stage ----

  resize() {
    const { viewer, field } = this.ui;
    viewer.classList.toggle("narrow", viewer.clientWidth < 500);
    viewer.classList.toggle("medium", viewer.clientWidth >= 500 && viewer.clientWidth < 800);
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [field.clientWidth, field.clientHeight].map((side) => Math.round(side * ratio));
    if (field.width !== width || field.height !== height) Object.assign(field, { width, height });
    this.draw();
  }

  // Where the image lies on the stage, in canvas pixels, with room for a window that looks over the border.
  frameOfImage() {
    const { width, height } = this.ui.field;
    const [rows, columns] = [this.scene.image.length, this.scene.image[0].length];
    const margin = this.margin();
    const pixel = Math.min(width / (columns + 2 * margin), height / (rows + 2 * margin));
    return { pixel, left: (width - columns * pixel) / 2, top: (height - rows * pixel) / 2, rows, columns };
  }

  margin() {
    return Math.ceil(this.scene.windows[0] / 2) + 0.5;
  }

  draw() {
    const context = this.ui.field.getContext("2d");
    context.fillStyle = FIELD;
    context.fillRect(0, 0, this.ui.field.width, this.ui.field.height);
    if (!this.scene || !this.ui.field.width) return;
    const step = Math.floor(this.time);
    const moving = this.stillness.matches ? 0 : ease((this.time - step - FIXATION) / (1 - FIXATION));
    const frame = this.frameOfImage();
    this.drawDigit(context, frame, step, moving);
    this.drawTrail(context, frame, step, moving);
    this.drawWindows(context, frame, step, moving);
    this.showIcon();
  }

  drawDigit(context, { pixel, left, top, rows, columns }, step, moving) {
    context.imageSmoothingEnabled = false;
    const { reach, layers } = this.memory;
    const place = [left - reach * pixel, top - reach * pixel];
    const size = [(columns + 2 * reach) * pixel, (rows + 2 * reach) * pixel];
    context.drawImage(layers[step], ...place, ...size);
    const arriving = clamp((moving - 0.8) / 0.2, 0, 1);
    if (arriving > 0) {
      context.globalAlpha = arriving;
      context.drawImage(layers[step + 1], ...place, ...size);
      context.globalAlpha = 1;
    }
    if (!this.ui["only-seen"].checked) {
      context.globalCompositeOperation = "lighten";
      context.drawImage(this.digit, left, top, columns * pixel, rows * pixel);
      context.globalCompositeOperation = "source-over";
    }
    context.strokeStyle = "rgba(255,255,255,0.16)";
    context.lineWidth = Math.max(1, pixel / 14);
    context.strokeRect(left, top, columns * pixel, rows * pixel);
  }

  // The place of a location on the stage.
  at([x, y], { pixel, left, top, rows, columns }) {
    return [left + ((x + 1) / 2) * columns * pixel, top + ((y + 1) / 2) * rows * pixel];
  }

  drawTrail(context, frame, step, moving) {
    const { locations, colors } = this.scene;
    const ratio = window.devicePixelRatio || 1;
    const radius = Math.max(frame.pixel * 0.85, clamp(this.ui.field.width / 44, 8.5 * ratio, 10.5 * ratio));
    const points = locations.slice(0, step + 1).map((location) => this.at(location, frame));
    if (moving > 0) points.push(mix(points[step], this.at(locations[step + 1], frame), moving));
    context.lineCap = "round";
    for (let index = 1; index < points.length; index++) {
      line(context, points[index - 1], points[index], "rgba(0,0,0,0.55)", radius * 0.5);
      line(context, points[index - 1], points[index], colors[index], radius * 0.28);
    }
    for (let index = 0; index <= step; index++) badge(context, points[index], radius, colors[index], index + 1);
  }

  drawWindows(context, frame, step, moving) {
    const { corners, windows, colors, means, std } = this.scene;
    if (std > 0 && step > 0 && moving === 0) this.drawPolicy(context, frame, means[step], std, colors[step]);
    windows.forEach((size, scale) => {
      const from = corners[step][scale];
      const corner = moving > 0 ? mix(from, corners[step + 1][scale], moving) : from;
      context.strokeStyle = colors[moving > 0.5 ? step + 1 : step];
      context.globalAlpha = SHARP[Math.min(scale, SHARP.length - 1)];
      const thinnest = (scale ? 2 : 2.5) * (window.devicePixelRatio || 1);
      context.lineWidth = Math.max(frame.pixel / (scale ? 8 : 4.5), thinnest);
      const [left, top] = [frame.left + corner[0] * frame.pixel, frame.top + corner[1] * frame.pixel];
      context.strokeRect(left, top, size * frame.pixel, size * frame.pixel);
      context.globalAlpha = 1;
    });
  }

  // What the sampled location was sampled from: the policy's mean and one standard deviation around it.
  drawPolicy(context, frame, mean, std, color) {
    const [x, y] = this.at(mean, frame);
    context.beginPath();
    context.ellipse(x, y, (std * frame.columns * frame.pixel) / 2, (std * frame.rows * frame.pixel) / 2, 0, 0, 7);
    context.setLineDash([frame.pixel / 2, frame.pixel / 2]);
    context.strokeStyle = color;
    context.lineWidth = Math.max(1, frame.pixel / 9);
    context.stroke();
    context.setLineDash([]);
  }

  // ---- what the user does ----

  listen() {
    this.listening = new AbortController();
    const on = (target, event, action) =>
      target.addEventListener(event, action, { signal: this.listening.signal });
    const { ui } = this;
    on(ui.first, "click", () => this.jump(0));
    on(ui.back, "click", () => this.step(-1));
    on(ui.play, "click", () => this.toggle());
    on(ui.forward, "click", () => this.step(1));
    on(ui.last, "click", () => this.jump(Infinity));
    on(ui.scrub, "input", () => {
      this.pause();
      this.seek(Number(ui.scrub.value));
    });
    on(ui["only-seen"], "change", () => {
      this.draw();
      this.setState("only_seen", ui["only-seen"].checked);
    });
    on(ui.speed, "change", () => this.setState("speed", Number(ui.speed.value)));
    on(ui.field, "click", (event) => this.place(event));
    on(ui.viewer, "keydown", (event) => this.key(event));
    on(this.stillness, "change", () => this.stillness.matches && this.jump(Infinity));
    // Keys also work while nothing has the focus, as after a look at the canvas.
    on(document, "keydown", (event) => event.target === document.body && this.key(event));
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  jump(time) {
    this.pause();
    this.seek(time);
  }

  key(event) {
    if (!this.scene || event.ctrlKey || event.metaKey || event.altKey) return;
    const control = event.target.closest?.("button, select, input[type=checkbox]");
    const actions = {
      " ": () => this.toggle(),
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      Home: () => this.jump(0),
      End: () => this.jump(Infinity),
    };
    // A focused button, list or box keeps its own keys.
    if (!(event.key in actions) || (control && (event.key === " " || control.tagName === "SELECT"))) return;
    event.preventDefault();
    actions[event.key]();
  }

  // A click on the digit asks for a first glimpse there.
  place(event) {
    if (!this.scene) return;
    const box = this.ui.field.getBoundingClientRect();
    const frame = this.frameOfImage();
    const ratio = this.ui.field.width / box.width;
    const x = (((event.clientX - box.left) * ratio - frame.left) / (frame.columns * frame.pixel)) * 2 - 1;
    const y = (((event.clientY - box.top) * ratio - frame.top) / (frame.rows * frame.pixel)) * 2 - 1;
    this.trigger("place", { x: clamp(x, -1, 1), y: clamp(y, -1, 1) });
  }
}

// ---- pictures ----

// For each step a layer with all that has been seen up to it, block by block as the sensor averaged it.
// A finer scale hides a coarser one; the layer reaches beyond the image as far as the finest window can.
function seenSoFar({ image, patches, corners, windows }) {
  const reach = Math.ceil(windows[0] / 2);
  const [rows, columns] = [image.length + 2 * reach, image[0].length + 2 * reach];
  const grey = Array.from({ length: rows }, () => new Array(columns).fill(-1));
  const scaleOf = Array.from({ length: rows }, () => new Array(columns).fill(Infinity));
  const layers = patches.map((glimpse, step) => {
    glimpse.forEach((patch, scale) => {
      const cell = 2 ** scale;
      const [left, top] = corners[step][scale].map((corner) => corner + reach);
      for (let y = Math.max(top, 0); y < Math.min(top + windows[scale], rows); y++) {
        for (let x = Math.max(left, 0); x < Math.min(left + windows[scale], columns); x++) {
          if (scaleOf[y][x] < scale) continue;
          scaleOf[y][x] = scale;
          grey[y][x] = patch[Math.floor((y - top) / cell)][Math.floor((x - left) / cell)];
        }
      }
    });
    return paint(grey, (level, x, y) => (level < 0 ? [0, 0, 0, 0] : lit(level, scaleOf[y][x])));
  });
  return { reach, layers };
}

// A patch; one of several says how much of the image it covers.
function blankPatch(size = 8, span = size, scales = 1) {
  const figure = document.createElement("figure");
  figure.innerHTML = '<canvas role="img" aria-label="No glimpse yet"></canvas><figcaption></figcaption>';
  Object.assign(figure.firstChild, { width: size, height: size });
  if (scales > 1) figure.lastChild.textContent = covers(span, size);
  return figure;
}

const covers = (span, size) => (span === size ? `${size}×${size} px` : `${span}×${span} → ${size}×${size}`);
