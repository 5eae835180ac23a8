// Watch it learn: the same digits as the model looked at them at one reading of its training after another.
//
// Streamlit calls the default export on every rerun, in a live run about once a second. What is on screen
// lives in a Lesson, one for each root: more readings of the same run are added without a restart.

const READING_MS = 700; // one reading while playing: a rest, then the move to the next
const REST = 0.3; // share of it in which the gaze rests
const FIRST_MS = 700; // a longer rest at the first, so that one sees where it began
const STEP_MS = 350; // the move after a key or button
const FOLLOW_MS = 600; // the move to a reading that has just come in

const lessons = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!lessons.has(root)) lessons.set(root, new Lesson(root));
  const lesson = lessons.get(root);
  lesson.update(component.data);
  return () => {
    lesson.destroy();
    lessons.delete(root);
  };
}

class Lesson {
  constructor(root) {
    const find = (name) => root.querySelector("." + name);
    this.ui = Object.fromEntries(
      ["learning", "empty", "tiles", "back", "play", "forward", "scrub", "epoch", "count", "accuracy", "news"].map(
        (name) => [name, find(name)],
      ),
    );
    this.data = undefined; // null once the empty stage is up
    this.reading = 0; // whose answers are shown
    this.playing = false;
    this.scrubbing = false;
    this.move = null; // on the way to another reading: {to, pose, place, passed, duration, rest}
    this.stillness = matchMedia("(prefers-reduced-motion: reduce)");
    this.tick = this.tick.bind(this);
    this.listen();
    for (const name of ["back", "forward"]) icon(this.ui[name], name);
    this.icon = "";
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.ui.learning);
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.listening.abort();
  }

  update({ lesson: text, prompt }) {
    this.ui.empty.textContent = text ? "" : prompt;
    this.ui.learning.classList.toggle("idle", !text);
    if (this.text !== undefined && text === this.text) return;
    this.text = text;
    const lesson = text ? JSON.parse(text) : null;
    if (this.data !== undefined && lesson?.version === this.data?.version) return;
    if (lesson && lesson.id === this.data?.id) this.extend(lesson);
    else this.load(lesson ?? null);
  }

  get last() {
    return this.data.steps.length - 1;
  }

  load(data) {
    this.halt();
    this.scrubbing = false;
    this.data = data;
    for (const name of ["back", "play", "forward", "scrub"]) this.ui[name].disabled = !data;
    if (!data) {
      this.tiles = [];
      this.ui.tiles.replaceChildren();
      for (const name of ["epoch", "count", "news"]) this.ui[name].textContent = "";
      this.ui.accuracy.classList.add("unknown");
      this.showIcon();
      return;
    }
    const glimpses = data.colors.length;
    this.tiles = data.images.map((image, digit) => new Tile(data, digit, decode(image, data.shape)));
    this.ui.tiles.style.setProperty("--across", Math.min(this.tiles.length, 3));
    this.ui.tiles.style.setProperty("--beside", columnsBeside(glimpses));
    this.ui.tiles.style.setProperty("--below", columnsBelow(glimpses));
    this.ui.tiles.replaceChildren(...this.tiles.map((tile) => tile.element));
    for (const tile of this.tiles) tile.resize();
    this.showScale();
    this.arrive(this.last);
  }

  // More readings of the run on screen: whoever looks at the newest one goes along, everybody else stays.
  extend(data) {
    const before = this.data.steps;
    const heading = this.move?.to ?? this.reading;
    const free = !this.playing && !this.scrubbing;
    const follows = free && heading === this.last;
    this.data = data;
    // Of a long run only some readings are kept, so that one known by its step may have another number now.
    const shown = before[this.reading];
    const shift = nearest(data.steps, shown) - this.reading;
    const target = follows ? this.last : nearest(data.steps, before[heading]);
    this.reading += shift;
    this.place = clamp(this.place + shift, 0, this.last);
    if (this.move) Object.assign(this.move, { to: target, place: this.move.place + shift });
    for (const tile of this.tiles) tile.coarse.clear();
    this.showScale();
    // One that is no longer kept stays on screen until the next has been reached.
    if (data.steps[this.reading] === shown) this.showReading();
    if (this.scrubbing) {
      this.ui.scrub.value = this.place;
      this.scrub(this.place);
    } else if (free && data.steps[target] !== before[heading]) this.go(target, FOLLOW_MS);
    else if (!this.move) this.rest();
    this.showPlace();
  }

  // ---- time ----

  play() {
    if (!this.data || this.last === 0) return;
    this.playing = true;
    if ((this.move?.to ?? this.reading) >= this.last) {
      this.arrive(0);
      this.move.passed = -FIRST_MS;
    } else this.go(this.move?.to ?? this.reading + 1, READING_MS, this.move ? 0 : REST);
    this.showIcon();
  }

  pause() {
    this.playing = false;
    this.showIcon();
  }

  halt() {
    this.pause();
    this.move = null;
    cancelAnimationFrame(this.frame);
  }

  // Starts the way to a reading from whatever is on screen.
  go(to, duration, rest = 0) {
    if (this.stillness.matches && !this.playing) return this.arrive(to);
    this.move = { to, pose: this.pose, place: this.place, passed: 0, duration, rest };
    this.before = undefined;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.tick);
  }

  tick(now) {
    // A tab that was in the background goes on where it was instead of jumping to the end.
    this.move.passed += Math.min(now - (this.before ?? now), 100);
    this.before = now;
    if (this.move.passed >= this.move.duration) this.arrive(this.move.to);
    else {
      this.morph();
      this.frame = requestAnimationFrame(this.tick);
    }
  }

  morph() {
    const { to, pose, place, passed, duration, rest } = this.move;
    const share = this.stillness.matches ? 0 : ease((passed / duration - rest) / (1 - rest));
    this.pose = mix(pose, poseOf(this.data, to), share);
    this.place = place + (to - place) * share;
    this.fade = { from: this.reading, to, share };
    this.showPlace();
    this.draw();
  }

  arrive(reading) {
    const late = this.move ? this.move.passed - this.move.duration : 0;
    this.move = null;
    cancelAnimationFrame(this.frame);
    this.reading = this.place = reading;
    this.rest();
    this.showReading();
    if (this.playing && reading < this.last) {
      this.go(reading + 1, READING_MS, REST);
      this.move.passed = clamp(late, 0, 50); // so that the readings keep their pace
    } else if (this.playing) this.pause();
    this.showPlace();
  }

  rest() {
    this.pose = poseOf(this.data, this.reading);
    this.fade = { from: this.reading, to: this.reading, share: 0 };
    this.draw();
  }

  step(direction) {
    const from = this.move && !this.playing ? this.move.to : this.reading;
    this.jump(from + direction);
  }

  jump(reading) {
    if (!this.data) return;
    this.pause();
    const to = clamp(reading, 0, this.last);
    if (to !== this.reading || this.move) this.go(to, STEP_MS);
    this.showPlace();
  }

  // Under the slider's thumb the path follows continuously; the answers are those of the nearer reading.
  scrub(place) {
    this.halt();
    const from = Math.min(Math.floor(place), this.last);
    const to = Math.min(from + 1, this.last);
    const share = ease(place - from);
    this.place = place;
    this.reading = Math.round(place);
    this.showReading();
    if (this.stillness.matches) return this.rest();
    this.pose = mix(poseOf(this.data, from), poseOf(this.data, to), share);
    this.fade = { from, to, share };
    this.draw();
  }

  // ---- what stands around the pictures ----

  showScale() {
    this.ui.scrub.max = Math.max(this.last, 1);
    this.ui.play.disabled = this.ui.scrub.disabled = this.last === 0;
  }

  showPlace() {
    const { scrub, back, forward } = this.ui;
    // Between readings the thumb glides; at rest one key press of a screen reader is one reading.
    if (!this.scrubbing) {
      scrub.step = this.move ? "any" : "1";
      scrub.value = this.place;
    }
    const heading = this.move?.to ?? this.reading;
    back.disabled = heading <= 0;
    forward.disabled = heading >= this.last;
    this.showIcon();
  }

  showReading() {
    const { data, ui, reading } = this;
    const epoch = nameOf(data, reading);
    const right = data.labels.filter((label, digit) => data.answers[reading][digit] === label).length;
    const percent = data.accuracy[reading];
    ui.epoch.textContent = epoch;
    ui.count.textContent = `${right} of ${data.labels.length} right`;
    ui.accuracy.classList.toggle("unknown", percent === null);
    ui.accuracy.lastElementChild.textContent = percent === null ? "–" : `${percent.toFixed(1)} %`;
    ui.scrub.setAttribute("aria-valuetext", `${epoch}, ${ui.count.textContent}`);
    for (const tile of this.tiles) tile.show(data, reading);
    if (this.playing) return; // the news of every reading would come faster than they can be spoken
    const accuracy = percent === null ? "" : `, validation accuracy ${percent.toFixed(1)} %`;
    ui.news.textContent = `${epoch}: ${ui.count.textContent}${accuracy}`;
  }

  showIcon() {
    const ended = this.data && !this.move && this.reading >= this.last && this.last > 0;
    const name = this.playing ? "pause" : ended ? "replay" : "play";
    if (name === this.icon) return;
    this.icon = name;
    icon(this.ui.play, name);
    this.ui.play.setAttribute(
      "aria-label",
      { play: "Play", pause: "Pause", replay: "Play from the beginning" }[name],
    );
  }

  resize() {
    for (const tile of this.tiles ?? []) tile.resize();
    if (this.data) this.draw();
  }

  draw() {
    for (const tile of this.tiles) tile.draw(this.data, this.pose, this.fade);
  }

  // ---- what the user does ----

  listen() {
    this.listening = new AbortController();
    const on = (target, event, action) =>
      target.addEventListener(event, action, { signal: this.listening.signal });
    const { ui } = this;
    on(ui.back, "click", () => this.step(-1));
    on(ui.play, "click", () => this.toggle());
    on(ui.forward, "click", () => this.step(1));
    on(ui.scrub, "pointerdown", () => {
      if (!this.data) return;
      this.halt();
      this.scrubbing = true;
      ui.scrub.step = "any";
    });
    on(ui.scrub, "input", () => this.scrub(Number(ui.scrub.value)));
    for (const event of ["change", "pointerup", "pointercancel"]) on(ui.scrub, event, () => this.release());
    on(ui.learning, "keydown", (event) => this.key(event));
    on(this.stillness, "change", () => this.stillness.matches && this.move && !this.playing && this.arrive(this.move.to));
  }

  release() {
    if (!this.data) return;
    if (!this.scrubbing) return this.showPlace();
    this.scrubbing = false;
    if (this.place === this.reading) this.arrive(this.reading);
    else this.go(this.reading, STEP_MS);
    this.showPlace();
  }

  toggle() {
    if (!this.playing) return this.play();
    this.pause();
    // The move under way ends at its reading: nobody should have to read what lies between two of them.
    this.showPlace();
  }

  key(event) {
    if (!this.data || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      " ": () => this.toggle(),
      ArrowRight: () => this.step(1),
      ArrowLeft: () => this.step(-1),
      Home: () => this.jump(0),
      End: () => this.jump(Infinity),
    };
    // A focused button keeps its own key.
    if (!(event.key in actions) || (event.key === " " && event.target.closest?.("button"))) return;
    event.preventDefault();
    actions[event.key]();
  }
}

// One digit: the picture with the scan path, the patches, the answer.
class Tile {
  constructor({ colors, size, scales, labels, classes }, digit, image) {
    Object.assign(this, { colors, size, scales, digit, image });
    this.label = labels[digit];
    this.name = classes[this.label];
    this.dim = paint(image, (grey) => [...mix(DARK, WHITE, (UNSEEN * grey) / 255), 255]);
    this.reach = Math.ceil(size / 2);
    this.lit = paint(padded(image, this.reach), (grey) => lit(grey, 0));
    this.coarse = new Map(); // layers of the coarser scales by reading, only the last few
    this.element = document.createElement("div");
    this.element.className = "cell";
    this.element.innerHTML =
      '<figure class="tile"><canvas class="field" role="img"></canvas><div class="patches" role="img"></div>' +
      '<p class="answer"><span class="mark"></span><span class="says"><span class="sr"></span>' +
      '<small class="word">says</small> <span class="class"></span> <small class="share"></small></span></p>' +
      '<p class="value">value <b></b></p></figure>';
    const find = (selector) => this.element.querySelector(selector);
    this.ui = {
      field: find(".field"),
      patches: find(".patches"),
      mark: find(".mark"),
      verdict: find(".sr"),
      class: find(".class"),
      share: find(".share"),
      value: find(".value b"),
    };
    this.ui.patches.append(
      ...colors.map((color) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
        canvas.style.setProperty("--c", color);
        return canvas;
      }),
    );
  }

  show(data, reading) {
    const answer = data.answers[reading][this.digit];
    const says = data.classes[answer];
    const right = answer === this.label;
    this.element.classList.toggle("wrong", !right);
    if (this.marked !== right) icon(this.ui.mark, right ? "right" : "wrong");
    this.marked = right;
    this.ui.verdict.textContent = right ? "Right: the model " : "Wrong: the model ";
    this.ui.class.textContent = says;
    this.ui.share.textContent = `· ${Math.round(100 * data.sure[reading][this.digit])} %`;
    this.ui.value.textContent = signed(data.values[reading][this.digit]);
    const when = `digit ${this.name} at ${nameOf(data, reading)}`;
    this.ui.field.setAttribute("aria-label", `${when}: the model says ${says}, ${right ? "right" : "wrong"}`);
    this.ui.patches.setAttribute("aria-label", `What the ${this.colors.length} glimpses saw of ${when}`);
    data.corners[reading][this.digit].forEach((corners, glimpse) => {
      const patch = crop(this.image, corners[0], this.size, 0);
      const context = this.ui.patches.children[glimpse].getContext("2d");
      context.putImageData(pixels(patch, (grey) => [grey, grey, grey, 255]), 0, 0);
    });
  }

  resize() {
    const { field } = this.ui;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [field.clientWidth, field.clientHeight].map((side) => Math.round(side * ratio));
    if (field.width !== width || field.height !== height) Object.assign(field, { width, height });
  }

  // Where the image lies, in canvas pixels, with some room for windows that look over the border.
  frame() {
    const { width, height } = this.ui.field;
    const [rows, columns] = [this.image.length, this.image[0].length];
    const margin = Math.min(this.reach + 0.5, Math.max(rows, columns) / 9);
    const pixel = Math.min(width / (columns + 2 * margin), height / (rows + 2 * margin));
    return { pixel, left: (width - columns * pixel) / 2, top: (height - rows * pixel) / 2, rows, columns };
  }

  draw(data, pose, { from, to, share }) {
    const context = this.ui.field.getContext("2d");
    context.fillStyle = FIELD;
    context.fillRect(0, 0, this.ui.field.width, this.ui.field.height);
    if (!this.ui.field.width) return;
    const frame = this.frame();
    const looks = this.looks(pose, frame);
    context.imageSmoothingEnabled = false;
    if (this.scales > 1) {
      // One comes before the other goes, so that what both saw stays lit.
      this.drawCoarse(context, frame, data, from, Math.min(1, 2 * (1 - share)));
      if (share > 0) this.drawCoarse(context, frame, data, to, Math.min(1, 2 * share));
    }
    this.drawDigit(context, frame);
    this.drawSeen(context, frame, looks);
    this.drawPath(context, frame, looks);
  }

  // Place and window of every glimpse, in canvas pixels.
  looks(pose, { pixel, left, top, rows, columns }) {
    return this.colors.map((color, glimpse) => {
      const start = 4 * (this.digit * this.colors.length + glimpse);
      const [x, y, windowLeft, windowTop] = pose.subarray(start, start + 4);
      return {
        color,
        at: [left + ((x + 1) / 2) * columns * pixel, top + ((y + 1) / 2) * rows * pixel],
        window: [left + windowLeft * pixel, top + windowTop * pixel, this.size * pixel, this.size * pixel],
      };
    });
  }

  drawDigit(context, { pixel, left, top, rows, columns }) {
    context.globalCompositeOperation = "lighten";
    context.drawImage(this.dim, left, top, columns * pixel, rows * pixel);
    context.globalCompositeOperation = "source-over";
    context.strokeStyle = "rgba(255,255,255,0.16)";
    context.lineWidth = Math.max(1, pixel / 14);
    context.strokeRect(left, top, columns * pixel, rows * pixel);
  }

  drawCoarse(context, { pixel, left, top, rows, columns }, data, reading, alpha) {
    if (!this.coarse.has(reading)) {
      if (this.coarse.size >= 4) this.coarse.delete(this.coarse.keys().next().value);
      this.coarse.set(reading, coarselySeen(this.image, data.corners[reading][this.digit], this.size));
    }
    context.globalAlpha = alpha;
    context.drawImage(this.coarse.get(reading), left, top, columns * pixel, rows * pixel);
    context.globalAlpha = 1;
  }

  // The finest windows as moving light: at rest they show exactly the pixels the sensor saw.
  drawSeen(context, { pixel, left, top, rows, columns }, looks) {
    const reach = this.reach * pixel;
    context.save();
    context.beginPath();
    for (const look of looks) context.rect(...look.window);
    context.clip();
    context.drawImage(this.lit, left - reach, top - reach, columns * pixel + 2 * reach, rows * pixel + 2 * reach);
    context.restore();
  }

  drawPath(context, { pixel }, looks) {
    const ratio = window.devicePixelRatio || 1;
    const crowd = looks.length > 9 ? Math.max(0.6, Math.sqrt(9 / looks.length)) : 1;
    const radius = Math.max(pixel * 1.15, 9.5 * ratio) * crowd;
    context.lineWidth = Math.max(1.5 * ratio * crowd, 1);
    context.globalAlpha = 0.85;
    for (const { color, window } of looks) {
      context.strokeStyle = color;
      context.strokeRect(...window);
    }
    context.globalAlpha = 1;
    context.lineCap = "round";
    for (let index = 1; index < looks.length; index++) {
      line(context, looks[index - 1].at, looks[index].at, "rgba(0,0,0,0.55)", radius * 0.5);
      line(context, looks[index - 1].at, looks[index].at, looks[index].color, radius * 0.28);
    }
    looks.forEach(({ at, color }, index) => badge(context, at, radius, color, index + 1));
  }
}

// ---- readings ----

// A reading's locations and finest windows in one row of numbers: x, y, left, top of every glimpse.
function poseOf({ locations, corners }, reading) {
  return Float64Array.from(
    locations[reading].flatMap((digit, index) =>
      digit.flatMap((location, glimpse) => [...location, ...corners[reading][index][glimpse][0]]),
    ),
  );
}

function nearest(steps, step) {
  let best = 0;
  steps.forEach((other, index) => {
    if (Math.abs(other - step) < Math.abs(steps[best] - step)) best = index;
  });
  return best;
}

const nameOf = ({ steps, epochs }, reading) =>
  steps[reading] === 0 ? "untrained" : `epoch ${Number(epochs[reading].toFixed(epochs[reading] < 10 ? 2 : 0))}`;

// Columns of patches beside their digit, with room for the value below them, and below their digit.
function columnsBeside(glimpses) {
  let columns = 1;
  while (Math.ceil(glimpses / columns) > 1.5 * columns) columns++;
  return columns;
}

const columnsBelow = (glimpses) => (glimpses <= 8 ? glimpses : Math.ceil(glimpses / Math.ceil(glimpses / 10)));

// ---- pictures ----

function decode(base64, [rows, columns]) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return Array.from({ length: rows }, (_, row) => [...bytes.subarray(row * columns, (row + 1) * columns)]);
}

// What the sensor sees: cells of 2**scale pixels a side, averaged; beyond the border the image is zero.
function crop(image, [left, top], size, scale) {
  const cell = 2 ** scale;
  const offsets = Array.from({ length: cell }, (_, index) => index);
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      let sum = 0;
      for (const dy of offsets) {
        for (const dx of offsets) sum += image[top + row * cell + dy]?.[left + column * cell + dx] ?? 0;
      }
      return sum / cell ** 2;
    }),
  );
}

// What the coarser scales saw, within the image, the coarsest at the bottom: a finer look hides a coarser one.
function coarselySeen(image, glimpses, size) {
  const grey = image.map((row) => row.map(() => -1));
  const scaleOf = image.map((row) => row.map(() => 0));
  for (let scale = glimpses[0].length - 1; scale > 0; scale--) {
    for (const corners of glimpses) {
      const [left, top] = corners[scale];
      const patch = crop(image, corners[scale], size, scale);
      for (let y = Math.max(top, 0); y < Math.min(top + size * 2 ** scale, grey.length); y++) {
        for (let x = Math.max(left, 0); x < Math.min(left + size * 2 ** scale, grey[0].length); x++) {
          grey[y][x] = patch[(y - top) >> scale][(x - left) >> scale];
          scaleOf[y][x] = scale;
        }
      }
    }
  }
  return paint(grey, (level, x, y) => (level < 0 ? [0, 0, 0, 0] : lit(level, scaleOf[y][x])));
}

function padded(image, reach) {
  const side = new Array(reach).fill(0);
  const blank = Array.from({ length: reach }, () => new Array(image[0].length + 2 * reach).fill(0));
  return [...blank, ...image.map((row) => [...side, ...row, ...side]), ...blank];
}
