/** Somebody who has never seen the hub, and follows only what the screen says. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, linkTo, Window } from "../browser.ts";
import { emptyHub } from "../hub.ts";

const NAME = "edge-berlin-1";
const ALERT = "KubeNodeNotReady";

const hub = emptyHub();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("registers a cluster, sees an alert fire and end, and finds how it was", { timeout: 120_000 }, async () => {
  const window = await Window.open(browser, hub, { tolerates: [/status of 401/] });
  const { page } = window;

  await page.goto(`/login#code=${await hub.code()}`);
  await page.getByRole("heading", { level: 1, name: /welcome/i }).waitFor();
  expect(page.url()).not.toContain("code");
  await window.picture("journey-1-first-run");
  const command = page.getByRole("textbox", { name: "Command for the token" });
  const token = (await command.count()) > 0 ? await command.inputValue() : await page.getByText(/aiops token create/).first().innerText();

  await page.getByRole("main").getByRole("link", { name: "Add a cluster" }).first().click();
  await register(page);
  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  await window.picture("journey-2-registered");

  // What the first page said to run on the hub's machine.
  const words = token.trim().split(/\s+/).slice(1);
  const secret = await hub.aiops(...words.slice(0, words.indexOf(">")).map((word) => (word === "NAME" ? NAME : word)));

  await goTo(page, "Fleet");
  await page.getByText(/1 cluster/i).first().waitFor();
  await goTo(page, "Alerts");
  await page.getByText(/nothing (fires|is firing)/i).first().waitFor();
  const loadedAt = await page.evaluate(() => performance.timeOrigin);
  const startsAt = new Date();
  const cluster = await hub.cluster(NAME);
  await hub.post(cluster, [{ name: ALERT, startsAt }], secret);
  const row = page.getByRole("row").filter({ hasText: ALERT });
  await row.waitFor();
  await window.picture("journey-3-firing");

  await hub.post(cluster, [{ name: ALERT, startsAt, endsAt: new Date() }], secret);
  await expect.poll(async () => (await row.count()) === 0 || /resolved/i.test(await row.innerText()), { timeout: 5_000 }).toBe(true);
  await page.getByRole("tab", { name: "History" }).click();
  await row.waitFor();
  expect(await page.evaluate(() => performance.timeOrigin), "the page was never loaded anew").toBe(loadedAt);
  await window.picture("journey-4-resolved");

  await page.getByRole("tab", { name: "Open" }).click();
  await page.getByRole("button", { name: /go to a past instant/i }).click();
  await page.getByRole("button", { name: /just before the latest change/i }).click();
  const banner = page.getByRole("region", { name: "Time machine" });
  await banner.getByText(/as it was/i).waitFor();
  await row.filter({ hasText: /firing/i }).waitFor();
  expect(new URL(page.url()).searchParams.get("as_of")).not.toBeNull();
  await window.picture("journey-5-past");

  await banner.getByRole("button", { name: "Back to live" }).click();
  await banner.waitFor({ state: "detached" });
  await page.getByText(/nothing (fires|is firing)/i).first().waitFor();
  expect(window.problems).toEqual([]);
  await window.close();
});

async function register(page: Page): Promise<void> {
  await page.getByRole("tab", { name: "By hand" }).click();
  await page.getByLabel("Name", { exact: false }).first().fill(NAME);
  await page.getByLabel(/API server URL/).fill(`https://api.${NAME}.example.com:6443`);
  await page.getByRole("checkbox", { name: /give credentials now/i }).uncheck();
  await page.getByRole("button", { name: "Register the cluster" }).click();
}

async function goTo(page: Page, title: string): Promise<void> {
  await linkTo(page, title).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}
