/** An address is all that another person needs to see the same. */

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "../browser.ts";
import { demoHub, type ListedAlert } from "../hub.ts";

const hub = demoHub();
let browser: Browser;
let session: Session;
let critical: ListedAlert;

beforeAll(async () => {
  browser = await launch();
  session = await signIn(browser, hub);
  const cluster = await hub.cluster("spoke-2");
  const startsAt = new Date();
  await hub.post(cluster, [
    { name: "LinkedCritical", startsAt },
    { name: "LinkedWarning", severity: "warning", startsAt },
  ]);
  critical = await hub.alert(cluster, "LinkedCritical");
});
afterAll(() => browser.close());

test("filters, drawer and instant are in the address; Back and Forward go through them", async () => {
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  const rows = (name: string) => page.getByRole("row").filter({ hasText: name });
  const drawer = page.getByRole("complementary", { name: "Alert" });
  await window.goTo("/alerts?q=linked");
  await rows("LinkedWarning").waitFor();
  await page.evaluate((to) => history.pushState(null, "", to), "/alerts?q=linked&severity=CRITICAL");
  await page.goBack();
  await rows("LinkedWarning").waitFor();
  await page.goForward();
  await rows("LinkedWarning").waitFor({ state: "detached" });
  await rows("LinkedCritical").click();
  await drawer.getByRole("heading", { level: 2, name: "LinkedCritical" }).waitFor();
  expect(new URL(page.url()).searchParams.get("alert")).toBe(critical.id);
  await page.goBack();
  await drawer.waitFor({ state: "detached" });
  await page.goForward();
  await drawer.waitFor();
  expect(window.problems).toEqual([]);

  // Not just behind `first_seen_at`: on a busy machine it is in the log a moment later.
  const instant = new Date(Date.now() - 500).toISOString();
  const address = `${page.url()}&as_of=${encodeURIComponent(instant)}`;
  await window.close();

  const other = await Window.open(browser, hub, { session });
  await other.goTo(address);
  const past = other.page.getByRole("region", { name: "Time machine" });
  await past.getByText(/as it was/i).waitFor();
  await other.page.getByRole("complementary", { name: "Alert" }).getByText("LinkedCritical").first().waitFor();
  expect(await other.page.getByRole("row").filter({ hasText: "LinkedCritical" }).count()).toBe(1);
  expect(await other.page.getByRole("row").filter({ hasText: "LinkedWarning" }).count()).toBe(0);
  await other.picture("link-opened");
  expect(other.problems).toEqual([]);
  await other.close();
});

test("a copied link has fixed times", async () => {
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  await window.goTo("/alerts?q=linked&from=now-6h&to=now");
  await page.getByRole("button", { name: "Copy", exact: true }).first().click();
  await page.getByRole("menuitem", { name: "Link" }).click();
  const copied = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  expect(copied.searchParams.get("q")).toBe("linked");
  const [from, to] = ["from", "to"].map((end) => Date.parse(copied.searchParams.get(end)!));
  expect(to! - from!).toBe(6 * 3_600_000);
  expect(Math.abs(Date.now() - to!)).toBeLessThan(120_000);
  expect(window.problems).toEqual([]);
  await window.close();
});
