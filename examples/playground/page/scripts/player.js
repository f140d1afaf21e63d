// SPDX-License-Identifier: MIT
// Time. A run takes six seconds; steps go by at first slowly, then faster, as the square of the time.
const player = {
  time: 1,  // from 0 to 1
  playing: false,
  get step() {
    return Math.round(this.time ** 2 * setup.steps);
  },
};

function showTime(time) {
  player.time = clamp(time, 0, 1);
  $("scrub").value = Math.round(player.time * 1000);
  $("scrub").setAttribute("aria-valuetext", `step ${player.step}`);
  $("step").value = `${player.step} / ${setup.steps}`;
  redraw();
}

function play(on = !player.playing) {
  if (on && player.time >= 1) player.time = 0;
  player.playing = on;
  $("play").textContent = on ? "⏸" : "▶";
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
  let before = performance.now();
  const frame = (now) => {
    if (!player.playing) return;
    const seconds = (now - before) / 1000;
    before = now;
    showTime(player.time + (seconds * Number($("speed").value)) / 6);
    if (player.time >= 1) play(false); else requestAnimationFrame(frame);
  };
  if (on) requestAnimationFrame(frame);
}

function preparePlayer() {
  $("play").onclick = () => play();
  $("scrub").oninput = () => {
    play(false);
    showTime($("scrub").value / 1000);
  };
  const scrubChart = (event) => {
    if (!event.buttons) return;
    const area = $("chart").getBoundingClientRect();
    play(false);
    showTime((event.clientX - area.left - margin.left) / (area.width - margin.left - margin.right));
  };
  $("chart").addEventListener("pointerdown", scrubChart);
  $("chart").addEventListener("pointermove", scrubChart);
}
