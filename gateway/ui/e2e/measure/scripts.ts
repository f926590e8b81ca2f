/** What a page loads before it shows its content. */

import type { Page } from "playwright-core";

import type { Place } from "./stage.ts";

/** Loads a place; each script that was asked for before its content was there, with its size as gzip. */
export async function scriptsOf(page: Page, place: Place): Promise<Map<string, number>> {
  // What is loaded when there is nothing else to do is nothing that one waits for.
  await page.addInitScript(() => {
    globalThis.requestIdleCallback = () => 0;
  });
  await page.goto(place.path, { waitUntil: "commit" });
  const urls = await page.evaluate(async (wanted) => {
    const shown = await meter.shown(wanted);
    const loaded = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return loaded
      .filter(({ name, startTime }) => new URL(name).pathname.endsWith(".js") && startTime < shown)
      .map(({ name }) => name);
  }, place);
  const sizes = urls.map(async (url) => [new URL(url).pathname, await gzipped(url)] as const);
  return new Map(await Promise.all(sizes));
}

async function gzipped(url: string): Promise<number> {
  const answer = await fetch(url, { headers: { "accept-encoding": "gzip" } });
  await answer.body?.cancel();
  return Number(answer.headers.get("content-length"));
}
