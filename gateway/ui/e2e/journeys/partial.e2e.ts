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
  const notice = page.getByText(/11 of 12 clusters answered/).first();
  await notice.waitFor({ timeout: 40_000 });
  await page.getByRole("button", { name: /which, and why/i }).first().click();
  await page.getByText(SILENT).first().waitFor();
  await window.picture("partial-metrics");
  await hub.fault(SILENT, "prometheus", "none");
  await page.getByRole("button", { name: "Ask again" }).first().click();
  await notice.waitFor({ state: "detached", timeout: 40_000 });
  expect(window.problems).toEqual([]);
  await window.close();
});
