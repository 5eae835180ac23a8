// What is to be seen on a canvas, as the server gets it: grey levels, which a PNG would take it longer to decode.

const LONGEST = 255; // pixels of a run: its length is one byte

/**
 * Paints strokes as the canvas shows them, and returns the pixels, RGBA.
 *
 * @param {object[]} strokes In Fabric's words.
 * @param {number} side Of the picture, in pixels.
 * @param {string} paper
 */
export function paint(strokes, side, paper) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.fillStyle = paper;
  pen.fillRect(0, 0, side, side);
  pen.lineCap = pen.lineJoin = "round";
  for (const { path, stroke, strokeWidth } of /** @type {any[]} */ (strokes)) {
    pen.strokeStyle = stroke;
    pen.lineWidth = strokeWidth;
    pen.stroke(new Path2D(path.flat().join(" ")));
  }
  return pen.getImageData(0, 0, side, side).data;
}

/**
 * Runs of pixels with the same grey level, row by row: two bytes each, the level and how many they are, in base64.
 *
 * @param {ArrayLike<number>} pixels RGBA: of greys, or of which the first channel tells all apart.
 */
export function runsOf(pixels) {
  let runs = "";
  for (let start = 0, end = 0; start < pixels.length; start = end) {
    const level = pixels[start];
    while (end < pixels.length && pixels[end] === level && end < start + 4 * LONGEST) end += 4;
    runs += String.fromCharCode(level, (end - start) / 4);
  }
  return btoa(runs);
}
