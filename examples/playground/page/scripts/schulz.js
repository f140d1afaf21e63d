// SPDX-License-Identifier: MIT
// The second view: a matrix and its singular values under Newton–Schulz, step by step.
const schulz = { data: null, step: 0, playing: false };

function prepareSchulz() {
  $("set").append(...ask("coefficientSets").map((name) => option(name)), option("own: a, b, c", "own"));
  const on = (id, set) => $(id).addEventListener("input", () => (set($(id).value), updateSchulz()));
  on("matrix", (value) => (setup.schulz.matrix = value));
  on("condition", (value) => (setup.schulz.condition = Number((10 ** value).toPrecision(3))));
  on("set", (value) => (setup.schulz.set = value));
  on("schulz-steps", (value) => (setup.schulz.steps = Number(value)));
  const ranges = [[0, 8], [-15, 5], [-2, 10]];
  ["a", "b", "c"].forEach((name, i) => {
    const [min, max] = ranges[i];
    const slider = element("input", { type: "range", min, max, step: 0.0005, id: `own-${name}`, ariaLabel: name });
    const text = element("output", { id: `own-${name}-text` });
    slider.oninput = () => (setup.schulz.own[i] = Number(slider.value), updateSchulz());
    $("own").append(element("label", {}, name, slider, text));
  });
  $("schulz-scrub").oninput = () => (schulz.playing = false, showSchulzStep(Number($("schulz-scrub").value)));
  $("schulz-play").onclick = () => playSchulz(!schulz.playing);
}

function playSchulz(on) {
  schulz.playing = on;
  $("schulz-play").classList.toggle("playing", on);
  $("schulz-play").setAttribute("aria-label", on ? "Pause" : "Play");
  if (!on) return;
  const last = schulz.data.sigmas.length - 1;
  if (schulz.step === last) showSchulzStep(0);
  const next = () => {
    if (!schulz.playing) return;
    if (schulz.step >= last) return playSchulz(false);
    showSchulzStep(schulz.step + 1);
    setTimeout(next, 700);
  };
  setTimeout(next, 400);
}

function updateSchulz() {
  if (setup.view !== "schulz") return;
  const { matrix, condition, set, steps, own } = setup.schulz;
  const atEnd = !schulz.data || schulz.step === schulz.data.sigmas.length - 1;
  schulz.data = ask("newtonSchulz", matrix, condition, set, own, steps);
  const last = schulz.data.sigmas.length - 1;
  $("matrix").value = matrix;
  $("condition-row").hidden = matrix !== "geometric";
  $("condition").value = Math.log10(condition);
  $("condition-text").value = short(condition, 3);
  $("set").value = set;
  $("own").hidden = set !== "own";
  ["a", "b", "c"].forEach((name, i) => {
    $(`own-${name}`).value = own[i];
    $(`own-${name}-text`).value = short(own[i], 5);
  });
  $("schulz-steps-row").hidden = stepsOfTable(set) !== null;
  $("schulz-steps").value = steps;
  $("schulz-steps-text").value = steps;
  $("schulz-scrub").max = last;
  showFirstSteps();
  showSchulzStep(atEnd ? last : Math.min(schulz.step, last));
  saveAddress();
}

function showSchulzStep(step) {
  schulz.step = step;
  const last = schulz.data.sigmas.length - 1;
  $("schulz-scrub").value = step;
  $("schulz-step").value = `${step} / ${last}`;
  drawSchulz();
}

function showFirstSteps() {
  const head = (colSpan, ...texts) => element("tr", {}, element("th"),
    ...texts.map((textContent) => element("th", { textContent, colSpan })));
  const body = schulz.data.first.map((step) => {
    const numbers = [...step.aligned, step.alignedCosine, ...step.rotated, step.rotatedCosine];
    return element("tr", {}, element("th", { textContent: step.name, scope: "row" }),
      ...numbers.map((v) => element("td", { textContent: short(v, 3) })));
  });
  const group = ["σ₁", "σ₂", "σ₃", "cosine"];
  $("first").replaceChildren(
    element("thead", {}, head(4, "basis of the singular vectors", "rotated basis"), head(1, ...group, ...group)),
    element("tbody", {}, ...body));
}

function drawSchulz() {
  if (setup.view !== "schulz" || !schulz.data) return;
  drawSigmas();
  drawScalar();
  const { rows, cols, matrices } = schulz.data, x = matrices[schulz.step];
  const gram = new Float64Array(cols * cols);
  for (let i = 0; i < cols; ++i) for (let j = 0; j < cols; ++j)
    for (let k = 0; k < rows; ++k) gram[i * cols + j] += x[k * cols + i] * x[k * cols + j];
  drawMatrix($("matrix-x"), x, rows, cols);
  drawMatrix($("matrix-gram"), gram, cols, cols);
}

function drawSigmas() {
  const { context, width, height } = contextOf($("sigmas")), { sigmas } = schulz.data, last = sigmas.length - 1;
  const least = Math.max(1e-9, Math.min(...sigmas.flatMap((s) => [...s])) / 2);
  const top = Math.max(2, ...sigmas.flatMap((s) => [...s]).filter(Number.isFinite));
  const ticks = [...sigmas.keys()].filter((k) => last <= 12 || k % 2 === 0);
  const { across, up } = axes(context, width, height, { ticks, text: String, to: (k) => k / last }, decades(least, top));
  context.strokeStyle = color("muted");
  context.setLineDash([3, 3]);
  line(context, [margin.left, up(1)], [width - margin.right, up(1)]);
  context.setLineDash([]);
  sigmas[0].forEach((_, i) => {
    context.strokeStyle = context.fillStyle = color(colorOf(i));
    context.lineWidth = 1.6;
    context.beginPath();
    sigmas.forEach((s, k) => context.lineTo(across(k), up(s[i])));
    context.globalAlpha = 0.5;
    context.stroke();
    context.globalAlpha = 1;
    disc(context, across(schulz.step), up(sigmas[schulz.step][i]), 4.5);
  });
}

function drawScalar() {
  const { context, width, height } = contextOf($("scalar")), { sigmas, coefficients, safety } = schulz.data;
  const k = clamp(schulz.step, 1, coefficients.length), row = coefficients[k - 1];
  const p = ([a, b, c], s) => s * (a + s * s * (b + s * s * c));
  // The first step divides by the safety, too.
  const step = (j, s) => p(coefficients[j], j === 0 ? s / safety : s);
  const most = clamp(1.1 * Math.max(...sigmas[k - 1], ...sigmas[k]), 1.3, 3);
  const plain = (v) => short(v, 3), ticks = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5].filter((v) => v <= most);
  const { across, up } = axes(context, width, height, { ticks, text: plain, to: (v) => v / most },
    { ticks, text: plain, to: (v) => clamp(v / most, -0.2, 1.2) });
  context.save();
  context.beginPath();
  context.rect(margin.left, 0, width - margin.left - margin.right, height - margin.bottom);
  context.clip();
  const curve = (f, style, last = most, dash = []) => {
    context.strokeStyle = style;
    context.setLineDash(dash);
    context.beginPath();
    for (let i = 0; i <= 1500; ++i) context.lineTo(across((i / 1500) * last), up(f((i / 1500) * last)));
    context.stroke();
    context.setLineDash([]);
  };
  context.lineWidth = 1;
  curve((s) => s, color("muted"));
  context.lineWidth = 1.3;
  curve((s) => coefficients.slice(0, k).reduce((v, _, j) => step(j, v), s), color("muted"), 1, [4, 3]);
  context.lineWidth = 2;
  curve((s) => p(row, k === 1 ? s / safety : s), color("accent"));
  context.restore();
  sigmas[k - 1].forEach((s, i) => {
    const next = sigmas[k][i];
    context.strokeStyle = context.fillStyle = color(colorOf(i));
    context.lineWidth = 1.2;
    line(context, [across(s), up(0)], [across(s), up(next)], [across(next), up(next)]);
    disc(context, across(s), up(next), 4);
  });
  $("row").value = `${short(row[0], 5)} σ + ${short(row[1], 5)} σ³ + ${short(row[2], 5)} σ⁵`.replace(/\+ −/g, "− ");
}

// Entries as colours, blue below zero and orange above, one at full strength.
function drawMatrix(canvas, entries, rows, cols) {
  const { context, width, height } = contextOf(canvas), side = Math.min((width - 16) / cols, (height - 16) / rows);
  const left = (width - side * cols) / 2, top = (height - side * rows) / 2;
  const most = Math.max(...Array.from(entries, Math.abs), 1e-300), full = Math.max(most, 0.5);
  entries.forEach((value, k) => {
    const x = left + (k % cols) * side, y = top + Math.floor(k / cols) * side;
    context.globalAlpha = clamp(Math.abs(value) / full, 0, 1);
    context.fillStyle = color(value < 0 ? "c0" : "c1");
    context.fillRect(x + 1, y + 1, side - 2, side - 2);
    context.globalAlpha = 1;
    if (side < 34) return;
    context.fillStyle = color(Math.abs(value) > 0.6 * full ? "panel" : "ink");
    context.font = "11px system-ui";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(short(value, 2), x + side / 2, y + side / 2);
  });
}
