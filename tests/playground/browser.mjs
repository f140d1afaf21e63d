// SPDX-License-Identifier: MIT
// A page in a headless Chromium, driven through a pipe in the DevTools protocol: no package is needed.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Browser {
  // Opens an empty page.
  static async open(program) {
    const browser = new Browser();
    browser.folder = mkdtempSync(join(tmpdir(), "playground-"));
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];  // which a root cannot have
    browser.process = spawn(program, ["--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
      "--force-prefers-no-reduced-motion", `--user-data-dir=${browser.folder}`, ...root, "about:blank"],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.waiting = new Map();
    browser.last = 0;
    browser.errors = [];
    let text = "";
    browser.process.stdio[4].on("data", (part) => {
      const messages = (text + part).split("\0");
      text = messages.pop();
      for (const message of messages) browser.receive(JSON.parse(message));
    });
    const { targetInfos } = await browser.send("Target.getTargets");
    const { targetId } = targetInfos.find((target) => target.type === "page");
    browser.session = (await browser.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Runtime"]) await browser.send(`${domain}.enable`);
    return browser;
  }

  receive(message) {
    const { method, params } = message;
    if (method === "Runtime.exceptionThrown") this.errors.push(params.exceptionDetails.exception?.description);
    const waiting = this.waiting.get(message.id);
    if (!waiting) return;
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(message.error.message)); else waiting.resolve(message.result);
  }

  send(method, params = {}) {
    const id = ++this.last;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  // The value of an expression in the page.
  async evaluate(expression) {
    const { result, exceptionDetails } =
      await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression) {
    for (let i = 0; i < 400; ++i) {
      if (await this.evaluate(expression)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the page never came to ${expression}`);
  }

  async size(width, height, dark = false) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.send("Emulation.setEmulatedMedia", { features });
    await this.evaluate("new Promise((done) => setTimeout(done, 300))");
  }

  async load(address) {
    await this.send("Page.navigate", { url: "about:blank" });
    await this.send("Page.navigate", { url: address });
    await this.until("document.documentElement?.dataset.ready === 'yes'");
  }

  // Where a share of an element's width and height is in the window, to which it is scrolled.
  at(selector, across, down) {
    return this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center" });
      const area = element.getBoundingClientRect();
      return { x: area.left + area.width * ${across}, y: area.top + area.height * ${down} };
    })()`);
  }

  async hover(selector, across, down) {
    const at = await this.at(selector, across, down);
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...at });
  }

  async touch(selector, across, down) {
    const point = await this.at(selector, across, down);
    await this.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [point] });
    await this.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  }

  async click(selector, across = 0.5, down = 0.5) {
    const at = await this.at(selector, across, down);
    for (const [type, button, buttons] of [["mouseMoved", "none", 0], ["mousePressed", "left", 1], ["mouseReleased", "left", 0]])
      await this.send("Input.dispatchMouseEvent", { type, ...at, button, buttons, clickCount: 1 });
  }

  async press(key, code = key) {
    const arrows = { ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };
    const windowsVirtualKeyCode = arrows[key] ?? key.toUpperCase().charCodeAt(0);
    const text = key.length === 1 ? key : undefined;
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, code, text, windowsVirtualKeyCode });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code, windowsVirtualKeyCode });
  }

  // Chooses in a menu or types into a field, as the page is told of it.
  choose(selector, value) {
    return this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.value = ${JSON.stringify(value)};
      element.dispatchEvent(new Event("input", { bubbles: true }));
      element.dispatchEvent(new Event("change", { bubbles: true }));
    })()`);
  }

  async screenshot(file) {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  async close() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    await this.send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
