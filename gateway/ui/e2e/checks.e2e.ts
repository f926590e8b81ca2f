/** The checks of pages find what they are there for. */

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { launch, signIn, Window } from "./browser.ts";
import { failures, violations, wider } from "./checks.ts";
import { demoHub } from "./hub.ts";

const hub = demoHub();
let browser: Browser;
let window: Window;
beforeAll(async () => {
  browser = await launch();
});
beforeEach(async () => {
  window = await Window.open(browser, hub, { session: await signIn(browser, hub), width: 390 });
  await window.goTo("/settings");
});
afterEach(() => window.close());
afterAll(() => browser.close());

test("a page as it is has nothing that they find", async () => {
  expect(await failures(window.page)).toEqual([]);
  expect(await wider(window.page)).toEqual([]);
  expect(await violations(window.page, "light")).toEqual([]);
  expect(window.problems).toEqual([]);
});

test("what is too wide, without a name or without contrast", async () => {
  await window.page.evaluate(() => {
    const wide = document.createElement("div");
    wide.style.width = "2000px";
    const nameless = document.createElement("input");
    const faint = document.createElement("p");
    faint.style.color = "#eeeeee";
    faint.textContent = "This page has failed";
    document.querySelector("main")!.prepend(faint, nameless, wide);
  });
  expect(await wider(window.page)).not.toEqual([]);
  expect(await failures(window.page)).toEqual(["This page has failed"]);
  expect((await violations(window.page, "light")).join()).toMatch(/label: .*color-contrast: |color-contrast: .*label: /);
  expect((await violations(window.page, "dark")).join()).toMatch(/^color-contrast: /);
});

test("errors, styles that the policy refuses, and requests to others", async () => {
  const { page, problems } = window;
  await page.evaluate(() => {
    setTimeout(() => {
      throw new Error("thrown");
    });
    // oxlint-disable-next-line no-console -- this is what shall be found
    console.error("told");
    document.querySelector("main")!.insertAdjacentHTML("beforeend", "<style>p { color: red }</style>");
  });
  await expect.poll(() => problems.join()).toMatch(/thrown/);
  await expect.poll(() => problems.join()).toMatch(/told/);
  await expect.poll(() => problems.join()).toMatch(/the policy refuses style-src-elem/);
  await page.goto("about:blank");
  await page.evaluate(() => fetch("http://elsewhere.example/").catch(() => {}));
  expect(problems).toContain("a request to another host: http://elsewhere.example/");
});
