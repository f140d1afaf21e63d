// SPDX-License-Identifier: MIT
// The best rate of an optimizer from this start: the one that reaches the lowest minimum first, or, if none
// does, that ends lowest.
function tune(chosen, made) {
  const lowest = minima[0]?.value ?? -Infinity;
  let found;
  try {
    found = ask("bestRate", setup.f, chosen.name, chosen.values, setup.start, setup.steps, lowest);
  } catch (error) {
    made.querySelector(".result").textContent = error.message;
    return;
  }
  chosen.values[0] = Number(found.best.toPrecision(3));
  chosen.trials = found.trials;
  const focused = made.contains(document.activeElement), fresh = card(chosen);
  made.replaceWith(fresh);
  markBasins();
  const picture = element("canvas", { className: "rates", role: "img", ariaLabel: "Value at the end against rate" });
  fresh.append(picture);
  drawTrials(picture, chosen, lowest);
  changedOptimizers();
  if (focused) fresh.querySelector("button").focus();
}

function drawTrials(canvas, chosen, lowest) {
  const { context, width, height } = contextOf(canvas), { trials } = chosen;
  const floor = Number.isFinite(lowest) ? lowest : Math.min(...trials.filter((_, i) => i % 2));
  const x = (rate) => ((Math.log10(rate) + 6) / 8) * width;
  const y = (value) => height - 4 - ((Math.log10(clamp(value - floor, 1e-9, 1e3)) + 9) / 12) * (height - 8);
  context.strokeStyle = color(colorOf(chosen.color));
  context.lineWidth = 1.5;
  context.beginPath();
  for (let i = 0; i < trials.length; i += 2) context.lineTo(x(trials[i]), y(trials[i + 1]));
  context.stroke();
  context.fillStyle = context.strokeStyle;
  context.fillRect(x(chosen.values[0]) - 1, 0, 2, height);
  context.font = "10px system-ui";
  context.fillStyle = color("muted");
  context.textBaseline = "bottom";
  context.fillText("rate 1e−6", 0, height);
  context.textAlign = "right";
  context.fillText("100", width, height);
}

function tuneAll() {
  [...$("cards").children].forEach((made, i) => tune(setup.optimizers[i], made));
}
