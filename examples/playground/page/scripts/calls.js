// SPDX-License-Identifier: MIT
// The library. Its answers are numbers, arrays and objects; a text is an error.
const engine = await loadEngine();

function ask(name, ...parameters) {
  const answer = engine[name](...parameters);
  if (typeof answer === "string") throw new Error(answer);
  return answer;
}

// What a function of no side effects has answered for a key before.
function remembered(f) {
  const answers = new Map();
  return (key) => {
    if (!answers.has(key)) answers.set(key, f(key));
    return answers.get(key);
  };
}

const fieldsOf = remembered((optimizer) => ask("describeOptimizer", optimizer));
const describeFunction = remembered((name) => ask("describeFunction", name));
