// SPDX-License-Identifier: MIT
// What the reader has chosen, and the same as the address of the page. Fields that are not named have the
// default of the library.
// (%2B is a plus.)
const examples = {
  "Two minima": "f=Styblinski-Tang&at=4.1,4.5&o=SGD;learning_rate=0.02&o=Momentum;learning_rate=0.02" +
    "&o=AdaGrad;learning_rate=0.4&o=RMSProp;learning_rate=0.01;decay=0.9&o=Adam;learning_rate=0.01" +
    "&o=AdamW;learning_rate=0.01&o=Muon;learning_rate=0.01;weight_decay=0.01;scale=1",
  "A ravine": "f==0.5 x^2 %2B 25 y^2&at=-4.5,1.5&steps=300&o=SGD;learning_rate=0.038" +
    "&o=Momentum;learning_rate=0.02;momentum=0.8" +
    "&o=Nesterov;learning_rate=0.019&o=Adam;learning_rate=0.1&o=Shampoo;learning_rate=0.5",
  "Rosenbrock's valley": "f=Rosenbrock&at=-1.2,1&steps=4000&o=SGD;learning_rate=0.0012" +
    "&o=Momentum;learning_rate=0.0005" +
    "&o=RMSProp;learning_rate=0.003&o=Adam;learning_rate=0.03&o=Rprop",
  "A saddle": "f==x^4/4 - x^2/2 %2B y^2/2&at=0.001,1.5&steps=400&box=-2,-2,2,2&o=SGD;learning_rate=0.02" +
    "&o=Momentum;learning_rate=0.02&o=RMSProp;learning_rate=0.02&o=Adam;learning_rate=0.02&o=Lion;learning_rate=0.01",
  "Many dents": "f=Rastrigin&at=3.1,2.2&steps=800&o=SGD;learning_rate=0.002" +
    "&o=Momentum;learning_rate=0.002;momentum=0.95" +
    "&o=Adam;learning_rate=0.1&o=Adam;learning_rate=0.8&o=Prodigy",
};

const setup = {};
const mostSteps = 100000;

function readAddress(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, "") || examples["Two minima"]);
  // What is no number, or not as many as there should be, is as if it were not there.
  const numbers = (name, count) => {
    const found = parameters.get(name)?.split(",").map(Number) ?? [];
    return found.length === count && found.every(Number.isFinite) ? found : null;
  };
  const number = (name, usual, least, most) => clamp(numbers(name, 1)?.[0] ?? usual, least, most);
  setup.view = parameters.get("view") ?? "walk";
  setup.f = parameters.get("f") ?? "Styblinski-Tang";
  let known;
  try {
    known = describeFunction(setup.f);
  } catch (error) {
    setup.f = "Styblinski-Tang";
    known = describeFunction(setup.f);
  }
  setup.start = numbers("at", 2) ?? [...known.start];
  const box = numbers("box", 4);
  setup.box = box && box[0] < box[2] && box[1] < box[3] ? box : [...known.box];
  setup.steps = Math.round(number("steps", 1200, 1, mostSteps));
  setup.optimizers = parameters.getAll("o").map(readOptimizer).filter(Boolean);
  setup.schulz = {
    matrix: ["exercise", "geometric", "random"].find((kind) => kind === parameters.get("matrix")) ?? "exercise",
    condition: number("condition", 1000, 1, 1e8),
    set: [...ask("coefficientSets"), "own"].find((set) => set === parameters.get("set")) ?? "Jordan",
    steps: Math.round(number("k", 5, 1, 24)),
    own: numbers("own", 3) ?? [3.4445, -4.775, 2.0315],
  };
}

// "Adam;learning_rate=0.01"; what the library does not know is left out.
function readOptimizer(text, place) {
  const [name, ...changes] = text.split(";");
  if (!ask("optimizers").includes(name)) return null;
  const chosen = { name, color: place, values: fieldsOf(name).map((field) => field.value) };
  for (const change of changes) {
    const [field, value] = change.split("=");
    const i = fieldsOf(name).findIndex((known) => known.name === field);
    if (i >= 0) chosen.values[i] = value === "none" ? NaN : Number(value);
  }
  return chosen;
}

function writeOptimizer({ name, values }) {
  const changes = fieldsOf(name).flatMap((field, i) =>
    Object.is(values[i], field.value) ? [] : [`;${field.name}=${Number.isNaN(values[i]) ? "none" : values[i]}`]);
  return name + changes.join("");
}

function addressOf() {
  const parameters = new URLSearchParams();
  if (setup.view !== "walk") {
    const { matrix, condition, set, steps, own } = setup.schulz;
    for (const [name, value] of Object.entries({ view: setup.view, matrix, condition, set, k: steps }))
      parameters.append(name, value);
    if (set === "own") parameters.append("own", own);
    return "#" + parameters;
  }
  const known = describeFunction(setup.f);
  parameters.append("f", setup.f);
  parameters.append("at", setup.start);
  parameters.append("steps", setup.steps);
  if (String(setup.box) !== String([...known.box])) parameters.append("box", setup.box);
  for (const optimizer of setup.optimizers) parameters.append("o", writeOptimizer(optimizer));
  return "#" + parameters;
}
