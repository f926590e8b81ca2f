/** From the address to the content, with empty caches; raw: the smallest file of the same hub. */

import { scriptsOf } from "./scripts.ts";
import { PLACES, type Place, type Stage } from "./stage.ts";

export async function firstLoad(stage: Stage, rounds: number): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  const put = (name: string, value: number) => (found[name] ??= []).push(value);
  for (let round = 0; round < rounds; round++) {
    put("raw", await bare(stage));
    for (const path of ["/", "/alerts"]) {
      put(path, await once(stage, PLACES.find((place) => place.path === path)!));
    }
  }
  found["scripts"] = [await scripts(stage)];
  return found;
}

async function once(stage: Stage, place: Place): Promise<number> {
  const context = await stage.context();
  const page = await context.newPage();
  await page.goto(place.path, { waitUntil: "commit" });
  const shown = await page.evaluate((wanted) => meter.shown(wanted), place);
  await context.close();
  return shown;
}

async function bare(stage: Stage): Promise<number> {
  const context = await stage.context();
  const page = await context.newPage();
  await page.goto("/ui/icon.svg", { waitUntil: "commit" });
  const shown = await page.evaluate(() => meter.painted());
  await context.close();
  return shown;
}

/** Bytes of JavaScript, as gzip, that come before the content of the first page. */
async function scripts(stage: Stage): Promise<number> {
  const context = await stage.context();
  const page = await context.newPage();
  const sizes = await scriptsOf(page, PLACES[0]!);
  await context.close();
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
