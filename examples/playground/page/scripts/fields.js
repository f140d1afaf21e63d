// SPDX-License-Identifier: MIT
// A row for a field of an optimizer: a slider with a number, a switch, or a menu.
function fieldRow(chosen, i) {
  const field = fieldsOf(chosen.name)[i], row = element("div", { className: "field" });
  row.dataset.field = field.name;
  const mark = () => row.classList.toggle("changed", !Object.is(chosen.values[i], field.value));
  const change = (value) => {
    chosen.values[i] = value;
    mark();
    changedOptimizers();
  };
  const inputs = { switch: switchOf, choice: menuOf }[field.kind] ?? sliderOf;
  const words = field.name.replace(/\./g, ": ").replace(/_/g, " ");
  row.append(element("span", { textContent: words, title: field.name }), ...inputs(chosen, i, field, change));
  mark();
  return row;
}

function switchOf(chosen, i, field, change) {
  const box = element("input", { type: "checkbox", checked: chosen.values[i] !== 0, ariaLabel: field.name });
  box.onchange = () => change(box.checked ? 1 : 0);
  return [box];
}

function menuOf(chosen, i, field, change) {
  const choices = field.choices.map((text, k) => option(text.replace(/_/g, " "), k));
  const menu = element("select", { ariaLabel: field.name }, ...choices);
  menu.value = chosen.values[i];
  menu.onchange = () => {
    const steps = stepsOfTable(field.choices[menu.value]);
    const k = fieldsOf(chosen.name).findIndex((other) => other.name === field.name.replace("coefficients", "steps"));
    if (steps && k !== i) chosen.values[k] = steps;
    change(Number(menu.value));
    if (steps) showCards();
  };
  return [menu];
}

// The number of steps of a table of coefficients, which has no other; null for what is no table.
function stepsOfTable(name) {
  return name === "You Jiacheng" ? 5 : Number(/ x (\d+)$/.exec(name)?.[1]) || null;
}

function sliderOf(chosen, i, field, change) {
  const scale = scaleOf(field);
  const slider = element("input", { type: "range", min: 0, max: 1000, ariaLabel: field.name });
  const text = element("input", { inputMode: "decimal", ariaLabel: `${field.name}, as a number`, placeholder: "auto" });
  const show = (from) => {
    const value = chosen.values[i];
    if (scale && from !== slider) slider.value = Number.isNaN(value) ? 0 : 1000 * scale.to(value);
    slider.setAttribute("aria-valuetext", short(value, 6));
    if (from !== text) text.value = Number.isNaN(value) ? "" : short(value, 6);
  };
  slider.oninput = () => {
    change(valueAt(scale, slider.value / 1000));
    show(slider);
  };
  text.onchange = () => {
    const value = typed(text.value);
    if (!Number.isNaN(value) || field.kind === "optional") change(value);
    show();
  };
  show();
  return [scale ? slider : element("span"), text];
}
