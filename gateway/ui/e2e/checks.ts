/** What must not be on any page. */

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

import type { Theme } from "./browser.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
/** An experiment of axe: "edge-1: online, score 100" does not contain "edge-1 100". */
const UNSURE = ["label-content-name-mismatch"];

/** What the page says it could not do. */
export const failures = (page: Page) =>
  page.getByText(/could not be loaded|this page has failed|does not answer/i).allTextContents();

/** What makes the document wider than the window. */
export const wider = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, document.body, document.querySelector("main")]
      .filter((each) => each !== null && each.scrollWidth > each.clientWidth)
      .map((each) => `${each!.tagName}: ${each!.scrollWidth} in ${each!.clientWidth} px`),
  );

/** What shuts somebody out, with where it is. */
export async function violations(page: Page, theme: Theme): Promise<string[]> {
  // Colours can be told of what is in view alone.
  const before = page.viewportSize()!;
  await page.setViewportSize({ ...before, height: 2_000 });
  const axe = new AxeBuilder({ page });
  // Another theme is other colours, and nothing else.
  const chosen = theme === "light" ? axe.withTags(RULES).disableRules(UNSURE) : axe.withRules("color-contrast");
  const { violations } = await chosen.analyze();
  await page.setViewportSize(before);
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ target, html }) => `${target.join(" ")} (${html.slice(0, 120)})`);
    return `${id}: ${help}: ${nodes.length}×, ${where.join("; ")}`;
  });
}
