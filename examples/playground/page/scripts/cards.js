// SPDX-License-Identifier: MIT
// A card for each optimizer: what came of it, and a slider for each of its fields.
const wide = (field) => field.kind === "choice";

function fieldRow(chosen, i) {
  const field = fieldsOf(chosen.name)[i], row = element("div", { className: "field" });
  const mark = () => row.classList.toggle("changed", !Object.is(chosen.values[i], field.value));
  const change = (value) => {
    chosen.values[i] = value;
    mark();
    changedOptimizers();
  };
  row.dataset.field = field.name;
  row.append(element("span", { textContent: field.name.replace(/[._]/g, (c) => (c === "." ? ": " : " ")), title: field.name }));
  if (field.kind === "switch") {
    const box = element("input", { type: "checkbox", checked: chosen.values[i] !== 0, ariaLabel: field.name });
    box.onchange = () => change(box.checked ? 1 : 0);
    row.append(box);
  } else if (field.kind === "choice") {
    const menu = element("select", { ariaLabel: field.name }, ...field.choices.map((text, k) => option(text.replace(/_/g, " "), k)));
    menu.value = chosen.values[i];
    menu.onchange = () => {
      const steps = / x (\d+)$|You Jiacheng/.exec(field.choices[menu.value]);  // a table has its number of steps
      const k = fieldsOf(chosen.name).findIndex((other) => other.name === field.name.replace("coefficients", "steps"));
      if (steps && k >= 0 && k !== i) chosen.values[k] = Number(steps[1] ?? 5);
      change(Number(menu.value));
      if (steps) showCards();
    };
    row.append(menu);
  } else {
    const scale = scaleOf(field), slider = element("input", { type: "range", min: 0, max: 1000, ariaLabel: field.name });
    const text = element("input", { inputMode: "decimal", ariaLabel: `${field.name}, as a number`, placeholder: "auto" });
    const show = (from) => {
      const value = chosen.values[i];
      if (scale && from !== slider) slider.value = Number.isNaN(value) ? 0 : 1000 * scale.to(value);
      slider.setAttribute("aria-valuetext", short(value, 6));
      if (from !== text) text.value = Number.isNaN(value) ? "" : short(value, 6);
    };
    slider.oninput = () => change(valueAt(scale, slider.value / 1000)), slider.addEventListener("input", () => show(slider));
    text.onchange = () => {
      const value = typed(text.value);
      if (!Number.isNaN(value) || field.kind === "optional") change(value), show(text); else show();
    };
    show();
    row.append(scale ? slider : element("span"), text);
  }
  mark();
  return row;
}

function card(chosen, place) {
  const made = element("article", { className: "card", ariaLabel: chosen.name });
  made.style.setProperty("--color", `var(--${colorOf(chosen.color)})`);
  const button = (text, label, action) => element("button", { textContent: text, title: label, ariaLabel: `${label}: ${chosen.name}`, onclick: action });
  made.append(
    element("div", {}, element("strong", { textContent: chosen.name }),
      button("Best rate", "Find the best rate", () => tune(chosen, made)),
      button("Basins", "Which minimum from where", () => toggleBasins(chosen)),
      button("×", "Remove", () => {
        setup.optimizers.splice(setup.optimizers.indexOf(chosen), 1);
        showCards();
        changedOptimizers();
      })),
    element("div", { className: "result muted" }));
  const rows = chosen.values.map((_, i) => fieldRow(chosen, i));
  const fold = element("details", { open: chosen.open ?? false, ontoggle: () => (chosen.open = fold.open) },
    element("summary", { textContent: `${rows.length - 1} more field${rows.length === 2 ? "" : "s"}` }), ...rows.slice(1));
  made.append(rows[0], fold);
  made.dataset.place = place;
  return made;
}

function showCards() {
  $("cards").replaceChildren(...setup.optimizers.map(card));
  showResults();
}

function showResults() {
  [...$("cards").children].forEach((made, i) => {
    const result = made.querySelector(".result"), run = runs[i];
    if (!run) return;
    result.textContent = resultText(run);
    result.classList.toggle("error", Boolean(run.error));
  });
}
