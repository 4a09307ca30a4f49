// What the scenario is made of: the program under test, the browser, and what must hold of every page.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Tries until something holds; fails with what was waited for. */
export async function until(what, ms, ask) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      const found = await ask();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${ms / 1000} s: ${what}${last ? ` (${last.message})` : ""}`);
    await sleep(250);
  }
}

/** A program that prints where it is. */
export class Program {
  constructor(binary, args) {
    this.dir = mkdtempSync(join(tmpdir(), "firebell-e2e-"));
    this.text = "";
    this.child = spawn(binary, [...args, "--data", this.dir], { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (bytes) => { this.text += bytes.toString().replace(ESCAPES, ""); });
    }
    this.child.on("exit", (code) => { this.code = code ?? -1; });
  }

  /** The first match in what it has printed. */
  said(pattern, ms) {
    return until(`the program says ${pattern}`, ms, () => {
      const found = this.text.match(pattern);
      if (!found && this.code !== undefined) throw new Error(`it ended with ${this.code}:\n${this.text.slice(-2000)}`);
      return found;
    });
  }

  async stop() {
    if (this.code === undefined) {
      this.child.kill("SIGINT");
      await until("it stops", 20_000, () => this.code !== undefined).catch(() => this.child.kill("SIGKILL"));
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The browser, with what must hold on every page it shows. */
export class Browser {
  static async open(shots) {
    const browser = new Browser();
    browser.shots = shots;
    mkdirSync(shots, { recursive: true });
    browser.problems = [];
    browser.real = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    return browser;
  }

  /** A person with a browser of their own. */
  async person(options = {}) {
    const context = await this.real.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    this.watch(page);
    return page;
  }

  watch(page) {
    page.on("console", (message) => {
      // A page that asks whether a session is over hears 401; that is no fault.
      if (message.type() === "error" && !/status of (401|403|404|409|422|429)/.test(message.text())) {
        this.problems.push(`${page.url()}: ${message.text()}`);
      }
    });
    page.on("pageerror", (error) => this.problems.push(`${page.url()}: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.hostname !== "127.0.0.1") {
        this.problems.push(`${page.url()} asks another host: ${url}`);
      }
    });
  }

  /** Looks at a page wide and on a phone, in light and dark: a picture of each, no sideways scrolling, nothing that axe finds. */
  async inspect(page, name, path) {
    const state = await page.context().storageState();
    for (const [size, width, height] of [["wide", 1440, 900], ["phone", 390, 844]]) {
      for (const colorScheme of ["light", "dark"]) {
        const context = await this.real.newContext({ viewport: { width, height }, colorScheme, storageState: state });
        const view = await context.newPage();
        this.watch(view);
        // A live page never rests; what it shows is there when it is loaded.
        const answer = await view.goto(path, { waitUntil: "load" });
        if (!answer.ok()) this.problems.push(`${path} answers ${answer.status()}`);
        const wide = await view.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) this.problems.push(`${path} scrolls ${wide} px sideways at ${width} px`);
        await view.screenshot({ path: join(this.shots, `${name}-${size}-${colorScheme}.png`), fullPage: true });
        // By the debugger's own way in: the page's policy allows no script of ours.
        const found = await this.axe(view);
        for (const violation of found) this.problems.push(`${path} (${size}, ${colorScheme}): ${violation}`);
        await context.close();
      }
    }
  }

  async axe(view) {
    const client = await view.context().newCDPSession(view);
    const run = (expression, awaitPromise) => client.send("Runtime.evaluate", { expression, awaitPromise, returnByValue: true });
    await run(`${axe}; true`, false);
    const { result, exceptionDetails } = await run(
      `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }).then((r) =>
        r.violations.map((v) => v.id + " [" + v.impact + "]: " + v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "")).join(" | ")))`, true);
    await client.detach();
    if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Everybody leaves: a page that stays open asks on for a server that has ended. */
  async leave() {
    for (const context of this.real.contexts()) await context.close();
  }

  async close() {
    await this.real.close();
  }
}
