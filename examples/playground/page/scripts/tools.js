// SPDX-License-Identifier: MIT
// Small tools: elements, numbers as text, colours, canvases.
const $ = (id) => document.getElementById(id);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function option(text, value = text) {
  return element("option", { value, textContent: text });
}

// As few digits as say it.
function short(x, digits = 4) {
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "∞");
  const text = String(Number(x.toPrecision(digits)));
  return text.replace("e-", "e−").replace(/^-/, "−");
}

// The number in a text that a reader typed; NaN for what is none.
function typed(text) {
  const plain = text.trim().replace(/−/g, "-").replace(",", ".");
  if (plain === "∞") return Infinity;
  return plain === "" ? NaN : Number(plain);
}

const colorProbe = document.body.appendChild(element("span", { hidden: true }));

// A colour of style.css in the theme that is shown, as text or as [r, g, b]. Whoever changes the theme clears `colors`.
const colors = new Map();
function color(name) {
  if (!colors.has(name)) {
    colorProbe.style.color = `var(--${name})`;
    colors.set(name, getComputedStyle(colorProbe).color);
  }
  return colors.get(name);
}
function rgb(name) {
  return color(name).match(/[\d.]+/g).slice(0, 3).map(Number);
}
const colorOf = (index) => `c${index % 8}`;

// A context that draws in CSS pixels, the canvas being as fine as the screen.
function contextOf(canvas) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, ratio };
}

// A line through points.
function line(context, ...points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

// Calls `f` in the next frame, once however often it is asked for.
function oncePerFrame(f) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      f();
    });
  };
}
