// SPDX-License-Identifier: MIT
// The ways of the chosen optimizers, and the minima to which they may lead.
let runs = [];
let minima = [];

const minimaOf = remembered((key) => {
  const [f, ...box] = key.split("|");
  const numbers = ask("minima", f, box.map(Number));
  return Array.from({ length: numbers.length / 3 }, (_, i) => ({
    x: [numbers[3 * i], numbers[3 * i + 1]],
    value: numbers[3 * i + 2],
    global: numbers[3 * i + 2] <= numbers[2] + 1e-6 * (1 + Math.abs(numbers[2])),
  }));
});

// Those of a test function in its own domain, those of a formula on the map.
function findMinima() {
  const box = setup.f.startsWith("=") ? setup.box : [...describeFunction(setup.f).box];
  minima = minimaOf([setup.f, ...box].join("|"));
}

// The number of the minimum at a point; -1 if there is none, -2 if it is not finite.
function minimumAt(x, y) {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return -2;
  const [x0, y0, x1, y1] = describeFunction(setup.f).box;
  const [left, below, right, above] = setup.box;
  let best = -1, distance = 0.005 * Math.hypot(Math.min(x1 - x0, right - left), Math.min(y1 - y0, above - below));
  minima.forEach((minimum, i) => {
    const d = Math.hypot(minimum.x[0] - x, minimum.x[1] - y);
    if (d <= distance) [best, distance] = [i, d];
  });
  return best;
}

function walk(optimizer) {
  try {
    const points = ask("run", setup.f, optimizer.name, optimizer.values, setup.start, setup.steps);
    const count = points.length / 3, last = 3 * (count - 1);
    const minimum = minimumAt(points[last], points[last + 1]);
    const step = minimum < 0 ? -1 : arrival(points, minima[minimum].value);
    return { points, count, minimum, value: points[last + 2], arrival: step };
  } catch (error) {
    return { points: [], count: 0, error: error.message };
  }
}

// The step from which on the value is the minimum's.
function arrival(points, value) {
  let first = -1;
  for (let i = points.length / 3 - 1; i >= 0 && Math.abs(points[3 * i + 2] - value) <= 1e-6; --i) first = i;
  return first;
}

// The milliseconds of all of them.
function walkAll() {
  const begin = performance.now();
  runs = setup.optimizers.map(walk);
  return performance.now() - begin;
}

function resultText({ error, count, value, minimum, arrival: step }) {
  if (error) return error;
  if (!Number.isFinite(value)) return `diverged at step ${count - 1}`;
  if (minimum < 0) return `${short(value, 6)} · no minimum yet`;
  const kind = minima[minimum].global ? "global" : "local";
  return `${short(value, 6)} · ${kind} minimum${step < 0 ? "" : `, step ${step}`}`;
}
