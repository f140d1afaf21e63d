// SPDX-License-Identifier: MIT
// The function as a surface that can be turned, drawn from back to front, with the ways on it.
const surface = { turn: -0.6, tilt: 0.95, cells: 60, ground: null };

function prepareSurface() {
  const n = surface.cells + 1, [x0, y0, x1, y1] = setup.box;
  // Points of the corners of cells: the middles of a grid that is half a cell larger.
  const dx = (x1 - x0) / surface.cells / 2, dy = (y1 - y0) / surface.cells / 2;
  const ground = terrain(setup.f, [x0 - dx, y0 - dy, x1 + dx, y1 + dy], n, n);
  const { sorted } = ground, least = sorted[0], most = sorted[sorted.length - 1];
  const scale = sorted[sorted.length >> 1] - least || 1;
  // Heights grow with the logarithm above the median, so that walls do not hide the floor.
  surface.height = (value) => clamp(Math.log1p((value - least) / scale) / Math.log1p((most - least) / scale || 1), 0, 1.05);
  surface.heights = Float64Array.from(ground.values, surface.height);
  surface.shares = Float64Array.from(ground.values, (value) => shareBelow(sorted, value));
}

// Pixels of a point of the unit cube, seen from above.
function projection(width, height) {
  const scale = Math.min(width * 0.66, height * 0.9);
  const c = Math.cos(surface.turn), s = Math.sin(surface.turn), up = Math.sin(surface.tilt), flat = Math.cos(surface.tilt);
  return (x, y, z) => {
    const across = (x - 0.5) * c - (y - 0.5) * s, away = (x - 0.5) * s + (y - 0.5) * c;
    return [width / 2 + across * scale, height * 0.5 - (away * flat + (z - 0.5) * 0.55 * up) * scale];
  };
}

// The parts of the ways in each cell, so that nearer cells can cover them.
function segmentsByCell() {
  const n = surface.cells, cells = new Map(), [x0, y0, x1, y1] = setup.box;
  runs.forEach((run, r) => {
    const last = Math.min(player.step, run.count - 1);
    let before = null;
    for (let i = 0; i <= last; ++i) {
      const x = (run.points[3 * i] - x0) / (x1 - x0), y = (run.points[3 * i + 1] - y0) / (y1 - y0);
      const inside = x >= 0 && x < 1 && y >= 0 && y < 1;
      const here = inside ? [x, y, surface.height(run.points[3 * i + 2]) + 0.012] : null;
      if (here) {
        const cell = Math.floor(y * n) * n + Math.floor(x * n);
        if (!cells.has(cell)) cells.set(cell, []);
        cells.get(cell).push({ from: before ?? here, to: here, r, end: i === last });
      }
      before = here;
    }
  });
  return cells;
}

function drawSurface() {
  const canvas = $("surface");
  const { context, width, height } = contextOf(canvas);
  if (!surface.heights || !width) return;
  const n = surface.cells, at = projection(width, height), cells = segmentsByCell();
  const low = rgb("low"), high = rgb("high"), dark = matchesDark();
  const corners = new Array((n + 1) * (n + 1));
  for (let j = 0, k = 0; j <= n; ++j) for (let i = 0; i <= n; ++i, ++k) corners[k] = at(i / n, j / n, surface.heights[k]);
  const s = Math.sin(surface.turn), c = Math.cos(surface.turn);
  const order = (forward) => Array.from({ length: n }, (_, k) => (forward ? k : n - 1 - k));
  const columns = order(s < 0), rows = order(c < 0);  // from far to near
  context.lineWidth = 0.6;
  for (const j of rows) for (const i of columns) {
    const k = j * (n + 1) + i, quad = [corners[k], corners[k + 1], corners[k + n + 2], corners[k + n + 1]];
    const h = surface.heights, slope = ((h[k + 1] - h[k]) * 0.8 + (h[k + n + 1] - h[k]) * 0.5) * n;
    const light = clamp(1 - slope * 0.09, 0.72, 1.12) * (dark ? 1.15 : 0.97);
    const share = surface.shares[k], band = Math.floor(share * bands) / bands;
    context.fillStyle = context.strokeStyle = `rgb(${low.map((v, m) => Math.round((v + (high[m] - v) * band) * light))})`;
    context.beginPath();
    quad.forEach(([x, y], m) => (m ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fill();
    context.stroke();
    for (const { from, to, r, end } of cells.get(j * n + i) ?? []) {
      context.strokeStyle = context.fillStyle = color(colorOf(setup.optimizers[r].color));
      context.lineWidth = 2;
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
