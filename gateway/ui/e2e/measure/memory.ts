/** What the heap of a page holds that stays open while much happens. */

import { pause, say, type Stage } from "./stage.ts";

const PAGES = ["/", "/alerts"];

/** Samples over some minutes, in MB; the first half minute, in which caches fill, does not count. */
export async function memory(stage: Stage, minutes: number): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  const opened = await Promise.all(
    PAGES.map(async (path) => {
      const page = await stage.page(path);
      return { path, page, debugging: await page.context().newCDPSession(page) };
    }),
  );
  const every = Math.max(5_000, (minutes * 60_000) / 60);
  await pause(30_000);
  const until = Date.now() + minutes * 60_000;
  while (Date.now() < until) {
    for (const { path, debugging } of opened) {
      await debugging.send("HeapProfiler.collectGarbage");
      await debugging.send("HeapProfiler.collectGarbage");
      const { usedSize } = await debugging.send("Runtime.getHeapUsage");
      (found[path] ??= []).push(usedSize / 1e6);
    }
    say(PAGES.map((path) => `${path} ${found[path]!.at(-1)!.toFixed(1)} MB`).join(", "));
    await pause(every);
  }
  for (const { page } of opened) await page.context().close();
  return found;
}
