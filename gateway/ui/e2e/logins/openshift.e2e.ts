/** People log in at the OAuth server of a simulated OpenShift, which also says what they may do. */

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch } from "../browser.ts";
import { hubOf } from "../hub.ts";
import { Visit } from "./visit.ts";

const BUTTON = "Log in with OpenShift";

const hub = hubOf("openshift");
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const visit = () => Visit.of(browser, hub, { through: hub.provider });

async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Password").fill(name);
  await page.getByRole("button", { name: "Log in" }).click();
}

test("whom OpenShift lets do everything is an administrator here, without any binding", async () => {
  const one = await visit();
  const { page } = one;
  await page.goto("/events?search=edge");
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await one.pictures("login-openshift");
  await one.leave(BUTTON);
  await fillIn(page, "ada");
  await one.isAt("Events", "ada");
  expect(await one.standing()).toBe("ada Admin of all clusters");
  await one.logOut("Log out");
  await page.getByRole("button", { name: BUTTON }).waitFor();
  await one.end();
});

test("who breaks the login off is told so; a binding of a group counts beside OpenShift's own rules", async () => {
  const one = await visit();
  const { page } = one;
  await page.goto("/events");
  await one.leave(BUTTON);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Logging in has failed").waitFor();
  await one.leave(BUTTON);
  await fillIn(page, "bob");
  await one.isAt("Events", "bob");
  // By OpenShift a viewer, by a binding an operator.
  expect(await one.standing()).toBe("bob Operator of all clusters");
  await one.end();
});
