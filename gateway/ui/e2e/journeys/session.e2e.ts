/** Somebody leaves, is sent away, and comes back to where they were. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, linkTo, signIn, Window } from "../browser.ts";
import { demoHub } from "../hub.ts";

const NOBODY = [/status of 401/, /WebSocket/];

const hub = demoHub();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function logIn(page: Page): Promise<void> {
  await page.getByLabel(/code/i).first().fill(await hub.code());
  await page.getByRole("button", { name: "Log in" }).click();
}

test("who has no session logs in first, and is then where they wanted to be", async () => {
  const window = await Window.open(browser, hub, { tolerates: NOBODY });
  const { page } = window;
  await page.goto("/clusters?name=edge");
  await page.getByRole("button", { name: "Log in" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/login");
  await page.getByLabel(/code/i).first().fill("not-a-code");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText(/does not count/i).waitFor();
  await window.picture("login-refused");
  await logIn(page);
  await page.getByRole("heading", { level: 1, name: "Clusters" }).waitFor();
  expect(new URL(page.url()).search).toContain("name=edge");
  expect(window.problems).toEqual([]);
  await window.close();
});

test("who logs out is out, in every window", async () => {
  const session = await signIn(browser, hub);
  const window = await Window.open(browser, hub, { session, tolerates: NOBODY });
  const { page } = window;
  await window.goTo("/settings");
  await page.getByRole("button", { name: /logged in as/i }).click();
  await page.getByRole("menuitem", { name: "Log out", exact: true }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor();
  const other = await Window.open(browser, hub, { session, tolerates: NOBODY });
  await other.page.goto("/settings");
  await other.page.getByRole("button", { name: "Log in" }).waitFor();
  expect([...window.problems, ...other.problems]).toEqual([]);
  await window.close();
  await other.close();
});

test("a session that ends under one's hands costs a login, and no place", async () => {
  const session = await signIn(browser, hub);
  const window = await Window.open(browser, hub, { session, tolerates: NOBODY });
  const { page } = window;
  await window.goTo("/alerts?severity=CRITICAL");
  const { name, value } = session.cookies[0]!;
  await fetch(`${hub.address}/auth/logout`, { method: "POST", headers: { cookie: `${name}=${value}`, origin: hub.address } });
  // The window may hear of it before the click.
  const left = await linkTo(page, "Events")
    .click({ timeout: 3_000 })
    .then(
      () => "Events",
      () => "Alerts",
    );
  await page.getByRole("button", { name: "Log in" }).waitFor();
  await logIn(page);
  await page.getByRole("heading", { level: 1, name: left }).waitFor();
  await window.settled();
  expect(window.problems).toEqual([]);
  await window.close();
});
