// SPDX-License-Identifier: MIT
// Axes, and the values of the ways against steps: steps at the distance of their roots, as the player runs.
const margin = { left: 44, right: 20, top: 10, bottom: 24 };

// Draws a frame with ticks; returns the maps from numbers to pixels.
function axes(context, width, height, x, y) {
  const across = (v) => margin.left + x.to(v) * (width - margin.left - margin.right);
  const up = (v) => height - margin.bottom - y.to(v) * (height - margin.top - margin.bottom);
  context.font = "11px system-ui";
  context.fillStyle = color("muted");
  context.strokeStyle = color("line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of y.ticks) {
    line(context, [margin.left, up(tick)], [width - margin.right, up(tick)]);
    context.fillText(y.text(tick), margin.left - 6, up(tick));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of x.ticks) context.fillText(x.text(tick), across(tick), height - margin.bottom + 7);
  return { across, up };
}

const powerOfTen = (v) => `1e${Math.round(Math.log10(v))}`.replace("-", "−").replace(/^1e0$/, "1");

// A logarithmic axis, with about six ticks at powers of ten.
function decades(least, most) {
  const low = Math.log10(least), high = Math.log10(most), gap = Math.max(1, Math.ceil((high - low) / 6));
  const ticks = [];
  for (let k = Math.ceil(low / gap) * gap; k <= high; k += gap) ticks.push(10 ** k);
  return { ticks, text: powerOfTen, to: (v) => (Math.log10(clamp(v, least, most)) - low) / (high - low) };
}

function drawChart() {
  const { context, width, height } = contextOf($("chart"));
  const lowest = Math.min(minima[0]?.value ?? Infinity, ...runs.filter((run) => run.count).map((run) => lowestOf(run)));
  const least = 1e-9, most = Math.max(1, ...runs.filter((run) => run.count).map((run) => (run.points[2] - lowest) * 3));
  const shares = [0, 0.02, 0.1, 0.25, 0.5, 0.75, 1];
  const ticks = [...new Set(shares.map((s) => Number((s * setup.steps).toPrecision(2))))];
  const x = { ticks: ticks.filter((s) => s <= setup.steps), text: String, to: (step) => Math.sqrt(step / setup.steps) };
  const { across, up } = axes(context, width, height, x, decades(least, most));
  runs.forEach((run, r) => {
    if (!run.count) return;
    const drawn = (last, alpha) => {
      context.globalAlpha = alpha;
      context.strokeStyle = color(colorOf(setup.optimizers[r].color));
      context.setLineDash(setup.optimizers[r].color >= 8 ? [6, 3] : []);
      context.lineWidth = 1.8;
      context.beginPath();
      for (let i = 0; i <= last; ++i) {
        const value = run.points[3 * i + 2] - lowest;
        if (!Number.isFinite(value)) break;
        context.lineTo(across(i), up(Math.max(value, least)));
      }
      context.stroke();
      context.globalAlpha = 1;
    };
    drawn(run.count - 1, 0.25);
    drawn(Math.min(player.step, run.count - 1), 1);
  });
  context.setLineDash([]);
  context.strokeStyle = color("ink");
  context.lineWidth = 1;
  const now = across(player.step);
  line(context, [now, margin.top], [now, height - margin.bottom]);
}

function lowestOf(run) {
  let lowest = Infinity;
  for (let i = 2; i < run.points.length; i += 3) if (run.points[i] < lowest) lowest = run.points[i];
  return lowest;
}
