// SPDX-License-Identifier: MIT
// Drives the page in Chromium as a reader would, and compares its numbers with those of the native program:
// node playground_test.mjs CHROMIUM PAGE NATIVE FOLDER. Screenshots go to the folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const [chromium, page, native, folder] = process.argv.slice(2);
const address = pathToFileURL(page).href;
mkdirSync(folder, { recursive: true });
const browser = await Browser.open(chromium);
const { evaluate } = browser, value = (expression) => evaluate.call(browser, expression);
const picture = (name) => browser.screenshot(`${folder}/${name}.png`);

// The coordinates that the native program prints for runs "FUNCTION;X;Y;STEPS;OPTIMIZER;FIELD=VALUE;...".
function nativeRuns(requests) {
  const output = execFileSync(native, { input: requests.join("\n") + "\n", encoding: "utf8", maxBuffer: 1 << 28 });
  return output.trimEnd().split("\n").map((line) => line.trim().split(" ").map(Number));
}

// The largest difference between two ways, which must be of the same length.
function difference(a, b, what) {
  assert.equal(a.length, b.length, `${what}: as many steps`);
  let largest = 0;
  for (let i = 0; i < a.length; ++i) {
    if (Object.is(a[i], b[i]) || (!Number.isFinite(a[i]) && !Number.isFinite(b[i]))) continue;
    largest = Math.max(largest, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
  }
  return largest;
}

// The points of a run in the page, as the native program has them.
const pageRun = ([f, x, y, steps, optimizer, ...changes]) => value(`(() => {
  const changed = new Map(${JSON.stringify(changes.map((change) => change.split("=")))});
  const fields = playground.ask("describeOptimizer", ${JSON.stringify(optimizer)})
    .map(({ name, value }) => Number(changed.get(name) ?? value));
  const points = playground.ask("run", ${JSON.stringify(f)}, ${JSON.stringify(optimizer)}, fields, [${x}, ${y}], ${steps});
  return Array.from(points).filter((_, i) => i % 3 < 2).map((x) => (Number.isFinite(x) ? x : String(x)));
})()`).then((points) => points.map(Number));

async function fitsThePhone() {
  const wide = await value(`[...document.querySelectorAll("main:not([hidden]) *")]
    .filter((e) => e.getBoundingClientRect().right > 391 && !e.closest(".scroll")).map((e) => e.outerHTML.slice(0, 60))`);
  assert.deepEqual(wide, [], "nothing is wider than the phone");
}

// What the cards say.
const cards = () => value(`[...document.querySelectorAll(".card")].map((card) =>
  ({ name: card.querySelector("strong").textContent, result: card.querySelector(".result").textContent }))`);

const tests = {
  async "the page has every optimizer of the library"() {
    const table = new URL("../../include/gradus/optimizers/README.md", import.meta.url);
    const names = [...readFileSync(table, "utf8").matchAll(/^\| \[`(\w+)`\]/gm)].map((row) => row[1]);
    assert.ok(names.length > 30);
    const shown = new Set((await value('playground.ask("optimizers")')).map((name) => name.split(",")[0]));
    assert.deepEqual(names.filter((name) => !shown.has(name)), ["Frozen"]);  // which does nothing
  },

  async "every optimizer has the native numbers"() {
    const optimizers = await value(`playground.ask("optimizers")
      .map((name) => [name, playground.ask("describeOptimizer", name)[0].name])`);
    assert.ok(optimizers.length > 30);
    // The first three need sums and products alone, the others sines and exponentials, which libraries round
    // differently; with small rates, since long steps make large differences of small ones.
    const functions = {
      exact: ["Styblinski-Tang;4.1;4.5", "Rosenbrock;-1.2;1", "=(x^2 + y - 11)^2 + (x + y^2 - 7)^2;0.5;-1"],
      rounded: ["Rastrigin;3.1;2.2", "Ackley;2.3;2.3", "=exp(-x) + sin(3y) + y^2;1;1"],
    };
    for (const [kind, starts] of Object.entries(functions)) {
      const requests = starts.flatMap((start) => optimizers.map(([optimizer, rate]) =>
        `${start};200;${optimizer}${kind === "exact" ? "" : `;${rate}=0.001`}`));
      const found = nativeRuns(requests);
      const bound = kind === "exact" ? 0 : 1e-6;
      let same = 0, largest = 0;
      for (const [i, request] of requests.entries()) {
        const d = difference(await pageRun(request.split(";")), found[i], request);
        same += d === 0 ? 1 : 0;
        largest = Math.max(largest, d);
        assert.ok(d <= bound, `${request}: differs by ${d}`);
      }
      console.log(`  ${kind}: ${same} of ${requests.length} runs have the native bits; largest difference ${largest}`);
    }
  },

  async "the first page shows a run, and what it shows are the numbers"() {
    await browser.load(address);
    const shown = await cards(), runs = await value("playground.runs.map((run) => run.value)");
    assert.equal(shown.length, runs.length);
    shown.forEach(({ name, result }, i) => {
      const number = Number(result.split(" ")[0].replace("−", "-"));
      assert.ok(Math.abs(number - runs[i]) <= 1e-5 * Math.abs(runs[i]), `${name}: ${result}, but the value is ${runs[i]}`);
    });
    const paint = await value('performance.getEntriesByName("first-contentful-paint")[0].startTime');
    const ready = await value("playground.ready");
    console.log(`  first paint after ${paint.toFixed(0)} ms, first run after ${ready.toFixed(0)} ms`);
    await browser.until("!playground.player.playing");
    await picture("first");
  },

  async "a click chooses the start, a slider a field, and the runs are the native ones of these"() {
    await browser.load(address);
    await browser.choose("#function", "Himmelblau");
    await browser.click("#map", 0.25, 0.375);
    const [x, y] = await value("playground.setup.start");
    assert.ok(Math.abs(x + 2.5) < 0.05 && Math.abs(y - 1.25) < 0.05, `the start is (${x}, ${y})`);
    const adam = ".card[aria-label=Adam]";
    await value(`document.querySelector("${adam} details").open = true`);
    for (const field of ["learning_rate", "beta1"]) {
      await value(`document.querySelector("${adam} [data-field=${field}] input[type=range]").focus()`);
      for (let i = 0; i < 20; ++i) await browser.press("ArrowRight");
    }
    const values = await value('playground.setup.optimizers.find((o) => o.name === "Adam").values');
    assert.ok(values[0] > 0.01 && values[1] > 0.9, `the fields are ${values}`);
    const fields = await value('playground.ask("describeOptimizer", "Adam").map((field) => field.name)');
    const changes = fields.map((name, i) => `${name}=${values[i]}`).join(";");
    const [expected] = nativeRuns([`Himmelblau;${x};${y};1200;Adam;${changes}`]);
    const place = await value('playground.setup.optimizers.findIndex((o) => o.name === "Adam")');
    const points = await value(`[...playground.runs[${place}].points]`);
    assert.ok(difference(points.filter((_, i) => i % 3 < 2), expected, "Adam") <= 1e-12);
    assert.match((await cards()).find((card) => card.name === "Adam").result, /minimum/);
  },

  async "play, pause and scrub"() {
    await browser.load(address);
    await browser.choose("#speed", 0.25);
    await browser.choose("#scrub", 0);
    await browser.click("#play");
    await browser.until("playground.player.step > 0");
    await browser.click("#play");
    const step = await value("playground.player.step");
    assert.ok(step < 1200 && !(await value("playground.player.playing")));
    await browser.choose("#scrub", 500);
    assert.equal(await value("playground.player.step"), 300);
    assert.equal(await value('document.querySelector("#step").value'), "300 / 1200");
    await value('document.querySelector("#map").focus()');
    await browser.press(" ", "Space");
    assert.ok(await value("playground.player.playing"));
  },

  async "hover, keys and touch"() {
    await browser.load(`${address}#f=Himmelblau`);
    await browser.hover("#map", 0.75, 0.25);
    const [, x, y, f] = /^f\((.*), (.*)\) = (.*)$/.exec((await value('document.querySelector("#readout").value')).replace(/−/g, "-"));
    const [expected] = await value(`[...playground.ask("evaluate", "Himmelblau", [${x}, ${y}])]`);
    assert.ok(Math.abs(f - expected) <= 1e-5 * expected, `${f}, not ${expected}`);

    await value('document.querySelector("#map").focus()');
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp"]) await browser.press(key);
    assert.deepEqual(await value("playground.setup.start"), [0.4, 0.2]);
    await browser.press("+", "Equal");
    assert.ok((await value("playground.setup.box"))[0] > -4.5);

    const surface = 'document.querySelector("#surface").toDataURL()', before = await value(surface);
    await value('document.querySelector("#surface").focus()');
    await browser.press("ArrowLeft");
    await browser.until(`${surface} !== ${JSON.stringify(before)}`);

    await browser.click("#zoom-home");
    await browser.touch("#map", 0.1, 0.9);
    const [left, below] = await value("playground.setup.start");
    assert.ok(Math.abs(left + 4) < 0.05 && Math.abs(below + 4) < 0.05, `the start is (${left}, ${below})`);
  },

  async "optimizers come and go"() {
    await browser.load(address);
    const before = await value("playground.runs.length");
    await browser.choose("#add", "Sophia");
    assert.equal(await value("playground.runs.length"), before + 1);
    await value('document.querySelector(".card:last-child button[aria-label^=Remove]").click()');
    assert.equal(await value("playground.runs.length"), before);
    await browser.choose("#add", "Muon");
    await browser.choose('.card:last-child [data-field="orthogonalizer.coefficients"] select', 4);
    assert.equal(await value('document.querySelector(".card:last-child .result").classList.contains("error")'), false);
    await value('document.querySelector(".card:last-child details").open = true');
    await picture("fields");
    await browser.choose(".card:last-child [data-field=momentum] input[inputmode]", "1.5");
    assert.match(await value('document.querySelector(".card:last-child .result").textContent'), /momentum is 1.5/);
  },

  async "the address reproduces a run"() {
    const link = `${address}#f=Rosenbrock&at=-1.5,0.5&steps=700&box=-2,-1,2,3` +
      "&o=Adam;learning_rate=0.03;beta1=0.8&o=Prodigy;beta3=0.9";
    await browser.load(link);
    const first = await value("playground.runs.map((run) => [...run.points])");
    assert.equal(first.length, 2);
    assert.equal(first[0].length, 3 * 701);
    assert.equal(await value('document.querySelector("#function").value'), "Rosenbrock");
    const again = address + (await value("playground.addressOf()"));
    await browser.until(`location.href === ${JSON.stringify(again)}`);
    await browser.load(again);
    assert.deepEqual(await value("playground.runs.map((run) => [...run.points])"), first);
    assert.equal(address + (await value("playground.addressOf()")), again);
  },

  async "an address with mistakes is read as far as it goes"() {
    await browser.load(`${address}#f=Nothing&at=1&steps=x&box=5,5,-5,-5&o=Adam;learning_rate=0.5;no=1&o=None&set=no&k=99`);
    assert.deepEqual(await value("playground.setup.optimizers.map((o) => o.name)"), ["Adam"]);
    assert.equal(await value("playground.runs[0].count"), 1201);
    assert.deepEqual(await value("playground.setup.box"), [-5, -5, 5, 5]);
  },

  async "as many minima are found as there are"() {
    for (const [name, count] of Object.entries({ Sphere: 1, Rosenbrock: 1, "Styblinski-Tang": 4, Himmelblau: 4,
      "Three-hump camel": 3, "Six-hump camel": 6, Rastrigin: 121 })) {
      await browser.load(`${address}#f=${name}`);
      assert.equal(await value("playground.minima.length"), count, name);
    }
  },

  async "a formula of one's own"() {
    await browser.load(address);
    await browser.choose("#function", "=");
    await browser.choose("#formula", "x^2 + 3 cos(2x) + (y - 1)^2 / 2");
    const [v, gx, gy] = await value('Array.from(playground.ask("evaluate", playground.setup.f, [0.7, -2]))');
    assert.ok(Math.abs(v - (0.49 + 3 * Math.cos(1.4) + 4.5)) < 1e-14);
    assert.ok(Math.abs(gx - (1.4 - 6 * Math.sin(1.4))) < 1e-14 && gy === -3);
    const minima = await value("playground.minima");
    assert.equal(minima.length, 2);  // left and right of 0
    assert.ok(minima.every(({ x }) => Math.abs(2 * x[0] - 6 * Math.sin(2 * x[0])) < 1e-9 && Math.abs(x[1] - 1) < 1e-9));
    await browser.choose("#formula", "x^2 + foo(y)");
    assert.match(await value('document.querySelector("#formula-error").value'), /after 'x\^2 \+ '/);
    await picture("formula");
  },

  async "basins: as many of 1681 starts reach the global minimum as in the documents' runs"() {
    await browser.load(address);
    for (const [name, expected] of [["SGD", 441], ["Momentum", 484]]) {
      await value(`document.querySelector(".card[aria-label=${name}] button[aria-label^=Which]").click()`);
      await browser.until("playground.basins.rows.length === 41");
      const title = await value('document.querySelector("#basins-title").textContent');
      assert.ok(title.startsWith(`${name}: ${expected} of 1681`), title);
    }
    await picture("basins");
  },

  async "the best rate reaches the minimum"() {
    await browser.load(`${address}#f=Rosenbrock&at=-1.2,1&steps=2000&o=Adam&o=Rprop&o=Scion, largest entry`);
    assert.match((await cards())[0].result, /no minimum yet/);
    await browser.click("#tune-all");
    assert.match((await cards())[0].result, /global minimum, step/);
    const [rate, initial] = await value("playground.setup.optimizers.map((o) => o.values[0])");
    assert.ok(rate > 1e-3 && initial !== 0.01, `the rates are ${rate} and ${initial}`);
    await picture("rates");
  },

  async "Newton-Schulz puts every singular value to p of it, for every set"() {
    await browser.load(`${address}#view=schulz`);
    for (const set of await value('[...document.querySelectorAll("#set option")].map((o) => o.value)')) {
      await browser.choose("#set", set);
      const { sigmas, coefficients, safety } = await value(`(() => {
        const { set, steps, own } = playground.setup.schulz;
        const data = playground.ask("newtonSchulz", "random", 10, set, own, steps);
        const lists = (rows) => rows.map((row) => [...row]);
        return { sigmas: lists(data.sigmas), coefficients: lists(data.coefficients), safety: data.safety };
      })()`);
      assert.equal(sigmas.length, coefficients.length + 1, set);
      coefficients.forEach(([a, b, c], k) => {
        const divided = (s) => (k === 0 ? s / safety : s), p = (s) => Math.abs(s * (a + s * s * (b + s * s * c)));
        const expected = sigmas[k].map(divided).map(p).sort((s, t) => t - s), found = sigmas[k + 1];
        // The guard of Polar Express and CANS adds up to 1e-6 to the norm.
        expected.forEach((s, i) => assert.ok(Math.abs(s - found[i]) < 1e-5, `${set}, step ${k + 1}: ${s}, not ${found[i]}`));
      });
    }
    await browser.choose("#set", "convergent");
    await browser.choose("#schulz-steps", 20);
    const last = await value('[...playground.ask("newtonSchulz", "random", 10, "convergent", [0, 0, 0], 20).sigmas[20]]');
    assert.ok(last.every((s) => Math.abs(s - 1) < 1e-12));
    await browser.choose("#set", "Jordan");
    await browser.choose("#schulz-steps", 5);
    await picture("newton-schulz");
  },

  async "eight optimizers walk 1200 steps"() {
    const eight = ["SGD", "Momentum", "AdaGrad", "RMSProp", "Adam", "AdamW", "Lion", "Muon"];
    await browser.load(`${address}#f=Styblinski-Tang&at=4.1,4.5&o=${eight.join("&o=")}`);
    const times = [];
    for (let i = 0; i < 9; ++i) {
      await browser.choose("#start-x", String(4 + i / 100));
      times.push(await value("playground.milliseconds"));
    }
    console.log(`  ${times.sort((a, b) => a - b)[4].toFixed(1)} ms, the median of nine`);
  },

  async "the examples"() {
    await browser.load(address);
    for (const name of await value('[...document.querySelectorAll("#example option")].map((o) => o.value).filter(Boolean)')) {
      await browser.choose("#example", name);
      await browser.choose("#scrub", 1000);
      assert.ok((await cards()).every(({ result }) => !result.includes("diverged") && result !== ""), name);
      await browser.evaluate("new Promise((done) => setTimeout(done, 100))");
      await picture(`example-${name.toLowerCase().replace(/\W+/g, "-")}`);
    }
  },

  async "dark, and on a phone"() {
    await browser.size(1400, 900, true);
    await browser.load(address);
    await browser.until("!playground.player.playing");
    await picture("dark");
    await browser.size(390, 844);
    await browser.load(address);
    await browser.until("!playground.player.playing");
    await fitsThePhone();
    await picture("phone");
    await browser.load(`${address}#view=schulz`);
    await fitsThePhone();
    await picture("phone-newton-schulz");
    await browser.size(1400, 900);
  },
};

let failed = 0;
try {
  await browser.size(1400, 900);
  await browser.load(address);
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok: ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILED: ${name}\n${error.stack}`);
    }
  }
  if (browser.errors.length) ++failed, console.log(`FAILED: the page reported\n${browser.errors.join("\n")}`);
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
