/** From a click in the navigation to the content of the page; raw: from a click to the next frame. */

import type { Page } from "playwright-core";

import { linkTo } from "../browser.ts";
import { PLACES, type Place, type Stage } from "./stage.ts";

export async function routes(stage: Stage, rounds: number): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  const page = await stage.page("/");
  await page.evaluate((wanted) => meter.shown(wanted), PLACES[0]!);
  for (let round = 0; round <= rounds; round++) {
    for (const place of [...PLACES.slice(1), PLACES[0]!]) {
      const name = round === 0 ? `first ${place.path}` : place.path;
      (found[name] ??= []).push(await go(page, place));
    }
  }
  found["raw"] = await bare(stage, rounds * 5);
  await page.context().close();
  return found;
}

async function go(page: Page, place: Place): Promise<number> {
  const took = page.evaluate(
    (wanted) =>
      new Promise<number>((done) => {
        const clicked = async ({ timeStamp }: Event) => done((await meter.shown(wanted)) - timeStamp);
        addEventListener("click", (event) => void clicked(event), { once: true, capture: true });
      }),
    place,
  );
  await linkTo(page, place.title).click();
  return took;
}

async function bare(stage: Stage, times: number): Promise<number[]> {
  const page = await stage.bare("<button>Go</button><p>0</p>");
  const found: number[] = [];
  for (let time = 0; time < times; time++) {
    const took = page.evaluate(
      () =>
        new Promise<number>((done) => {
          const clicked = async ({ timeStamp }: Event) => {
            document.querySelector("p")!.textContent += "0";
            done((await meter.painted()) - timeStamp);
          };
          addEventListener("click", (event) => void clicked(event), { once: true });
        }),
    );
    await page.getByRole("button").click();
    found.push(await took);
  }
  await page.context().close();
  return found;
}
