/** Where nobody has to log in, the hub says so and does everything. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch } from "../browser.ts";
import { hubOf } from "../hub.ts";
import { Visit } from "./visit.ts";

const NAME = "open-to-all-1";

const hub = hubOf("none");
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("nobody is asked who they are, and anybody may do everything", async () => {
  const one = await Visit.of(browser, hub, { tolerates: [] });
  const { page } = one;
  await page.goto("/login");
  await page.getByRole("button", { name: "Nobody logs in here" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/");

  await page.goto("/clusters/add?way=form");
  await page.getByLabel("Name", { exact: false }).first().fill(NAME);
  await page.getByLabel(/API server URL/).fill(`https://api.${NAME}.example.com:6443`);
  await page.getByRole("checkbox", { name: /give credentials now/i }).uncheck();
  await page.getByRole("button", { name: "Register the cluster" }).click();
  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();

  await one.window.goTo("/alerts");
  await hub.post(await hub.cluster(NAME), [{ name: "KubeNodeNotReady", startsAt: new Date() }]);
  await page.getByRole("row").filter({ hasText: "KubeNodeNotReady" }).waitFor();

  await one.window.goTo("/settings");
  await page.getByText("Anybody: nobody logs in here, and whoever reaches this address may do the same").waitFor();
  await page.getByText("The hub knows you without a login: there is none to end.").waitFor();
  await page.getByText("Nobody logs in here", { exact: true }).waitFor();
  await one.pictures("login-none");
  await page.getByRole("button", { name: "Nobody logs in here" }).click();
  await page.getByRole("menuitem", { name: "Settings" }).waitFor();
  expect(await page.getByRole("menuitem", { name: /log out/i }).count()).toBe(0);
  await one.window.picture("login-none-menu");
  expect(await one.cookies()).toEqual([]);
  await one.end();
});
