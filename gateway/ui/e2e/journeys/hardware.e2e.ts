/** A GPU gets hot, a clock drifts: the first page says so, and leads to it; its past shows it; the event leads back. */

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "../browser.ts";
import { demoHub } from "../hub.ts";

const SECONDS = 240;
/** Until it is hot, and until its next sample. */
const WITHIN = { timeout: 120_000, interval: 500 };
const PATIENCE = 180_000;
/** Of a row: further on there may be a link to elsewhere. */
const BEGINNING = { x: 20, y: 12 };

const hub = demoHub();
let browser: Browser;
let session: Session;

beforeAll(async () => {
  browser = await launch();
  session = await signIn(browser, hub);
  await Promise.all([hub.incident("spoke-1", "gpu_hot", SECONDS), hub.incident("edge-1", "ptp_drift", SECONDS)]);
});
afterAll(async () => {
  await Promise.all([hub.incident("spoke-1", "gpu_hot", 0), hub.incident("edge-1", "ptp_drift", 0)]);
  await browser.close();
});

/** The line of the first page that tells it, as soon as there is one; with what is worse, it may be folded. */
async function attention(page: Page, what: RegExp): Promise<Locator> {
  const panel = page.getByRole("region", { name: "What matters now" });
  const line = panel.getByRole("link", { name: what }).first();
  const more = panel.getByRole("button", { name: /^Show \d+ more/ });
  const isThere = async () => {
    if (await more.isVisible()) {
      await more.click();
      // Under the pointer nothing moves.
      await page.mouse.move(0, 0);
    }
    return line.isVisible();
  };
  await expect.poll(isThere, WITHIN).toBe(true);
  return line;
}

/** From its drawer to its events, to the newest of them, and from there to `link`. */
async function byEvent(window: Window, events: RegExp, type: RegExp, link: string): Promise<void> {
  const { page } = window;
  await page.getByRole("complementary").getByRole("link", { name: events }).click();
  await page.getByRole("heading", { level: 1, name: "Events" }).waitFor();
  await page.getByRole("row").filter({ hasText: type }).first().click({ position: BEGINNING });
  await page.getByRole("complementary").getByRole("link", { name: link }).click();
}

test("a GPU gets hot", { timeout: PATIENCE }, async () => {
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  await window.goTo("/");
  const said = await attention(page, /^GPU \d+ on gpu-\S+ at \d+ °C \(threshold 85 °C\)/);
  const [, number, node] = /^GPU (\d+) on (\S+)/.exec(await said.innerText())!;
  await window.picture("journey-hot-1-fleet");
  await said.click();

  const drawer = page.getByRole("complementary", { name: "Node with GPUs" });
  const gpu = drawer.getByRole("article", { name: `GPU ${number}`, exact: true });
  await drawer.getByRole("heading", { level: 2, name: node! }).waitFor();
  await gpu.getByText(/Too hot: threshold crossed/).waitFor();
  await drawer.getByRole("combobox", { name: "What is shown over time" }).selectOption({ label: "Temperature" });
  await drawer.getByRole("img", { name: /^Temperature: 1 series .* highest (8[5-9]|9\d) °C/ }).waitFor();
  await window.picture("journey-hot-2-node");

  await byEvent(window, new RegExp(`^Events of GPU ${number}$`), /threshold/i, "Open the GPU");
  await gpu.waitFor();
  expect(new URL(page.url()).pathname).toBe("/gpu");
  expect(new URL(page.url()).searchParams.get("gpu")).toBe(number);
  expect(window.problems).toEqual([]);
  await window.close();
});

test("a clock loses its source", { timeout: PATIENCE }, async () => {
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  await window.goTo("/");
  const said = await attention(page, /clocks? .*edge-1.* in (holdover|freerun)/i);
  await window.picture("journey-drift-1-fleet");
  await said.click();

  const drawer = page.getByRole("complementary", { name: "Clock" });
  await page.getByRole("heading", { level: 1, name: "Network functions" }).waitFor();
  if (!new URL(page.url()).searchParams.has("open")) {
    await page.getByRole("row").filter({ hasText: /ens.*(holdover|freerun)/i }).first().click({ position: BEGINNING });
  }
  await drawer.getByText("Changes of its state").waitFor();
  await drawer.getByRole("listitem").filter({ hasText: /holdover|freerun/i }).first().waitFor();
  await window.picture("journey-drift-2-clock");

  await byEvent(window, /^Its events$/, /holdover|freerun/i, "Open the network function");
  await drawer.getByText("Changes of its state").waitFor();
  expect(new URL(page.url()).searchParams.get("tab")).toBe("clocks");
  expect(window.problems).toEqual([]);
  await window.close();
});
