// SPDX-License-Identifier: MIT
// What has to be done anew after which change.
const redraw = oncePerFrame(() => {
  drawPaths();
  drawSurface();
  drawChart();
});

// Not at every move of a slider: browsers allow a hundred in half a minute.
let saving = 0;
function saveAddress() {
  clearTimeout(saving);
  saving = setTimeout(() => history.replaceState(null, "", addressOf()), 300);
}

function changedOptimizers() {
  playground.milliseconds = walkAll();
  $("start-x").value = short(setup.start[0], 5);
  $("start-y").value = short(setup.start[1], 5);
  $("steps").value = setup.steps;
  showResults();
  showTime(player.time);
  startBasins();
  saveAddress();
}

function changedFunction() {
  const own = setup.f.startsWith("=");
  $("function").value = own ? "=" : setup.f;
  $("formula-row").hidden = !own;
  if (own && $("formula").value !== setup.f.slice(1)) $("formula").value = setup.f.slice(1);
  findMinima();
  const lowest = minima.filter((minimum) => minimum.global).length;
  $("about").textContent = [
    own ? "Gradients by automatic differentiation." : `${describeFunction(setup.f).source}.`,
    lowest === 0 ? "No minimum is known here." : lowest === 1 ? "★ is the lowest minimum." : "★ are the lowest minima.",
    minima.length > lowest ? "○ are others." : "",
  ].join(" ");
  drawGround();
  prepareSurface();
  changedOptimizers();
}

function showAll() {
  showView(setup.view);
  showCards();
  changedFunction();
}

const matchesDark = () => rgb("ground")[0] < 128;

function repaint() {
  colors.clear();
  drawGround();
  if (basins.of) drawBasins();
  redraw();
  drawSchulz();
}

function showView(view) {
  setup.view = view === "schulz" ? "schulz" : "walk";
  for (const name of ["walk", "schulz"]) {
    $(name).hidden = name !== setup.view;
    $(`tab-${name}`).setAttribute("aria-selected", name === setup.view);
    $(`tab-${name}`).tabIndex = name === setup.view ? 0 : -1;
  }
}

for (const name of ["walk", "schulz"]) {
  $(`tab-${name}`).onclick = () => (showView(name), name === "walk" && changedFunction(), updateSchulz());
  $(`tab-${name}`).onkeydown = (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    $(`tab-${name === "walk" ? "schulz" : "walk"}`).click();
    $(`tab-${setup.view}`).focus();
  };
}
$("theme").onclick = () => {
  document.documentElement.style.colorScheme = matchesDark() ? "light" : "dark";
  repaint();
};
$("copy").onclick = async () => {
  await navigator.clipboard?.writeText(location.href.split("#")[0] + addressOf());
  $("copy").textContent = "Copied";
  setTimeout(() => ($("copy").textContent = "Copy link"), 1500);
};

// For the test, and for those who look behind the scenes.
globalThis.playground = {
  setup, ask, addressOf, player, basins,
  get runs() { return runs; },
  get minima() { return minima; },
};

prepareChoices();
preparePointing();
preparePlayer();
prepareSchulz();
readAddress(location.hash);
showAll();
updateSchulz();
addEventListener("hashchange", () => (readAddress(location.hash), showAll(), updateSchulz()));
new ResizeObserver(oncePerFrame(repaint)).observe(document.body);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
playground.ready = performance.now();
document.documentElement.dataset.ready = "yes";
