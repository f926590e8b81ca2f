/** From an input of a person to the next frame, by the browser's own event timing. */

import type { Page } from "playwright-core";

import { linkTo } from "../browser.ts";
import { pause, PLACES, type Stage } from "./stage.ts";

/** What the browser does not tell of took less than this. */
const UNTOLD_MS = 16;

export async function interactions(stage: Stage, rounds: number): Promise<Record<string, number[]>> {
  const page = await stage.page("/clusters");
  await page.evaluate((wanted) => meter.shown(wanted), PLACES[1]!);
  const found: Record<string, number[]> = {};
  const measured = async (name: string, act: () => Promise<void>) => {
    found[name] = [...(found[name] ?? []), ...(await during(page, act))];
  };
  for (let round = 0; round < rounds; round++) {
    await goTo(page, 1);
    await measured("type into the filter of clusters", () => type(page, `cluster-${round}`));
    await goTo(page, 0);
    await measured("toggle the theme over the fleet", () => toggleTheme(page));
    await goTo(page, 2);
    await measured("open and close the drawer of an alert", () => openDrawer(page));
    await goTo(page, 7);
    await measured("switch the tab of operations", () => switchTabs(page));
  }
  found["raw"] = await bare(stage, rounds);
  await page.context().close();
  return found;
}

async function goTo(page: Page, place: number): Promise<void> {
  const { title } = PLACES[place]!;
  await linkTo(page, title).click();
  await page.evaluate((wanted) => meter.shown(wanted), PLACES[place]!);
  await pause(500);
}

/** Milliseconds of each interaction that `act` is made of. */
async function during(page: Page, act: () => Promise<void>): Promise<number[]> {
  const before = await page.evaluate(() => {
    meter.slow.clear();
    return (performance as unknown as { interactionCount: number }).interactionCount;
  });
  await act();
  // The browser tells of an event up to a second later.
  await pause(1_000);
  const [count, slow] = await page.evaluate(() => [
    (performance as unknown as { interactionCount: number }).interactionCount,
    [...meter.slow.values()],
  ] as const);
  const untold = Math.max(0, count - before - slow.length);
  return [...slow, ...Array.from({ length: untold }, () => UNTOLD_MS)];
}

async function type(page: Page, words: string): Promise<void> {
  const filter = page.getByRole("searchbox").or(page.locator("main input[type=text]")).first();
  await filter.click();
  await page.keyboard.type(words, { delay: 90 });
  await filter.fill("");
}

async function toggleTheme(page: Page): Promise<void> {
  for (const theme of ["Dark", "Light"]) {
    await page.getByRole("button", { name: /theme/i }).click();
    await page.getByRole("menuitem", { name: theme, exact: true }).click();
    await pause(200);
  }
}

async function openDrawer(page: Page): Promise<void> {
  const rows = page.locator("main").getByRole("row");
  for (const row of [1, 3, 2]) {
    await rows.nth(row).click();
    await page.getByRole("complementary").getByRole("heading", { level: 2 }).waitFor();
    await pause(200);
  }
  await page.keyboard.press("Escape");
}

async function switchTabs(page: Page): Promise<void> {
  const tabs = page.locator("main").getByRole("tab");
  for (let tab = Math.min(5, await tabs.count()) - 1; tab >= 0; tab--) {
    await tabs.nth(tab).click();
    await pause(200);
  }
}

async function bare(stage: Stage, rounds: number): Promise<number[]> {
  const page = await stage.bare("<label>Filter <input type=text></label><main></main>");
  const found = await during(page, async () => {
    for (let round = 0; round < rounds; round++) {
      await page.getByLabel("Filter").click();
      await page.keyboard.type("cluster-7", { delay: 90 });
    }
  });
  await page.context().close();
  return found;
}
