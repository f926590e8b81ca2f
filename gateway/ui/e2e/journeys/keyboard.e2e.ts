/** The pages, without a pointer. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window } from "../browser.ts";
import { demoHub } from "../hub.ts";

const NAMES = ["KeyboardFirst", "KeyboardSecond", "KeyboardThird"];

const hub = demoHub();
let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  const cluster = await hub.cluster("edge-2");
  await hub.post(cluster, NAMES.map((name) => ({ name, startsAt: new Date() })));
  browser = await launch();
  window = await Window.open(browser, hub, { session: await signIn(browser, hub) });
  page = window.page;
});
afterAll(() => browser.close());

const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
const title = (name: string) => page.getByRole("heading", { level: 1, name, exact: true });
const rows = () => page.getByRole("row").filter({ hasText: "Keyboard" });
const drawer = () => page.getByRole("complementary", { name: "Alert" });

test("the palette opens, finds a page and closes again", async () => {
  await window.goTo("/");
  await press("Control+k");
  const box = page.getByRole("dialog").getByRole("combobox");
  await box.waitFor();
  await expect.poll(() => box.evaluate((element) => element === document.activeElement)).toBe(true);
  await window.picture("keyboard-palette");
  await press("Escape");
  await box.waitFor({ state: "detached" });
  await press("Control+k");
  await box.waitFor();
  await page.keyboard.type("events");
  await press("Enter");
  await title("Events").waitFor();
});

test("two keys lead to each page", async () => {
  for (const [key, name] of [
    ["c", "Clusters"],
    ["m", "Metrics"],
    ["o", "Operations"],
    ["a", "Alerts"],
  ] as const) {
    await press("g", key);
    await title(name).waitFor();
  }
});

test("rows are gone through, opened and closed; the filter is reached", async () => {
  await window.goTo("/alerts");
  await rows().first().waitFor();
  await press("/");
  const filter = page.locator("[data-filter]:focus, input:focus");
  await filter.waitFor();
  await page.keyboard.type("keyboard");
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("keyboard");
  await expect.poll(() => rows().count()).toBe(NAMES.length);
  await expect.poll(() => page.getByRole("row").count()).toBe(NAMES.length + 1);
  await window.settled();
  await tabTo("Alerts");
  await press("j", "j", "k", "Enter");
  await drawer().waitFor();
  const first = await drawer().getByRole("heading", { level: 2 }).innerText();
  expect(await rows().first().innerText()).toContain(first);
  await press("Escape");
  await drawer().waitFor({ state: "detached" });
  const inTable = () => page.getByRole("table").evaluate((table) => table.contains(document.activeElement));
  await expect.poll(inTable).toBe(true);
});

test("an alert can be silenced with Tab and Enter alone", async () => {
  await window.goTo("/alerts?q=keyboard");
  await rows().first().waitFor();
  await press("j", "Enter");
  await drawer().waitFor();
  await tabTo("Silence…");
  await press("Enter");
  const form = page.getByRole("form", { name: /^Silence Keyboard/ });
  await form.waitFor();
  await tabTo("Why");
  await page.keyboard.type("planned work");
  await tabTo("Silence");
  await window.picture("keyboard-silence");
});

test("nothing was wrong meanwhile", () => {
  expect(window.problems).toEqual([]);
});

/** Presses Tab until what has this name has the focus. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await press("Tab");
    const found = await page.evaluate(() => {
      const now = document.activeElement;
      const label = now?.id ? document.querySelector(`label[for="${CSS.escape(now.id)}"]`) : null;
      return now?.getAttribute("aria-label") ?? label?.textContent ?? now?.textContent ?? "";
    });
    if (found.trim() === name) return;
  }
  throw new Error(`${name} was not reached in 80 steps`);
}
