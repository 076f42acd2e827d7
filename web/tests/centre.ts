// The real program as the browser tests need it: days of the demo, then served on a clock of the test's choice.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const BINARY = wanted("SEKONG_BINARY", "the path of the sekong program; `make test` sets it");
const CHROMIUM = wanted("SEKONG_CHROMIUM", "the path of Chromium; `make test` sets it");

/** A minute and a half after the demo's first day: the teams have orders, and nobody has reported on this hour yet. */
const START = "2017-01-02T00:01:30";

/** The demo by its days, made once and copied for each server. */
const demos = new Map<number, string>();

function demoOf(days: number): string {
  const made = demos.get(days);
  if (made) return made;
  const folder = mkdtempSync(join(tmpdir(), "sekong-browser-demo-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const demo = join(folder, "campaign");
  execFileSync(BINARY, ["demo", "--days", String(days), "--no-serve", "--data", demo], { stdio: "ignore" });
  demos.set(days, demo);
  return demo;
}

function wanted(name: string, what: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}: ${what}`);
  return value;
}

/** A served campaign and a browser; both end with `end`. */
export class Centre {
  private constructor(
    readonly address: string,
    private readonly server: ChildProcess,
    private readonly folder: string,
    private readonly browser: Browser,
    /** What no page may do: console errors, failures, requests to other hosts. */
    readonly misdeeds: string[],
  ) {}

  /** Serves so many days of the demo from a time on, so many campaign seconds a second. */
  static async start(from = START, speed = 1, days = 1): Promise<Centre> {
    const folder = mkdtempSync(join(tmpdir(), "sekong-browser-"));
    const data = join(folder, "campaign");
    cpSync(demoOf(days), data, { recursive: true });
    const server = spawn(
      BINARY,
      ["serve", "--json", "--data", data, "--listen", "127.0.0.1:0", "--demo-clock", `${from},${speed}`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const address = await firstLine(server);
    const args = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
    const browser = await chromium.launch({ executablePath: CHROMIUM, args });
    return new Centre(address, server, folder, browser, []);
  }

  /** A page of somebody who is signed in under a role, e.g. `duty-officer` or `team?team=ST-A-01`. */
  async page(role: string, path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    this.#watch(page);
    await page.goto(`${this.address}/demo/sign-in/${role}`);
    await page.goto(this.address + path);
    return page;
  }

  #watch(page: Page): void {
    page.on("console", (message) => {
      if (message.type() === "error") this.misdeeds.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.misdeeds.push(`error: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      const own = url.startsWith(`${this.address}/`) || url.startsWith("blob:") || url.startsWith("data:");
      if (!own) this.misdeeds.push(`request to another host: ${url}`);
    });
  }

  /** The campaign's data folder. */
  get data(): string {
    return join(this.folder, "campaign");
  }

  async end(): Promise<void> {
    await this.browser.close();
    this.server.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Where the server says that it listens. */
async function firstLine(server: ChildProcess): Promise<string> {
  if (!server.stdout) throw new Error("the server has no output");
  for await (const line of createInterface({ input: server.stdout })) {
    return (JSON.parse(line) as { listening: string }).listening;
  }
  throw new Error("the server ended before it listened");
}
