// Lines, discs and arrows on a canvas, in its pixels.

export const HALO = "rgba(0,0,0,0.6)"; // round what stands on an image of any brightness

export function stroke(context, points, color, width) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  Object.assign(context, { strokeStyle: color, lineWidth: width, lineJoin: "round", lineCap: "round" });
  context.stroke();
}

export function fill(context, [x, y], radius, color, rim = "") {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = color;
  context.fill();
  if (!rim) return;
  Object.assign(context, { strokeStyle: rim, lineWidth: radius / 4 });
  context.stroke();
}

/** Line and head, with a dark rim. */
export function drawArrowTo(context, from, to, color, width, dashes) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  if (length < 1) return;
  const head = Math.min(width * 2.9, length * 0.75);
  const [x, y] = [dx / length, dy / length];
  const neck = [to[0] - x * head, to[1] - y * head];
  const wing = head * 0.55;
  const corners = [to, [neck[0] - y * wing, neck[1] + x * wing], [neck[0] + y * wing, neck[1] - x * wing]];
  for (const [shade, extra] of /** @type {const} */ ([
    [HALO, 1.9],
    [color, 1],
  ])) {
    context.setLineDash(shade === color ? dashes : []);
    stroke(context, [from, neck], shade, width * extra);
    context.setLineDash([]);
    context.beginPath();
    for (const corner of corners) context.lineTo(corner[0], corner[1]);
    context.closePath();
    Object.assign(context, { fillStyle: shade, strokeStyle: shade, lineWidth: width * (extra - 0.9) });
    context.fill();
    if (shade === HALO) context.stroke();
  }
}
