// Pictures of the pages for people to look at: node tests/screenshots.mjs ADDRESS FOLDER [CHROMIUM]
import { join } from "node:path";
import { argv } from "node:process";
import { chromium } from "playwright-core";

const [, , address, folder, executablePath = "/usr/bin/chromium"] = argv;
if (!address || !folder) throw new Error("usage: node tests/screenshots.mjs ADDRESS FOLDER [CHROMIUM]");

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

const PICTURES = [
  { name: "board-light", role: "duty-officer", path: "/", viewport: WIDE, colorScheme: "light" },
  { name: "board-dark", role: "duty-officer", path: "/", viewport: WIDE, colorScheme: "dark" },
  { name: "board-phone-light", role: "duty-officer", path: "/", viewport: PHONE, colorScheme: "light" },
  { name: "board-phone-dark", role: "duty-officer", path: "/", viewport: PHONE, colorScheme: "dark" },
  { name: "board-km", role: "duty-officer", path: "/?lang=km", viewport: WIDE, colorScheme: "light" },
  { name: "board-lo", role: "duty-officer", path: "/?lang=lo", viewport: WIDE, colorScheme: "light" },
  { name: "board-inspection", role: "duty-officer", path: "/", viewport: WIDE, colorScheme: "light", open: true },
  { name: "estimates-light", role: "inspectorate", path: "/", viewport: WIDE, colorScheme: "light", estimates: true },
  { name: "estimates-dark", role: "inspectorate", path: "/", viewport: { width: 1440, height: 2600 }, colorScheme: "dark", estimates: true },
  { name: "estimates-phone", role: "analyst", path: "/", viewport: PHONE, colorScheme: "light", estimates: true },
  { name: "estimates-km", role: "analyst", path: "/?lang=km", viewport: WIDE, colorScheme: "light", estimates: true },
  { name: "field-light", role: "team?team=ST-A-01", path: "/field", viewport: PHONE, colorScheme: "light" },
  { name: "field-dark", role: "team?team=ST-A-01", path: "/field", viewport: PHONE, colorScheme: "dark" },
  { name: "receipt-light", role: "duty-officer", path: "/receipt", viewport: WIDE, colorScheme: "light", receipt: 300 },
  { name: "receipt-dark", role: "duty-officer", path: "/receipt", viewport: WIDE, colorScheme: "dark", receipt: 300, bent: true },
  { name: "receipt-phone", role: "duty-officer", path: "/receipt", viewport: PHONE, colorScheme: "light", receipt: 300 },
  { name: "receipt-km", role: "duty-officer", path: "/receipt?lang=km", viewport: PHONE, colorScheme: "dark", receipt: 300 },
  { name: "field-km", role: "team?team=ST-A-01", path: "/field?lang=km", viewport: PHONE, colorScheme: "light" },
];

/** Long enough for the map to be drawn. */
const SETTLED_MS = 3_000;

const args = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const browser = await chromium.launch({ executablePath, args });
try {
  for (const picture of PICTURES) await take(picture);
} finally {
  await browser.close();
}

async function take({ name, role, path, open, receipt, bent, estimates, ...look }) {
  const context = await browser.newContext({ ...look, deviceScaleFactor: 1 });
  const page = await context.newPage();
  await page.goto(`${address}/demo/sign-in/${role}`);
  await page.goto(address + path);
  if (open) await openInspection(page);
  if (estimates) await showEstimates(page);
  if (receipt) await checkReceipt(page, receipt, bent);
  await page.waitForTimeout(SETTLED_MS);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}

async function showEstimates(page) {
  await page.getByTestId("age").waitFor();
  await page.keyboard.press("e");
  await page.getByTestId("estimates").locator("table").first().waitFor();
}

async function openInspection(page) {
  await page.locator("[data-testid=cell][data-state=done]").first().click();
  await page.getByTestId("receipt-check").first().waitFor();
}

/** A receipt, or one whose entry was altered. */
async function checkReceipt(page, index, bent) {
  const text = await page.evaluate(async (index) => (await fetch(`/api/receipts/${index}`)).text(), index);
  await page.getByTestId("receipt-text").fill(bent ? text.replace('seq\\":', 'seq\\":9') : text);
  await page.getByTestId("verdict").waitFor();
}
