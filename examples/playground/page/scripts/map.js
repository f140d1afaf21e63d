// SPDX-License-Identifier: MIT
// The function as a map. A height is the share of the map that lies below: contours at equal distances of
// that show the shape of any function.
const bands = 22;

// The values on a grid, and the shares that belong to them.
function terrain(f, box, columns, rows) {
  const values = ask("grid", f, box, columns, rows);
  const sample = [];
  const stride = Math.max(1, Math.floor(values.length / 4001));
  for (let i = 0; i < values.length; i += stride) if (Number.isFinite(values[i])) sample.push(values[i]);
  const sorted = Float64Array.from(sample).sort();
  return { values, sorted, columns, rows, box };
}

function shareBelow(sorted, value) {
  if (!(value > sorted[0])) return 0;
  let low = 0, high = sorted.length - 1;
  if (!(value < sorted[high])) return 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle; else high = middle;
  }
  return (low + (value - sorted[low]) / (sorted[high] - sorted[low])) / (sorted.length - 1);
}

function drawGround() {
  const canvas = $("ground");
  const { context, width, height, ratio } = contextOf(canvas);
  const columns = Math.round(width * ratio), rows = Math.round(height * ratio);
  if (!columns) return;
  const ground = terrain(setup.f, setup.box, columns, rows);
  const image = context.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer);
  const low = rgb("low"), high = rgb("high"), line = rgb("muted");
  const shades = Array.from({ length: bands + 1 }, (_, k) => low.map((c, i) => c + (high[i] - c) * (k / bands)));
  const pack = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;
  const plain = shades.map(pack);
  const edges = shades.map((shade) => pack(shade.map((c, i) => c + (line[i] - c) * 0.33)));
  const band = new Uint8Array(columns);  // of the row below
  let k = 0;
  for (let j = 0; j < rows; ++j) {
    const at = (rows - 1 - j) * columns;
    for (let i = 0, left = -1; i < columns; ++i, ++k) {
      const now = Math.floor(shareBelow(ground.sorted, ground.values[k]) * bands);
      const edge = (left >= 0 && left !== now) || (j > 0 && band[i] !== now);
      pixels[at + i] = (edge ? edges : plain)[now];
      band[i] = left = now;
    }
  }
  context.putImageData(image, 0, 0);
}

// Between points of the map and pixels of a canvas of this size.
function toPixel([x, y], width, height) {
  const [x0, y0, x1, y1] = setup.box;
  return [((x - x0) / (x1 - x0)) * width, (1 - (y - y0) / (y1 - y0)) * height];
}
// To a thousandth of the map or finer, for short links.
function rounded([x, y]) {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(setup.box[2] - setup.box[0])));
  return [x, y].map((v) => Number(v.toFixed(Math.min(digits, 12))));
}
function toPoint(event) {
  const area = $("map").getBoundingClientRect(), [x0, y0, x1, y1] = setup.box;
  return rounded([x0 + ((event.clientX - area.left) / area.width) * (x1 - x0),
    y1 - ((event.clientY - area.top) / area.height) * (y1 - y0)]);
}
