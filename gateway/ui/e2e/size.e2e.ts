/** What the first page loads before it shows anything stays small. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "./browser.ts";
import { demoHub } from "./hub.ts";
import { scriptsOf } from "./measure/scripts.ts";
import { install, PLACES } from "./measure/stage.ts";

const MOST_KB = 260;
/** Their charts and editors are large, and theirs alone. */
const HEAVY = /^\/observability/;

const hub = demoHub();
let browser: Browser;
let session: Session;
beforeAll(async () => {
  browser = await launch();
  session = await signIn(browser, hub);
});
afterAll(() => browser.close());

test.each(PLACES.filter(({ path }) => !HEAVY.test(path)))("the scripts of $path are small", async (place) => {
  const window = await Window.open(browser, hub, { session });
  await window.context.addInitScript(install);
  const sizes = await scriptsOf(window.page, place);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(total, JSON.stringify(Object.fromEntries(sizes), null, 1)).toBeLessThanOrEqual(MOST_KB * 1024);
  await window.close();
});
