/** Who comes from an OpenID provider in a way that leads nowhere. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch } from "../browser.ts";
import { BUTTON, fillIn, visit } from "./provider.ts";

const NOT_BEGUN = /was not begun in this browser, or is too old/;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a way back from the provider leads in once, and in one browser", async () => {
  const one = await visit(browser);
  await one.page.goto("/events");
  await one.leave(BUTTON);
  await fillIn(one.page, "carol");
  await one.isAt("Events", "carol");
  const taken = one.callback;
  await one.page.goto(taken);
  await one.page.getByText(NOT_BEGUN).waitFor();
  const stranger = await visit(browser);
  await stranger.page.goto(taken);
  await stranger.page.getByText(NOT_BEGUN).waitFor();
  expect(await stranger.cookies()).toEqual([]);
  // Whoever was in stays in.
  await one.page.goto("/events");
  await one.isAt("Events", "carol");
  await one.end();
  await stranger.end();
});

test("who was given nothing is told why, and can leave", async () => {
  const one = await visit(browser);
  const { page } = one;
  await page.goto("/alerts");
  await one.leave(BUTTON);
  await fillIn(page, "bob");
  await page.getByRole("heading", { name: "There is nothing that you may see" }).waitFor();
  await page.getByText(/You are logged in as bob/).waitFor();
  await one.keepsSession();
  await one.look("login-no-role");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await one.end();
});
