// SPDX-License-Identifier: MIT
// Pointing at the map and the surface, and their keys.
function moveStart(dx, dy) {
  setup.start = rounded([setup.start[0] + dx, setup.start[1] + dy]);
  changedOptimizers();
}

function zoom(factor, [x, y] = [(setup.box[0] + setup.box[2]) / 2, (setup.box[1] + setup.box[3]) / 2]) {
  const [x0, y0, x1, y1] = setup.box, home = describeFunction(setup.f).box;
  const side = ((x1 - x0) * factor) / (home[2] - home[0]);
  if (side < 1e-5 || side > 1e3) return;
  setup.box = [x + (x0 - x) * factor, y + (y0 - y) * factor, x + (x1 - x) * factor, y + (y1 - y) * factor];
  changedFunction();
}

function preparePointing() {
  const map = $("map"), pick = (event) => {
    setup.start = toPoint(event);
    changedOptimizers();
  };
  map.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") return;  // which may want to scroll the page
    map.setPointerCapture(event.pointerId);
    play(false);
    pick(event);
  });
  map.addEventListener("pointermove", (event) => {
    if (event.buttons && event.pointerType !== "touch") pick(event);
    const [x, y] = toPoint(event), [value] = ask("evaluate", setup.f, [x, y]);
    $("readout").value = `f(${short(x, 4)}, ${short(y, 4)}) = ${short(value, 6)}`;
  });
  map.addEventListener("pointerup", (event) => {
    if (event.pointerType === "touch") pick(event), (player.time = 0);
    play(true);
  });
  map.addEventListener("pointerleave", () => ($("readout").value = ""));
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, toPoint(event));
  }, { passive: false });
  map.addEventListener("keydown", (event) => {
    const part = event.shiftKey ? 0.002 : 0.02, [x0, y0, x1, y1] = setup.box;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (moves) moveStart(moves[0] * part * (x1 - x0), moves[1] * part * (y1 - y0));
    else if (event.key === " ") play();
    else if (event.key === "+") zoom(1 / 1.2);
    else if (event.key === "-") zoom(1.2);
    else return;
    event.preventDefault();
  });
  $("zoom-in").onclick = () => zoom(1 / 1.5);
  $("zoom-out").onclick = () => zoom(1.5);
  $("zoom-home").onclick = () => (setup.box = [...describeFunction(setup.f).box], changedFunction());
  const canvas = $("surface");
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) turnSurface(event.movementX * 0.01, event.movementY * 0.008);
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.08], ArrowDown: [0, 0.08] }[event.key];
    if (turns) turnSurface(...turns), event.preventDefault();
  });
}
