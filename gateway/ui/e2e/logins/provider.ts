/** The OpenID provider that people log in at. */

import type { Browser, Page } from "playwright-core";

import { hubOf } from "../hub.ts";
import { Visit } from "./visit.ts";

export const BUTTON = "Log in with your organisation";

const hub = hubOf("oidc");

/** Somebody in a browser of their own, whom neither the hub nor the provider knows yet. */
export const visit = (browser: Browser): Promise<Visit> => Visit.of(browser, hub, { through: hub.provider });

/** The provider's two forms: who one is, and that one agrees. It takes any password. */
export async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
