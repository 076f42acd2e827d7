// What a duty officer and a team do with the pages, in a real browser against the real program.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BoardView, EstimatesView, ReceiptView } from "../shared/types";
import { Centre } from "./centre";

let centre: Centre;

beforeAll(async () => {
  centre = await Centre.start();
});

afterAll(async () => {
  await centre?.end();
});

/** The slot under the focus. */
function focused(page: Page): Promise<{ post: string; hour: number; state: string }> {
  return page.evaluate(() => {
    const { post = "", hour = "-1", state = "" } = (document.activeElement as HTMLElement).dataset;
    return { post, hour: Number(hour), state };
  });
}

async function board(page: Page): Promise<BoardView> {
  return page.evaluate(async () => (await fetch("/api/board")).json() as Promise<BoardView>);
}

/** An inspection of midnight that somebody still owes a report on. */
async function someDue(page: Page): Promise<{ post: string; team: string }> {
  const placed = (await board(page)).posts.flatMap(({ post, hours }) => (hours[0]?.inspections ?? []).map((of) => ({ post, of })));
  const open = placed.find(({ of }) => of.state === "due" && !of.away);
  if (!open) throw new Error("nobody owes a report any more");
  return { post: open.post, team: open.of.team };
}

/** A team that has a device is asked whether it is sure. */
async function enrol(field: Page): Promise<void> {
  await field.getByTestId("enrol").click();
  await field.getByTestId("enrol-sure").click();
  await field.locator("[data-testid=device][data-ready=true]").waitFor();
}

describe("the board", () => {
  it("is walked by keyboard to an inspection, whose receipt is checked in the browser", async () => {
    const page = await centre.page("duty-officer", "/");
    await page.getByTestId("grid").waitFor();
    expect(await page.getByTestId("cell").count()).toBe(20 * 24);
    await page.keyboard.press("[");
    await page.locator("[data-testid=cell][data-state=done]").first().waitFor();
    await page.locator("[data-testid=cell][tabindex='0']").focus();
    const start = await focused(page);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    const moved = await focused(page);
    expect(moved.post).not.toBe(start.post);
    expect(moved.hour).toBe(22);
    await page.keyboard.press("Home");
    for (let steps = 0; (await focused(page)).state !== "done" && steps < 24; steps++) await page.keyboard.press("ArrowRight");
    expect((await focused(page)).state).toBe("done");
    await page.keyboard.press("Enter");
    const receipt = page.getByTestId("receipt").first();
    await receipt.waitFor();
    const check = receipt.getByTestId("receipt-check");
    await check.waitFor();
    expect(await check.getAttribute("data-holds")).toBe("true");
    expect(await page.getByTestId("panel").textContent()).not.toMatch(/verified|tamper-proof/i);
    const [there] = await Promise.all([page.context().waitForEvent("page"), receipt.getByTestId("receipt-page").click()]);
    await there.locator("[data-testid=verdict][data-holds=true]").waitFor();
    await there.close();
    await page.keyboard.press("Escape");
    expect(await page.getByTestId("receipt").count()).toBe(0);
    expect(await page.getByTestId("age").getAttribute("data-stale")).toBe("false");
    expect(centre.misdeeds).toEqual([]);
  });

  it("says so when a receipt is not one on the inspection that is shown", async () => {
    const page = await centre.page("duty-officer", "/");
    await page.getByTestId("grid").waitFor();
    await page.keyboard.press("[");
    const done = page.locator("[data-testid=cell][data-state=done]").first();
    await page.route("**/api/inspections/**", async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/"passed":\d+/, '"passed":999');
      await route.fulfill({ response: answer, body });
    });
    await done.click();
    const check = page.getByTestId("receipt-check").first();
    await check.waitFor();
    expect(await check.getAttribute("data-holds"), "other counts than the entry's").toBe("false");
    await page.keyboard.press("Escape");
    await page.unroute("**/api/inspections/**");
    await page.route("**/api/receipts/*", async (route) => {
      await route.fulfill({ response: await route.fetch({ url: `${centre.address}/api/receipts/7` }) });
    });
    await done.click();
    await check.waitFor();
    expect(await check.getAttribute("data-holds"), "another entry's receipt").toBe("false");
    expect(centre.misdeeds).toEqual([]);
  });

  it("says that the published folder lags behind while it cannot be written, and no longer", async () => {
    const own = await Centre.start();
    // Where files lie until they are whole.
    const blocked = join(own.data, "next");
    const disk = async (role: string) => {
      const page = await own.page(role, "/");
      await page.getByTestId("cell").first().waitFor();
      return page.getByTestId("disk");
    };
    try {
      rmSync(blocked, { recursive: true, force: true });
      writeFileSync(blocked, "in the way", { flag: "wx" });
      await enrol(await own.page("team?team=ST-A-01", "/field"));
      const shown = await disk("duty-officer");
      await shown.waitFor();
      expect(await shown.getAttribute("data-alarm")).toBe("diskUnpublished");
      expect(await shown.textContent()).toContain("/next");
      expect(await (await disk("analyst")).count(), "it is for those who run the hour").toBe(0);
      rmSync(blocked);
      await enrol(await own.page("team?team=ST-A-02", "/field"));
      const officer = await own.page("duty-officer", "/");
      await officer.waitForResponse("**/api/disk");
      expect(await officer.getByTestId("disk").count()).toBe(0);
      expect(own.misdeeds).toEqual([]);
    } finally {
      await own.end();
    }
  });

  it("asks who one is, without an error on the way, and explains itself by keyboard", async () => {
    const page = await centre.page("duty-officer", "/", {});
    // The board would go on asking without its cookie.
    await page.goto("about:blank");
    await page.context().clearCookies();
    await page.goto(`${centre.address}/`);
    await page.getByTestId("sign-in").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(centre.misdeeds).toEqual([]);
  });

  it("draws its map without a request to another host, and speaks Khmer and Lao", async () => {
    const page = await centre.page("analyst", "/?lang=km");
    await page.locator("[data-testid=map] canvas").waitFor();
    expect(await page.locator(".post-marker").count()).toBe(20);
    expect(await page.locator("html").getAttribute("lang")).toBe("km");
    await page.goto(`${centre.address}/`);
    await page.getByTestId("grid").waitFor();
    expect(await page.locator("html").getAttribute("lang"), "the language is kept").toBe("km");
    await page.goto(`${centre.address}/?lang=lo`);
    expect(await page.getByText("ສະຕຶງແຕຣງ").or(page.getByText("ຊຽງແຕງ")).first().textContent()).toBeTruthy();
    expect(centre.misdeeds).toEqual([]);
  });

  it("fits a phone: the page does not scroll sideways", async () => {
    const page = await centre.page("commander", "/", { viewport: { width: 390, height: 844 } });
    await page.getByTestId("grid").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(centre.misdeeds).toEqual([]);
  });
});

describe("the page of estimates", () => {
  let later: Centre;

  beforeAll(async () => {
    // Three days are over, and auditors may read two of them: there is something to compare.
    later = await Centre.start("2017-01-04T00:01:30", 1, 3);
  });

  afterAll(async () => {
    await later?.end();
  });

  /** The page, opened by its key, and what the centre says to it. */
  async function opened(role: string, language: string, options = {}): Promise<{ page: Page; asked: EstimatesView }> {
    const page = await later.page(role, `/?lang=${language}`, options);
    await page.getByTestId("age").waitFor();
    await page.keyboard.press("e");
    await page.getByTestId("flows").waitFor();
    const asked = await page.evaluate(async () => (await fetch("/api/estimates")).json() as Promise<EstimatesView>);
    expect(asked.province_days, "else there is nothing to see").toBe(6);
    return { page, asked };
  }

  /** What stands in all cells of a kind; none of them is empty. */
  async function cells(page: Page, section: string, kind: string): Promise<string[]> {
    const found = await page.getByTestId(section).getByTestId(kind).allTextContents();
    expect(found.filter((text) => text.trim() === "")).toEqual([]);
    return found;
  }

  /** Every row of the tables has an interval where there is one, and a method. */
  async function complete(page: Page, asked: EstimatesView, says: { method: string; methods: string[]; tooFew: string }): Promise<void> {
    const { flows } = asked;
    const whole = flows.filter((flow) => !flow.post && flow.hour == null && !flow.transport && !flow.drug);
    const tables = {
      flows: whole,
      hours: flows.filter((flow) => flow.hour != null),
      kinds: flows.filter((flow) => flow.transport || flow.drug),
      ranking: asked.ranking.map(({ post }) => flows.find((flow) => flow.post === post && flow.quantity === "loads")),
    };
    for (const [section, rows] of Object.entries(tables)) {
      const intervals = await cells(page, section, "interval");
      expect(intervals.length, section).toBe(rows.length);
      expect(rows.length, section).toBeGreaterThan(0);
      expect(intervals.filter((text) => !/\d/.test(text)), section).toEqual(rows.filter((flow) => !flow?.interval95).map(() => says.tooFew));
      if (section !== "flows") expect(await page.getByTestId(section).textContent()).toContain(`${says.method}: ${says.methods[0]}`);
    }
    expect(whole.filter((flow) => flow.interval95).length, "two days can be compared").toBeGreaterThan(0);
    const named = await cells(page, "flows", "method");
    expect(named.length).toBe(whole.length);
    expect(new Set(named)).toEqual(new Set(says.methods));
    const all = whole.find((flow) => !flow.province);
    const lost = `${all?.visits_lost} / ${all?.visits} (`;
    for (const section of ["flows", "kinds"]) expect(await page.getByTestId(section).textContent()).toContain(lost);
  }

  /** How many charts there are; each of them has a size and something on it. */
  async function charts(page: Page): Promise<number> {
    const drawn = await page.getByTestId("estimates").locator("canvas").evaluateAll((canvases) =>
      (canvases as HTMLCanvasElement[]).map((canvas) => {
        const { width, height } = canvas.getBoundingClientRect();
        const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        return { width, height, ink: new Set(pixels).size };
      }),
    );
    for (const { width, height, ink } of drawn) {
      expect(width).toBeGreaterThan(200);
      expect(height).toBeGreaterThan(100);
      expect(ink, "an empty canvas has no colour").toBeGreaterThan(2);
    }
    return drawn.length;
  }

  const ENGLISH = { method: "Method", methods: ["difference", "Horvitz–Thompson", "per unit"], tooFew: "too few days" };
  const KHMER = { method: "វិធី", methods: ["ផលដក", "Horvitz–Thompson", "តាមអង្គភាព"], tooFew: "ថ្ងៃតិចពេក" };

  it("has an interval beside every number, by keyboard, and the tests of teams with their power for the inspectorate", async () => {
    const { page, asked } = await opened("inspectorate", "en");
    expect(await page.getByTestId("estimates").textContent()).toMatch(/^\s*2017-01-01 to 2017-01-02: 6 province-days .* Design [0-9a-f]{16}\./s);
    await complete(page, asked, ENGLISH);
    const hour = page.getByTestId("hours").locator("tbody tr").first();
    expect(await hour.isVisible()).toBe(false);
    await page.getByTestId("hours").locator("summary").press("Enter");
    await hour.waitFor();
    expect(await page.getByTestId("hours").locator("tbody tr").count()).toBe(24);
    const teams = page.getByTestId("team-tests");
    expect(await teams.locator("tbody tr").count()).toBeGreaterThanOrEqual(54);
    expect(await teams.getByTestId("power").locator("li").count()).toBe(4);
    expect(await charts(page)).toBe(2);
    await page.keyboard.press("Escape");
    await page.getByTestId("grid").waitFor();
    expect(later.misdeeds).toEqual([]);
  });

  it("says the same to a duty officer in Khmer on a phone, but nothing of teams", async () => {
    const { page, asked } = await opened("duty-officer", "km", { viewport: { width: 390, height: 844 } });
    await complete(page, asked, KHMER);
    expect(await charts(page)).toBe(1);
    expect(await page.getByTestId("team-tests").count()).toBe(0);
    expect(await page.getByTestId("power").count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), "the page does not scroll sideways").toBeLessThanOrEqual(390);
    expect(later.misdeeds).toEqual([]);
    const ask = page.evaluate(async () => (await fetch("/api/estimates/teams")).status);
    const [refused] = await Promise.all([ask, page.waitForEvent("console")]);
    expect(refused).toBe(403);
    // The refusal shows in the console, as it should: it is the test that asked for it, once.
    expect(later.misdeeds.splice(0)).toEqual([expect.stringContaining("403")]);
  });

  it("says that nothing can be read yet while no day is", async () => {
    const page = await centre.page("inspectorate", "/");
    await page.getByTestId("grid").waitFor();
    await page.keyboard.press("e");
    await page.getByTestId("estimates").getByText("No day is over and readable yet").waitFor();
    expect(await page.getByTestId("team-tests").count()).toBe(0);
    expect(await page.getByTestId("estimates").locator("table").count()).toBe(0);
    expect(centre.misdeeds).toEqual([]);
  });
});

describe("a team in the field", () => {
  it("files a signed report, and the board's cell changes without being asked", async () => {
    const officer = await centre.page("duty-officer", "/");
    const cell = officer.locator("[data-testid=cell][data-state=due][data-hour='0']").first();
    await cell.waitFor();
    const post = await cell.getAttribute("data-post");
    const line = (await board(officer)).posts.find((line) => line.post === post);
    const placed = line?.hours[0]?.inspections ?? [];
    const teams = placed.filter((inspection) => !inspection.away && inspection.state === "due").map(({ team }) => team);
    expect(teams.length).toBeGreaterThan(0);

    for (const team of teams) {
      const field = await centre.page(`team?team=${team}`, "/field", { viewport: { width: 390, height: 844 } });
      // The team's simulated device alone opens what was sealed to it.
      await field.locator("[data-testid=order][data-do=sealed]").waitFor();
      await enrol(field);
      const duty = field.locator(`[data-testid=duty][data-hour='0'][data-post='${post}']`);
      await duty.getByTestId("begin").click();
      await duty.getByTestId("passed").fill("9");
      await duty.getByTestId("inspected").fill("12");
      expect(await duty.getByTestId("send").isDisabled(), "more inspected than passed").toBe(true);
      await duty.getByTestId("inspected").fill("5");
      await duty.getByTestId("found").fill("1");
      await duty.getByTestId("add-find").click();
      await duty.getByTestId("transport").selectOption("boat");
      expect(await duty.getByTestId("send").isDisabled(), "what it was is not chosen").toBe(true);
      await duty.getByTestId("drug").selectOption("amphetamines");
      await duty.getByTestId("vehicles").fill("2");
      expect(await duty.getByTestId("send").isDisabled(), "more told apart than found").toBe(true);
      await duty.getByTestId("vehicles").fill("1");
      await duty.getByTestId("send").click();
      await field.getByTestId("receipt").waitFor();
      expect(await field.getByTestId("receipt-check").first().getAttribute("data-holds")).toBe("true");
      await field.reload();
      await field.getByTestId("receipt").waitFor();
    }

    const changed = officer.locator(`[data-testid=cell][data-post='${post}'][data-hour='0']`);
    await expect.poll(() => changed.getAttribute("data-state"), { timeout: 20_000 }).toBe("done");
    await changed.click();
    await officer.getByTestId("receipt-check").first().waitFor();
    expect(await officer.getByTestId("receipt-check").first().getAttribute("data-holds")).toBe("true");
    expect(await officer.getByTestId("panel").textContent()).toContain("1 × boat or ferry, amphetamines");
    expect(await officer.getByTestId("feed").textContent()).toContain("5 inspected of 9, 1 with a find");
    expect(centre.misdeeds).toEqual([]);
  });

  it("reads what ran before it was the team's, and fetches its table, though the answer to its enrolment was lost", async () => {
    const officer = await centre.page("duty-officer", "/");
    const owed = await someDue(officer);
    const field = await centre.page(`team?team=${owed.team}`, "/field", { viewport: { width: 390, height: 844 } });
    await field.route("**/api/devices", async (route) => {
      await route.fetch();
      await route.abort();
    });
    await field.getByTestId("enrol").click();
    await field.getByTestId("enrol-sure").click();
    await field.locator("[data-testid=relay][data-table]").waitFor();
    expect(Number(await field.getByTestId("relay").getAttribute("data-table"))).toBeGreaterThan(0);
    await field.locator(`[data-testid=duty][data-hour='0'][data-post='${owed.post}']`).waitFor();
    expect(await field.getByTestId("box-trouble").count()).toBe(0);
    centre.misdeeds.splice(0, centre.misdeeds.length, ...centre.misdeeds.filter((misdeed) => !misdeed.includes("ERR_FAILED")));
    expect(centre.misdeeds).toEqual([]);
  });

  it("reports with the phone that began, though another one took its place", async () => {
    const officer = await centre.page("duty-officer", "/");
    const owed = await someDue(officer);
    const open = async () => {
      const field = await centre.page(`team?team=${owed.team}`, "/field", { viewport: { width: 390, height: 844 } });
      return { field, duty: field.locator(`[data-testid=duty][data-hour='0'][data-post='${owed.post}']`) };
    };
    const [old, young] = [await open(), await open()];
    await enrol(old.field);
    await old.duty.getByTestId("begin").click();
    await enrol(young.field);
    await old.field.locator("[data-testid=device][data-ready=false]").waitFor({ timeout: 30_000 });
    await old.duty.getByTestId("passed").fill("4");
    await old.duty.getByTestId("send").click();
    await old.field.getByTestId("receipt").waitFor();
    expect(centre.misdeeds).toEqual([]);
  });

  it("corrects a report, which stays beside its correction", async () => {
    const officer = await centre.page("duty-officer", "/");
    const owed = await someDue(officer);
    const field = await centre.page(`team?team=${owed.team}`, "/field", { viewport: { width: 390, height: 844 } });
    await enrol(field);
    const duty = field.locator(`[data-testid=duty][data-hour='0'][data-post='${owed.post}']`);
    await duty.getByTestId("begin").click();
    await duty.getByTestId("passed").fill("7");
    await duty.getByTestId("inspected").fill("2");
    await duty.getByTestId("send").click();
    await field.getByTestId("receipt").waitFor();
    await duty.getByTestId("correct").click();
    expect(await duty.getByTestId("passed").inputValue(), "what was reported stands in the form").toBe("7");
    await duty.getByTestId("reason").selectOption("mistyped");
    await duty.getByTestId("inspected").fill("8");
    expect(await duty.getByTestId("send-correction").isDisabled(), "more inspected than passed").toBe(true);
    await duty.getByTestId("inspected").fill("3");
    await duty.getByTestId("send-correction").click();
    const sent = field.locator("[data-kind=correction]");
    await sent.getByTestId("receipt").waitFor();
    const index = await sent.getByTestId("receipt").getAttribute("data-index");
    await expect.poll(() => duty.textContent()).toContain(`corrected by entry ${index}`);
    const of = (await board(officer)).posts.find(({ post }) => post === owed.post)?.hours[0]?.inspections.find(({ team }) => team === owed.team);
    expect(of?.report).toMatchObject({ passed: 7, inspected: 2, corrections: [{ index: Number(index), passed: 7, inspected: 3, reason: "mistyped" }] });
    expect(centre.misdeeds).toEqual([]);
  });

  it("keeps a report that cannot be sent and sends it when the centre is back", async () => {
    const officer = await centre.page("duty-officer", "/");
    const owed = await someDue(officer);
    const field = await centre.page(`team?team=${owed.team}`, "/field", { viewport: { width: 390, height: 844 } });
    await enrol(field);
    const duty = field.locator(`[data-testid=duty][data-hour='0'][data-post='${owed.post}']`);
    await duty.getByTestId("begin").click();
    await field.route("**/api/entries", (route) => route.abort());
    await duty.getByTestId("passed").fill("3");
    await duty.getByTestId("send").click();
    await field.locator("[data-testid=outbox] [data-state=waiting]").waitFor();
    await field.unroute("**/api/entries");
    await field.getByTestId("receipt").waitFor({ timeout: 20_000 });
    // The send that was cut off shows in the console, as it should: it is no misdeed of the pages that come after.
    const misdeeds = centre.misdeeds.splice(0);
    expect(misdeeds.filter((misdeed) => !misdeed.includes("ERR_FAILED"))).toEqual([]);
  });
});

describe("the receipt page", () => {
  /** A receipt under the newest head, and a page of nobody in particular, who asked for static files alone. */
  async function opened(index: number): Promise<{ receipt: ReceiptView; page: Page; asked: string[] }> {
    const officer = await centre.page("duty-officer", "/");
    const receipt = await officer.evaluate(async (index) => (await fetch(`/api/receipts/${index}`)).json() as Promise<ReceiptView>, index);
    await officer.context().close();
    const asked: string[] = [];
    const page = await centre.page("auditor", "/receipt");
    await page.context().clearCookies();
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${centre.address}/receipt`);
    await page.getByTestId("receipt-text").waitFor();
    return { receipt, page, asked };
  }

  /** What becomes of a receipt that is pasted by keyboard: the steps that fail, with their reasons. */
  async function failing(page: Page, receipt: ReceiptView): Promise<string[]> {
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("receipt");
    await page.keyboard.insertText(JSON.stringify(receipt));
    const verdict = page.getByTestId("verdict");
    await verdict.waitFor();
    const steps = await verdict.locator("[data-state=fails]").evaluateAll((steps) => steps.map(({ dataset }) => `${dataset["testid"]} ${dataset["why"]}`));
    expect(await verdict.getAttribute("data-holds")).toBe(String(steps.length === 0));
    return steps;
  }

  it("checks receipts against the static files of the log alone, by keyboard", async () => {
    const { receipt, page, asked } = await opened(300);
    expect(await failing(page, receipt)).toEqual([]);
    expect(await page.getByTestId("verdict").textContent()).not.toMatch(/verified|tamper-proof/i);
    const bent = { ...receipt, entry: receipt.entry.replace('"seq":', '"seq":9') };
    expect(await failing(page, bent)).toEqual(["step-entry deviceSignature", "step-proof proofWrong", "step-place otherEntry"]);
    const elsewhere = { ...receipt, head: receipt.head.replace("sekong/northeast-2017", "sekong/elsewhere") };
    expect(await failing(page, elsewhere)).toEqual(["step-head otherLog"]);
    await page.getByTestId("receipt-text").fill("{}");
    await page.getByTestId("trouble").waitFor();
    expect(new Set(asked.map((path) => path.split("/")[1]))).toEqual(new Set(["receipt", "assets", "keys", "log"]));
    expect(centre.misdeeds).toEqual([]);
  });

  it("holds an older receipt under a newer head, from a file, and not with another log's key", async () => {
    const { receipt, page } = await opened(20);
    const officer = await centre.page("duty-officer", "/");
    const { team } = await someDue(officer);
    await enrol(await centre.page(`team?team=${team}`, "/field"));
    await page.getByTestId("receipt-file").setInputFiles({ name: "receipt.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(receipt)) });
    await page.locator("[data-testid=verdict][data-holds=true]").waitFor();
    const published = await page.evaluate(async () => Number((await (await fetch("/log/checkpoint")).text()).split("\n")[1]));
    expect(published).toBeGreaterThan(Number(receipt.head.split("\n")[1]));
    await page.locator("summary").press("Enter");
    await page.getByTestId("keys").fill("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    await page.locator("[data-testid=step-published][data-why=otherLog]").waitFor();
    expect(centre.misdeeds).toEqual([]);
  });
});

describe("a team whose orders come in boxes", () => {
  /** Two minutes of the test an hour: enrolled well before the draw of 00:50, or else a team waits for that of 01:50. */
  const [FROM, SPEED] = ["2017-01-02T00:38:00", 30];
  const A_WHILE_MS = 200_000;
  let quick: Centre;
  let field: Page;
  let officer: Page;
  let team: string;

  beforeAll(async () => {
    quick = await Centre.start(FROM, SPEED);
    officer = await quick.page("duty-officer", "/");
    ({ team } = await someDue(officer));
    field = await quick.page(`team?team=${team}`, "/field", { viewport: { width: 390, height: 844 } });
    await enrol(field);
  });

  afterAll(async () => {
    await quick?.end();
  });

  /** The code that the duty officer reads out, and its hour. */
  async function readOut(): Promise<{ code: string; hour: number; table: number }> {
    return officer.evaluate(async (team) => {
      const body = JSON.stringify({ team, channel: "voice" });
      const answer = await fetch("/api/relays", { method: "POST", body, headers: { "content-type": "application/json" } });
      return (await answer.json()) as { code: string; hour: number; table: number };
    }, team);
  }

  /** The form opens by itself where nothing else tells the order. */
  async function openForm(): Promise<void> {
    if ((await field.getByTestId("relay").getAttribute("open")) === null) await field.locator("[data-testid=relay] summary").press("Enter");
  }

  async function type(code: string): Promise<void> {
    await field.getByTestId("relay-code").fill(code);
    await field.getByTestId("relay-code").press("Enter");
  }

  it("is told in a box of its own what another device was sent, and opens the next one", { timeout: 2 * A_WHILE_MS }, async () => {
    const order = field.getByTestId("order");
    await field.locator("[data-testid=seal][data-holds=true]").waitFor({ timeout: A_WHILE_MS });
    expect(["stay", "drive", "stand-down"]).toContain(await order.getAttribute("data-do"));
    await field.locator("[data-testid=check-in][data-state=acknowledged]").waitFor({ timeout: 30_000 });
    expect(await field.getByTestId("box-trouble").count()).toBe(0);
    const index = await field.locator("[data-kind=opened] [data-testid=receipt]").first().getAttribute("data-index");
    const entry = await field.evaluate(async (index) => ((await (await fetch(`/api/receipts/${index}`)).json()) as { entry: string }).entry, index);
    expect(JSON.parse(entry)).toMatchObject({ kind: "opened", body: { day: "2017-01-02" } });
    const said = field.locator("[data-kind=opened]");
    const before = await said.count();
    await field.reload();
    await field.locator("[data-testid=check-in][data-state=acknowledged]").waitFor();
    expect(await said.count() - before, "said once, but for an hour drawn since").toBeLessThanOrEqual(1);
    expect(await field.locator("[data-kind=opened][data-state=refused]").count()).toBe(0);
    expect(quick.misdeeds).toEqual([]);
  });

  it("understands a code that is read out, by a table that replaces a lost one, and still after a reload", async () => {
    const lost = await readOut();
    const replaced = await officer.evaluate(async (team) => {
      const body = JSON.stringify({ team, reason: "lost" });
      return (await fetch("/api/tables", { method: "POST", body, headers: { "content-type": "application/json" } })).status;
    }, team);
    expect(replaced).toBe(201);
    await field.locator(`[data-testid=relay][data-table='${lost.table + 1}']`).waitFor({ timeout: 30_000 });
    const { code, hour, table } = await readOut();
    expect(table).toBe(lost.table + 1);
    await openForm();
    await field.getByTestId(`relay-${hour}`).check();
    await type("017 482 91");
    await field.locator("[data-testid=relay-answer][data-answer=wrong]").waitFor();
    await type(code.replace(/\d/g, (digit) => String.fromCodePoint(0x17e0 + Number(digit))));
    const answer = field.locator("[data-testid=relay-answer][data-answer=taken]");
    await answer.waitFor();
    expect(await answer.textContent()).toMatch(/Stay|Go to post \d+: \p{L}|Stand down/u);
    await field.reload();
    await field.locator("[data-testid=seal][data-holds=true]").waitFor();
    await openForm();
    await field.getByTestId(`relay-${hour}`).check();
    await answer.waitFor();
    expect(quick.misdeeds).toEqual([]);
  });

  it("takes no code any more after two wrong ones, without a connection too, nor after a reload", async () => {
    await field.context().setOffline(true);
    const free = field.locator("[data-testid=relay] label:not(.chosen) input");
    await free.check();
    const answer = field.getByTestId("relay-answer");
    await expect.poll(() => answer.getAttribute("data-answer")).toBe("none");
    await type("123 456 789");
    await field.locator("[data-testid=relay-answer][data-answer=wrong]").waitFor();
    await type("123 456 780");
    await field.locator("[data-testid=relay-answer][data-answer=locked]").waitFor();
    await type("123 456 781");
    expect(await answer.getAttribute("data-answer")).toBe("locked");
    const locked = await field.locator("[data-testid=relay] label.chosen input").getAttribute("data-testid");
    await field.context().setOffline(false);
    await field.reload();
    await openForm();
    await field.getByTestId(locked ?? "").check();
    await expect.poll(() => answer.getAttribute("data-answer")).toBe("locked");
  });

  it("reports on what its box alone told, begun without a connection", { timeout: 2 * A_WHILE_MS }, async () => {
    const duty = field.locator("[data-testid=duty]:not([data-hour='0'])").first();
    await duty.waitFor();
    await field.context().setOffline(true);
    await duty.getByTestId("begin").click({ timeout: A_WHILE_MS });
    await duty.getByTestId("passed").fill("6");
    await duty.getByTestId("send").click();
    await field.locator("[data-kind=inspection][data-state=waiting]").waitFor();
    await field.context().setOffline(false);
    await field.locator("[data-kind=inspection] [data-testid=receipt]").waitFor({ timeout: 60_000 });
  });
});
