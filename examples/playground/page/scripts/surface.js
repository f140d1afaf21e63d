// SPDX-License-Identifier: MIT
// The function as a surface that can be turned, drawn from back to front, with the ways on it.
const surface = { turn: -0.6, tilt: 0.78, cells: 60, ground: null };

function prepareSurface() {
  const n = surface.cells + 1, [x0, y0, x1, y1] = setup.box;
  // Points of the corners of cells: the middles of a grid that is half a cell larger.
  const dx = (x1 - x0) / surface.cells / 2, dy = (y1 - y0) / surface.cells / 2;
  const ground = terrain(setup.f, [x0 - dx, y0 - dy, x1 + dx, y1 + dy], n, n);
  const { sorted } = ground, least = sorted[0], most = sorted[sorted.length - 1];
  const scale = sorted[sorted.length >> 1] - least || 1;
  // Heights grow with the logarithm above the median, so that walls do not hide the floor.
  const highest = Math.log1p((most - least) / scale) || 1;
  surface.heights = Float64Array.from(ground.values, (value) => clamp(Math.log1p((value - least) / scale) / highest, 0, 1));
  surface.shares = Float64Array.from(ground.values, (value) => shareBelow(sorted, value));
}

// Pixels of a point of the unit cube, seen from above.
function projection(width, height) {
  const scale = Math.min(width * 0.66, height * 0.68);
  const c = Math.cos(surface.turn), s = Math.sin(surface.turn);
  const up = Math.sin(surface.tilt), flat = Math.cos(surface.tilt);
  return (x, y, z) => {
    const across = (x - 0.5) * c - (y - 0.5) * s, away = (x - 0.5) * s + (y - 0.5) * c;
    return [width / 2 + across * scale, height * 0.51 - (away * flat + (z - 0.5) * 0.55 * up) * scale];
  };
}

// The height of the surface between its corners.
function heightAt(x, y) {
  const n = surface.cells, i = clamp(Math.floor(x * n), 0, n - 1), j = clamp(Math.floor(y * n), 0, n - 1);
  const u = x * n - i, v = y * n - j, h = surface.heights, k = j * (n + 1) + i;
  return (1 - v) * ((1 - u) * h[k] + u * h[k + 1]) + v * ((1 - u) * h[k + n + 1] + u * h[k + n + 2]);
}

// The parts of the ways by the cell after which they are drawn, so that nearer ones can cover them: the next
// nearer one, which would cover half of a line at its edge.
function segmentsByCell(nearerX, nearerY) {
  const n = surface.cells, cells = new Map(), [x0, y0, x1, y1] = setup.box;
  const add = (from, to, r, end) => {
    const [x, y] = to;
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return;
    const cell = clamp(Math.floor(y * n) + nearerY, 0, n - 1) * n + clamp(Math.floor(x * n) + nearerX, 0, n - 1);
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push({ from: [...from, heightAt(...from) + 0.01], to: [...to, heightAt(...to) + 0.01], r, end });
  };
  runs.forEach((run, r) => {
    const last = Math.min(player.step, run.count - 1);
    let before = null;
    for (let i = 0; i <= last; ++i) {
      const here = [(run.points[3 * i] - x0) / (x1 - x0), (run.points[3 * i + 1] - y0) / (y1 - y0)];
      before ??= here;
      const distance = Math.hypot(here[0] - before[0], here[1] - before[1]);
      if (distance * n < 0.2 && i < last) continue;  // too short to be seen
      const pieces = clamp(Math.ceil(distance * n * 2), 1, 500);
      const between = (share) => [before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1])];
      for (let p = 1; p <= pieces; ++p) add(between((p - 1) / pieces), between(p / pieces), r, i === last && p === pieces);
      before = here;
    }
  });
  return cells;
}

function drawSurface() {
  const canvas = $("surface");
  const { context, width, height } = contextOf(canvas);
  if (!surface.heights || !width) return;
  const n = surface.cells, at = projection(width, height);
  const low = rgb("low"), high = rgb("high"), dark = matchesDark();
  const corners = Array.from(surface.heights, (h, k) => at((k % (n + 1)) / n, Math.floor(k / (n + 1)) / n, h));
  const s = Math.sin(surface.turn), c = Math.cos(surface.turn);
  const order = (forward) => Array.from({ length: n }, (_, k) => (forward ? k : n - 1 - k));
  const cells = segmentsByCell(s < 0 ? 1 : -1, c < 0 ? 1 : -1);
  const columns = order(s < 0), rows = order(c < 0);  // from far to near
  context.lineWidth = 0.6;
  for (const j of rows) for (const i of columns) {
    const k = j * (n + 1) + i, quad = [corners[k], corners[k + 1], corners[k + n + 2], corners[k + n + 1]];
    const h = surface.heights, slope = ((h[k + 1] - h[k]) * 0.8 + (h[k + n + 1] - h[k]) * 0.5) * n;
    const light = clamp(1 - slope * 0.11, 0.66, 1.05) * (dark ? 1.25 : 0.95);
    const share = surface.shares[k], band = Math.floor(share * bands) / bands;
    const tone = (factor) => `rgb(${low.map((v, m) => Math.round((v + (high[m] - v) * band) * light * factor))})`;
    context.fillStyle = tone(1);
    context.strokeStyle = tone(dark ? 1.12 : 0.95);
    context.beginPath();
    quad.forEach(([x, y], m) => (m ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fill();
    context.stroke();
    for (const { from, to, r, end } of cells.get(j * n + i) ?? []) {
      context.strokeStyle = context.fillStyle = color(colorOf(setup.optimizers[r].color));
      context.lineWidth = 2.2;
      context.beginPath();
      context.moveTo(...at(...from));
      context.lineTo(...at(...to));
      context.stroke();
      if (end) disc(context, ...at(...to), 4);
      context.lineWidth = 0.6;
    }
  }
}

function turnSurface(across, up) {
  surface.turn += across;
  surface.tilt = clamp(surface.tilt + up, 0.15, 1.45);
  redraw();
}
