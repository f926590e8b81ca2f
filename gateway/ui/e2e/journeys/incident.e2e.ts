/** From what is wrong to why, to a report: somebody who has never seen the hub follows only what the screen says. */

import { stat } from "node:fs/promises";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "../browser.ts";
import { demoHub } from "../hub.ts";

/** What the simulated fleet begins with: a new version of one part of its shop. */
const CULPRIT = "shop/billing";
/** Until the rollout has begun, its alerts have fired, and its cause was looked for. */
const UNTIL_THERE = { timeout: 300_000, interval: 2_000 };
const FIVE_MINUTES = 300_000;

const hub = demoHub();
let browser: Browser;
let session: Session;

beforeAll(async () => {
  browser = await launch();
  session = await signIn(browser, hub);
});
afterAll(() => browser.close());

interface Listed {
  items: { id: string; cause: { told: { entity: { place: string } | null } | null } | null }[];
}

/** The incident of the rollout, once its cause is known. */
async function explained(): Promise<string | undefined> {
  const { items } = await hub.call<Listed>("GET", "/api/v1/incidents?include=CAUSE&page_size=100&state=OPEN&state=ACKNOWLEDGED&state=RESOLVED");
  return items.find(({ cause }) => cause?.told?.entity?.place === `workload/${CULPRIT}`)?.id;
}

/** Each step is an address that another person can open. */
const addressOf = (page: Page) => new URL(page.url());

test("an incident's cause, its time, an answer and a report are each one click away", { timeout: 2 * FIVE_MINUTES + 60_000 }, async () => {
  await expect.poll(explained, UNTIL_THERE).toBeDefined();
  const id = (await explained())!;
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  const began = Date.now();

  // What matters comes first, with why.
  await window.goTo("/");
  const stories = page.getByRole("region", { name: "What matters now" });
  const story = stories.getByRole("listitem").filter({ has: page.locator(`a[href^="/incidents/${id}"]`) });
  if ((await story.count()) === 0) await window.goTo("/incidents?state=OPEN&state=RESOLVED");
  else await story.first().getByText(CULPRIT).first().waitFor();
  await window.picture("incident-1-home");
  await page.locator(`a[href^="/incidents/${id}"]`).first().click();

  // Why: with what says so.
  await page.waitForURL(`**/incidents/${id}*`);
  const cause = page.getByRole("region", { name: "What is behind it" });
  await cause.getByText(CULPRIT).first().waitFor();
  await window.settled();
  await window.picture("incident-2-cause");

  // What was next to it.
  await page.locator("[data-near]").first().click();
  const around = page.getByRole("complementary", { name: /^Around/ });
  await around.waitFor();
  expect(addressOf(page).searchParams.get("near")).not.toBeNull();
  await window.picture("incident-3-around");
  await page.keyboard.press("Escape");
  await around.waitFor({ state: "detached" });

  // How it went.
  const slider = page.getByRole("slider", { name: /^Instant of the incident/ });
  await slider.focus();
  await page.keyboard.press("PageDown");
  await page.getByRole("region", { name: "Time machine" }).waitFor();
  expect(addressOf(page).searchParams.get("as_of")).not.toBeNull();
  await window.settled();
  await window.picture("incident-4-replay");
  await page.keyboard.press("End");
  await page.getByRole("region", { name: "Time machine" }).waitFor({ state: "detached" });

  // An answer in words.
  await page.getByRole("link", { name: "Ask about this" }).click();
  await page.getByRole("textbox", { name: "Your question" }).waitFor();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  const answer = page.getByRole("article", { name: "Answer" });
  await answer.getByText(/billing/).first().waitFor({ timeout: 60_000 });
  const from = answer.getByRole("navigation", { name: "From here" });
  await from.waitFor({ timeout: 60_000 });
  await window.picture("incident-5-answer");

  // And a report for those who were not there.
  await from.getByRole("link", { name: "Report on it" }).click();
  const form = page.getByRole("complementary", { name: "New report" });
  await form.getByRole("button", { name: "Make it" }).click();
  await page.waitForURL(/\/reports\/[\da-f-]{36}/);
  const link = page.getByRole("link", { name: "Download", exact: true });
  await link.waitFor({ timeout: 90_000 });
  await window.picture("incident-6-report");
  const coming = page.waitForEvent("download");
  await link.click();
  const file = await (await coming).path();
  expect((await stat(file)).size).toBeGreaterThan(5_000);

  expect(Date.now() - began).toBeLessThan(FIVE_MINUTES);
  expect(window.problems).toEqual([]);
  await window.close();
});
