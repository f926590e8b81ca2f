/** The line to the hub is cut, and mended: nothing is missing, nothing comes twice. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window } from "../browser.ts";
import { demoHub } from "../hub.ts";
import { CuttableLine } from "../proxy.ts";

const BROKEN = [/WebSocket connection/, /ERR_/];

const hub = demoHub();
let browser: Browser;
let line: CuttableLine;

beforeAll(async () => {
  browser = await launch();
  line = await CuttableLine.to(hub.address);
});
afterAll(async () => {
  await browser.close();
  await line.close();
});

test.each(["/events", "/alerts"])("over %s", async (path) => {
  const session = await signIn(browser, hub);
  const window = await Window.open(browser, hub, { base: line.address, session, tolerates: BROKEN });
  const { page } = window;
  const cluster = await hub.cluster("edge-3");
  const run = `Cut${path.slice(1)}${Date.now()}`;
  const fire = (name: string) => hub.post(cluster, [{ name: `${run}${name}`, startsAt: new Date() }]);
  const rows = (name: string) => page.getByRole("row").filter({ hasText: `${run}${name}` });
  const notice = page.getByText("The live connection is lost");

  // What happens elsewhere does not push it out of the window.
  await window.goTo(`${path}?cluster_id=${cluster}`);
  await fire("Before");
  await rows("Before").waitFor();

  line.cut();
  for (const name of ["One", "Two", "Three"]) await fire(name);
  await notice.waitFor();
  expect(await rows("One").count()).toBe(0);
  await window.picture(`connection-lost${path.replace("/", "-")}`);

  line.mend();
  // By itself it would, too, but after up to half a minute; the browser tells that the network is back.
  const isBack = async () => {
    await page.evaluate(() => dispatchEvent(new Event("online")));
    return (await notice.count()) === 0;
  };
  await expect.poll(isBack, { timeout: 30_000, interval: 500 }).toBe(true);
  for (const name of ["One", "Two", "Three"]) await rows(name).first().waitFor();
  await fire("After");
  await rows("After").waitFor();
  for (const name of ["Before", "One", "Two", "Three", "After"]) {
    expect(await rows(name).count(), name).toBe(1);
  }
  expect(window.problems).toEqual([]);
  await window.close();
});
