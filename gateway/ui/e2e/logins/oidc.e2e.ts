/** People log in at an OpenID provider: its own pages, filled in by hand. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch } from "../browser.ts";
import { BUTTON, fillIn, visit } from "./provider.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const pages = (page: Page) => page.getByRole("navigation", { name: "Pages" });
const adding = (page: Page) => page.getByRole("link", { name: "Add a cluster" });

test("who logs in is where they wanted to be, by their own name; out everywhere is out in every browser", async () => {
  const one = await visit(browser);
  const { page } = one;
  await page.goto("/clusters?name=edge");
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await one.look("login-oidc");
  await one.leave(BUTTON);
  expect(await one.cookies()).toMatchObject([
    { name: "aiops_login", path: "/auth/callback", httpOnly: true, sameSite: "Lax" },
  ]);
  await fillIn(page, "ada");
  await one.isAt("Clusters", "ada");
  expect(new URL(page.url()).search).toContain("name=edge");
  expect(await one.standing()).toBe("ada Admin of all clusters");
  await adding(page).first().waitFor();
  await pages(page).getByRole("link", { name: "Audit" }).waitFor();

  const other = await visit(browser);
  await other.page.goto("/events");
  await other.leave(BUTTON);
  await fillIn(other.page, "ada");
  await other.isAt("Events", "ada");
  await one.logOut("Log out everywhere");
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await other.page.getByRole("button", { name: BUTTON }).waitFor();
  for (const each of [one, other]) {
    await each.page.goto("/events");
    await each.page.getByRole("button", { name: BUTTON }).waitFor();
    await each.end();
  }
});

test("who breaks the login off is told so and may try again; a viewer is offered what viewers may do", async () => {
  const one = await visit(browser);
  const { page } = one;
  await page.goto("/clusters");
  await one.leave(BUTTON);
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByText(/did not log you in/).waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await one.look("login-refused");
  await one.leave(BUTTON);
  await fillIn(page, "carol");
  await one.isAt("Clusters", "carol");
  expect(await one.standing()).toBe("carol Viewer of all clusters");
  expect(await adding(page).count()).toBe(0);
  expect(await pages(page).getByRole("link", { name: /Audit|Operations/ }).count()).toBe(0);
  await page.goto("/operations");
  await page.getByText("You may not see this").waitFor();
  await one.logOut("Log out");
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await one.end();
});
