// SPDX-License-Identifier: MIT
// A card for each optimizer: what came of it, and its fields.
function card(chosen) {
  const made = element("article", { className: "card", ariaLabel: chosen.name });
  made.style.setProperty("--color", `var(--${colorOf(chosen.color)})`);
  const button = (text, label, onclick, className = "") =>
    element("button", { textContent: text, title: label, ariaLabel: `${label}: ${chosen.name}`, onclick, className });
  made.append(
    element("div", {}, element("strong", { textContent: chosen.name }),
      button("Best rate", "Find the best rate", () => tune(chosen, made)),
      button("Basins", "Which minimum from where", () => toggleBasins(chosen), "of-basins"),
      button("×", "Remove", () => {
        setup.optimizers.splice(setup.optimizers.indexOf(chosen), 1);
        showCards();
        changedOptimizers();
      })),
    element("div", { className: "result muted" }));
  const rows = chosen.values.map((_, i) => fieldRow(chosen, i));
  const more = `${rows.length - 1} more field${rows.length === 2 ? "" : "s"}`;
  const fold = element("details", { open: chosen.open ?? false, ontoggle: () => (chosen.open = fold.open) },
    element("summary", { textContent: more }), ...rows.slice(1));
  made.append(rows[0], fold);
  return made;
}

function showCards() {
  $("cards").replaceChildren(...setup.optimizers.map((chosen) => card(chosen)));
  markBasins();
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
