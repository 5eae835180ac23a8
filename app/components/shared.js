// What the viewer and the learning viewer share: how what has been seen is painted, and the signs on their buttons.
//
// Python puts this text before each one's own (`register_viewer` in __init__.py), so nothing here is exported.

const UNSEEN = 0.3; // brightness of what has not been seen
const DARK = [10, 12, 18]; // what nobody has looked at
const FIELD = `rgb(${DARK})`;
const WHITE = [255, 255, 255];
const LIT = [27, 32, 48]; // seen paper: lighter than the field, so that seeing nothing differs from not looking
// Of what has been seen, by scale: the coarser, the less there was to see. Ink fades more than paper, so that the
// digit itself, as dim as where nobody has looked, shines through its blur.
const PAPER_LIGHT = [1, 0.8, 0.65, 0.55];
const INK_LIGHT = [1, 0.65, 0.42, 0.32];
const ICONS = {
  first: "M6 5h2.4v14H6zM19 5v14L9.5 12z",
  back: "M17 5v14L6.5 12z",
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  replay: "M12 5V1.5L6.5 6.2 12 11V7.4a5.3 5.3 0 1 1-5.2 6.5H4.3A7.8 7.8 0 1 0 12 5z",
  forward: "M7 5v14l10.5-7z",
  last: "M15.6 5H18v14h-2.4zM5 5v14l9.5-7z",
  // Different shapes, not only colours: a full disc with a tick, a bare cross.
  right: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm-1.7 16.3-5-5 2-2 3 3 6.6-6.8 2 2z",
  wrong: "M5.5 2.7 2.7 5.5 9.2 12l-6.5 6.5 2.8 2.8 6.5-6.5 6.5 6.5 2.8-2.8-6.5-6.5 6.5-6.5-2.8-2.8L12 9.2z",
};

// `color` makes four channels of a value and its column and row.
function pixels(rows, color) {
  const data = new Uint8ClampedArray(rows.flatMap((row, y) => row.flatMap((value, x) => color(value, x, y))));
  return new ImageData(data, rows[0].length, rows.length);
}

function paint(rows, color) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: rows[0].length, height: rows.length });
  canvas.getContext("2d").putImageData(pixels(rows, color), 0, 0);
  return canvas;
}

// The colour of a grey level that was seen at a scale.
function lit(level, scale) {
  const place = Math.min(scale, INK_LIGHT.length - 1);
  return [...mix(mix(DARK, LIT, PAPER_LIGHT[place]), WHITE, (INK_LIGHT[place] * level) / 255), 255];
}

function line(context, [fromX, fromY], [toX, toY], color, width) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  Object.assign(context, { strokeStyle: color, lineWidth: width });
  context.stroke();
}

function badge(context, [x, y], radius, color, text) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = color;
  context.fill();
  Object.assign(context, { strokeStyle: "rgba(0,0,0,0.65)", lineWidth: radius / 6 });
  context.stroke();
  Object.assign(context, { fillStyle: FIELD, textAlign: "center", textBaseline: "alphabetic" });
  context.font = `700 ${Math.round(radius * (text < 10 ? 1.35 : 1.1))}px system-ui, sans-serif`;
  // Centred by the digit's own height: the font's middle sits too high.
  const { actualBoundingBoxAscent: height } = context.measureText(text);
  context.fillText(text, x, y + height / 2);
}

function icon(element, name) {
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const mix = (from, to, share) => from.map((value, index) => value + (to[index] - value) * share);
// Without the sign of a zero that was rounded.
const signed = (value) => value.toFixed(2).replace("-0.00", "0.00").replace("-", "−");

function ease(share) {
  const x = clamp(share, 0, 1);
  return x * x * (3 - 2 * x);
}
