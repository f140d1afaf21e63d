// SPDX-License-Identifier: MIT
// The ways on the map, as far as the step that is shown; the minima, and the start.
function drawPaths() {
  const { context, width, height } = contextOf($("map"));
  drawMinima(context, width, height);
  const step = player.step;
  context.lineJoin = "round";
  runs.forEach((run, r) => {
    if (!run.count) return;
    const last = Math.min(step, run.count - 1);
    context.strokeStyle = context.fillStyle = color(colorOf(setup.optimizers[r].color));
    context.setLineDash(setup.optimizers[r].color >= 8 ? [6, 3] : []);
    context.lineWidth = 2;
    context.beginPath();
    for (let i = 0; i <= last; ++i) {
      const [x, y] = toPixel([run.points[3 * i], run.points[3 * i + 1]], width, height);
      if (!(Math.abs(x) < 1e5 && Math.abs(y) < 1e5)) break;
      if (i) context.lineTo(x, y); else context.moveTo(x, y);
    }
    context.stroke();
    context.setLineDash([]);
    const [x, y] = toPixel([run.points[3 * last], run.points[3 * last + 1]], width, height);
    disc(context, x, y, 5);
  });
  const [x, y] = toPixel(setup.start, width, height);
  context.strokeStyle = color("ink");
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, 6, 0, 7);
  context.moveTo(x - 10, y), context.lineTo(x - 3, y), context.moveTo(x + 3, y), context.lineTo(x + 10, y);
  context.moveTo(x, y - 10), context.lineTo(x, y - 3), context.moveTo(x, y + 3), context.lineTo(x, y + 10);
  context.stroke();
}

function disc(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
  context.strokeStyle = color("panel");
  context.lineWidth = 1.5;
  context.stroke();
}

function drawMinima(context, width, height) {
  context.fillStyle = context.strokeStyle = color("ink");
  context.lineWidth = 1.3;
  minima.slice(0, 60).forEach((minimum) => {
    const [x, y] = toPixel(minimum.x, width, height), r = minimum.global ? 5 : 3.5;
    context.beginPath();
    if (minimum.global) {
      for (let k = 0; k < 10; ++k) {
        const radius = k % 2 ? r * 0.45 : r * 1.25, angle = (k * Math.PI) / 5 - Math.PI / 2;
        context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
      }
      context.fill();
    } else {
      context.arc(x, y, r, 0, 7);
      context.stroke();
    }
  });
}
