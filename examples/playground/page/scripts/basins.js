// SPDX-License-Identifier: MIT
// Which minimum an optimizer reaches from each start of a grid of 41 by 41, a row at a time.
const basins = { of: null, size: 41, rows: [], ticket: 0 };

function toggleBasins(chosen) {
  basins.of = basins.of === chosen ? null : chosen;
  startBasins();
  markBasins();
  if (basins.of) $("basins").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function startBasins() {
  const ticket = ++basins.ticket, { of, size } = basins;
  if (of && !setup.optimizers.includes(of)) basins.of = null;
  $("basins").hidden = !basins.of;
  basins.rows = [];
  contextOf($("basin-layer"));
  if (!basins.of) return;
  const work = () => {
    if (ticket !== basins.ticket) return;
    const begin = performance.now();
    try {
      while (basins.rows.length < size && performance.now() - begin < 14) {
        const ends = ask("rowOfEnds", setup.f, of.name, of.values, setup.box, size, basins.rows.length, setup.steps);
        basins.rows.push(Array.from({ length: size }, (_, i) => minimumAt(ends[2 * i], ends[2 * i + 1])));
      }
    } catch (error) {
      $("basins-title").textContent = error.message;
      return;
    }
    drawBasins();
    if (basins.rows.length < size) requestAnimationFrame(work);
  };
  requestAnimationFrame(work);
}

function markBasins() {
  [...$("cards").children].forEach((made, i) => {
    made.querySelector(".of-basins").setAttribute("aria-pressed", setup.optimizers[i] === basins.of);
  });
}

const basinColor = (minimum) => (minimum < 0 ? (minimum === -1 ? "none" : "ink") : `b${minimum % 8}`);

function drawBasins() {
  const { context, width, height } = contextOf($("basin-layer")), { size } = basins;
  const counts = new Map(), cell = [width / (size - 1), height / (size - 1)];
  basins.rows.forEach((row, j) => row.forEach((minimum, i) => {
    counts.set(minimum, (counts.get(minimum) ?? 0) + 1);
    context.fillStyle = color(basinColor(minimum));
    context.fillRect((i - 0.5) * cell[0], height - (j + 0.5) * cell[1], cell[0] + 0.5, cell[1] + 0.5);
  }));
  const total = size * basins.rows.length, sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const reached = sorted.filter(([m]) => minima[m]?.global).reduce((sum, [, n]) => sum + n, 0);
  $("basins-title").textContent = `${basins.of.name}: ${reached} of ${total} starts reach the global minimum`;
  const name = (m) => {
    if (m < 0) return m === -2 ? "diverged" : "none yet";
    return `${minima[m].global ? "global" : "local"} (${minima[m].x.map((v) => short(v, 3)).join(", ")})`;
  };
  const part = (tag, m, n) => {
    const made = element(tag, tag === "li" ? { textContent: `${name(m)}: ${n}` } : {});
    made.style.setProperty("--color", `var(--${basinColor(m)})`);
    return made;
  };
  $("basins-bar").replaceChildren(...sorted.map(([m, n]) => {
    const made = part("span", m, n);
    made.style.cssText += `;flex:${n};background:var(--color)`;
    return made;
  }));
  $("basins-list").replaceChildren(...sorted.slice(0, 9).map(([m, n]) => part("li", m, n)));
}
