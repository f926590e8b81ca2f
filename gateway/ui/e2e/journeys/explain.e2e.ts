/** Why: an incident's causes as a picture and as a list, its time gone through, and a chart that tells what differs. */

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, signIn, Window, type Session } from "../browser.ts";
import { demoHub } from "../hub.ts";

const NODE = "explained-node";
/** Until what was posted is an incident: critical ones wait ten seconds for company. */
const WITHIN = { timeout: 90_000, interval: 500 };
const PATIENCE = 180_000;
const HOUR_MS = 3_600_000;

const hub = demoHub();
let browser: Browser;
let session: Session;

beforeAll(async () => {
  browser = await launch();
  session = await signIn(browser, hub);
});
afterAll(() => browser.close());

interface Listed<Item> {
  items: Item[];
}

/** A node has gone, with the pods on it. */
async function goneNode(cluster: string): Promise<void> {
  const startsAt = new Date();
  const alert = (name: string, more: Record<string, string> = {}) => ({ name, startsAt, labels: { node: NODE, namespace: "shop", ...more } });
  await hub.post(cluster, [alert("KubeNodeNotReady"), alert("KubePodNotReady", { pod: "cart-0" }), alert("KubePodNotReady", { pod: "cart-1" })]);
}

/** The incident that it belongs to now: it may have been merged into another of the cluster. */
async function incidentOf(cluster: string): Promise<string | undefined> {
  const open = await hub.call<Listed<{ id: string }>>("GET", `/api/v1/incidents?cluster_id=${cluster}&state=OPEN&page_size=100`);
  for (const { id } of open.items) {
    const { total } = await hub.call<{ total: number }>("GET", `/api/v1/incidents/${id}/signals?q=${NODE}&page_size=1`);
    if (total > 2) return id;
  }
  return undefined;
}

const iso = (at: number) => new Date(at).toISOString();

/** What the open explanation says differs, the most first. */
async function differences(page: Page): Promise<string[]> {
  const panel = page.getByRole("complementary", { name: "Explanation" });
  const rows = panel.getByRole("list", { name: "What differs, most first" }).getByRole("listitem");
  await rows.first().waitFor({ timeout: 60_000 });
  return rows.allInnerTexts();
}

/** Whether the focus is in what `selector` finds. */
const isFocused = (page: Page, selector: string) => page.evaluate((at) => document.activeElement?.matches(at) ?? false, selector);

test("an incident shows what led to what, for the keyboard as a list; its time can be gone through", { timeout: PATIENCE }, async () => {
  const cluster = await hub.cluster("spoke-3");
  await goneNode(cluster);
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  const graph = page.getByRole("region", { name: "What may have led to what" });
  // Where it joins an incident that has been explained before, the hub does not look for the cause again by itself at once.
  const looked = new Set<string>();
  const isExplained = async () => {
    const id = await incidentOf(cluster);
    if (id === undefined) return false;
    if (!looked.has(id)) {
      await hub.call("POST", "/api/v1/analysis/rca", { incident_id: id });
      await window.goTo(`/incidents/${id}`);
      looked.add(id);
    }
    return graph.getByRole("button", { name: new RegExp(NODE) }).first().isVisible();
  };
  await expect.poll(isExplained, WITHIN).toBe(true);
  await window.picture("explain-incident");

  // From the picture on, Tab leads to the list below it.
  await graph.getByRole("group", { name: /^Causes and effects/ }).focus();
  for (let presses = 0; presses < 40 && !(await isFocused(page, "summary")); presses += 1) await page.keyboard.press("Tab");
  expect(await isFocused(page, ".incidents-graph summary")).toBe(true);
  await page.keyboard.press("Enter");
  const list = graph.getByRole("list", { name: "What may have led to what" });
  await list.getByRole("listitem").filter({ hasText: NODE }).first().waitFor();
  await window.picture("explain-incident-list");

  const slider = page.getByRole("slider", { name: /^Instant of the incident/ });
  const past = page.getByRole("region", { name: "Time machine" });
  await slider.focus();
  await page.keyboard.press("PageDown");
  await past.waitFor();
  const instant = Date.parse(new URL(page.url()).searchParams.get("as_of") ?? "");
  expect(instant).toBeLessThan(Date.now());
  // The slider counts from its beginning, which is no whole millisecond.
  await expect.poll(async () => Math.abs(Number(await slider.inputValue()) - instant)).toBeLessThan(2);
  await past.getByText(/as it was/i).waitFor();
  await window.settled();
  await window.picture("explain-replay");
  await page.keyboard.press("End");
  await past.waitFor({ state: "detached" });
  expect(new URL(page.url()).searchParams.has("as_of")).toBe(false);
  expect(window.problems).toEqual([]);
  await window.close();
});

test("a chart of metrics explains its window", { timeout: PATIENCE }, async () => {
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  const end = Math.floor(Date.now() / 60_000) * 60_000;
  const start = end - HOUR_MS;
  // All its series begin in the window, whatever goes on in the fleet.
  const query = `timestamp(node_load1) > ${start / 1000 + 600}`;
  const asked = new URLSearchParams({ query, from: iso(start), to: iso(end), clusters: await hub.cluster("edge-3") });
  await window.goTo(`/observability/metrics?${asked}`);
  await page.getByRole("button", { name: "Explain this window" }).click();
  const told = await differences(page);
  expect(told.length).toBeGreaterThan(1);
  expect(told[0]).toMatch(/appeared at \d\d:\d\d/);
  await page.getByRole("button", { name: "Look at edge-3" }).waitFor();
  await window.picture("explain-metrics");
  expect(window.problems).toEqual([]);
  await window.close();
});

/** Looks for what was wrong in a cluster, and waits for the answer. */
async function lookFor(panel: Locator, cluster: string): Promise<void> {
  await panel.getByRole("button", { name: `Look at ${cluster}` }).click();
  const wrong = panel.getByRole("region", { name: "What was wrong there" });
  // As soon as it is answered there is nothing more to press.
  await wrong.getByRole("button", { name: /^Look/ }).waitFor({ state: "detached", timeout: 60_000 });
  await wrong.getByText(/[1-9]\d* %$|^Nothing was wrong/).first().waitFor();
}

interface Told {
  series: { points: [number, number | null][] }[];
}

/** Of all values that are known, in milliseconds since 1970. */
const timesOf = (series: Told["series"]): number[] =>
  series.flatMap(({ points }) => points.filter(([, value]) => value !== null).map(([at]) => at * 1_000));

/** The first sample of a node's GPUs, in milliseconds since 1970. */
async function firstSample(cluster: string, node: string): Promise<number> {
  const { series } = await hub.call<Told>("GET", `/api/v1/gpu/history?cluster_id=${cluster}&node_name=${node}&range=24h`);
  return Math.min(...timesOf(series));
}

test("a chart of GPUs explains its window, and the cause is looked for on a click", { timeout: PATIENCE }, async () => {
  const { items } = await hub.call<Listed<{ cluster_id: string; cluster_name: string; node_name: string }>>("GET", "/api/v1/gpu/nodes?page_size=1");
  const { cluster_id, cluster_name, node_name } = items[0]!;
  // Nothing is known from before it was sampled: all its values begin in this window.
  const start = (await firstSample(cluster_id, node_name)) - 60_000;
  const asked = new URLSearchParams({ open: `${cluster_id}/${node_name}`, gpu: "0", from: iso(start), to: iso(Date.now()) });
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  await window.goTo(`/gpu?${asked}`);
  const node = page.getByRole("complementary", { name: "Node with GPUs" });
  await node.getByRole("button", { name: "Explain this window" }).click();
  const told = await differences(page);
  expect(told.join("\n")).toMatch(/Temperature appeared at \d\d:\d\d:\d\d, around \d+(\.\d+)? °C/);
  const panel = page.getByRole("complementary", { name: "Explanation" });
  await panel.getByRole("region", { name: "What happened in that time" }).waitFor();
  await lookFor(panel, cluster_name);
  await window.picture("explain-gpu");
  await page.keyboard.press("Escape");
  await node.waitFor();
  expect(window.problems).toEqual([]);
  await window.close();
});

interface Clock {
  cluster_id: string;
  cluster_name: string;
  node_name: string;
  interface: string;
  process: string | null;
}

/** When the first step with an offset of a clock begins, in milliseconds since 1970. */
async function firstOffset(clock: Clock): Promise<number> {
  const of = new URLSearchParams({ cluster_id: clock.cluster_id, node_name: clock.node_name, interface: clock.interface });
  const { series } = await hub.call<Told>("GET", `/api/v1/cnf/ptp/history?${of}&range=24h&step=1m`);
  return Math.min(...timesOf(series));
}

test("a chart of a clock explains its window by the clocks of its node, and by what happened there", { timeout: PATIENCE }, async () => {
  const { items } = await hub.call<Listed<Clock>>("GET", "/api/v1/cnf/ptp/status?page_size=1");
  const clock = items[0]!;
  // Nothing is known from before it was sampled: all its values begin in this window.
  const start = (await firstOffset(clock)) - 60_000;
  const id = `${clock.cluster_id}/${clock.node_name}/${clock.interface}/${clock.process ?? ""}`;
  const asked = new URLSearchParams({ tab: "clocks", open: id, from: iso(start), to: iso(Date.now()) });
  const window = await Window.open(browser, hub, { session });
  const { page } = window;
  await window.goTo(`/cnf?${asked}`);
  const drawer = page.getByRole("complementary", { name: "Clock" });
  await drawer.getByRole("button", { name: "Explain this window" }).click();
  const told = (await differences(page)).join("\n");
  expect(told).toContain(clock.node_name);
  expect(told).toMatch(/appeared at \d\d:\d\d:\d\d, around \d+(\.\d+)? [nµm]?s/);
  const panel = page.getByRole("complementary", { name: "Explanation" });
  await panel.getByRole("region", { name: "What happened in that time" }).waitFor();
  await lookFor(panel, clock.cluster_name);
  await window.picture("explain-clock");
  await page.keyboard.press("Escape");
  await drawer.waitFor();
  expect(window.problems).toEqual([]);
  await window.close();
});
