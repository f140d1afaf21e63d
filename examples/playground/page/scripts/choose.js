// SPDX-License-Identifier: MIT
// The menus and numbers: which function, which optimizers, how many steps, from where.
function chooseFunction(name) {
  const known = describeFunction(name);
  setup.f = name;
  setup.box = [...known.box];
  setup.start = [...known.start];
  changedFunction();
}

function prepareChoices() {
  $("function").append(...ask("functions").map((name) => option(name)), option("a formula of your own", "="));
  $("example").append(option("choose …", ""), ...Object.keys(examples).map((name) => option(name)));
  $("add").append(option("an optimizer …", ""), ...ask("optimizers").map((name) => option(name)));
  $("function").onchange = () => {
    const name = $("function").value;
    chooseFunction(name === "=" ? "=" + ($("formula").value || "x^2 + 10 sin(x) + y^2 + 5 cos(2y)") : name);
  };
  $("example").onchange = () => {
    if ($("example").value) readAddress(examples[$("example").value]), showAll(), play(true);
    $("example").value = "";
  };
  $("add").onchange = () => {
    let color = 0;  // the first that is free
    while (setup.optimizers.some((other) => other.color === color)) ++color;
    if ($("add").value) setup.optimizers.push(readOptimizer($("add").value, color));
    $("add").value = "";
    showCards();
    changedOptimizers();
  };
  $("formula").oninput = () => {
    const name = "=" + $("formula").value;
    try {
      describeFunction(name);
    } catch (error) {
      $("formula-error").value = error.message;
      return;
    }
    $("formula-error").value = "";
    setup.f = name;
    changedFunction();
  };
  $("tune-all").onclick = tuneAll;
  const number = (input, set) => (input.onchange = () => {
    const value = typed(input.value);
    if (Number.isFinite(value)) set(value);
    changedOptimizers();
  });
  number($("steps"), (value) => (setup.steps = Math.round(clamp(value, 1, mostSteps))));
  number($("start-x"), (value) => (setup.start[0] = value));
  number($("start-y"), (value) => (setup.start[1] = value));
}
