/** A cluster does not answer: the others do, and the page says who is missing. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window } from "../browser.ts";
import { demoHub } from "../hub.ts";

const SILENT = "spoke-4";

const hub = demoHub();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
  await hub.fault(SILENT, "prometheus", "reset");
});
afterAll(async () => {
  await hub.fault(SILENT, "prometheus", "none");
  await browser.close();
});

test("metrics of all clusters but one", async () => {
  const window = await Window.open(browser, hub, { session: await signIn(browser, hub) });
  const { page } = window;
  await page.goto("/observability/metrics?query=count(up)");
  // A busy machine may keep others from answering in time.
  const notice = page.getByText(/\d+ of \d+ clusters answered/).first();
  await notice.waitFor({ timeout: 40_000 });
  await page.getByRole("button", { name: /which, and why/i }).first().click();
  await page.getByRole("group", { name: /which, and why/i }).first().getByText(SILENT).waitFor();
  await window.picture("partial-metrics");
  await hub.fault(SILENT, "prometheus", "none");
  const isWhole = async () => {
    await page.getByRole("button", { name: "Ask again" }).first().click({ timeout: 1_000 }).catch(() => undefined);
    return (await notice.count()) === 0;
  };
  await expect.poll(isWhole, { timeout: 40_000, interval: 1_000 }).toBe(true);
  expect(window.problems).toEqual([]);
  await window.close();
});
