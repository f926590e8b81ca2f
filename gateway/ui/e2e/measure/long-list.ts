/** A list of very many alerts: how soon it is there, and how smoothly it goes by. */

import type { Page } from "playwright-core";

import { linkTo } from "../browser.ts";
import { pause, PLACES, type Stage } from "./stage.ts";

const ALERTS = PLACES[2]!;
const ROW = 44;
const ROWS_A_SECOND = 110;

export async function longList(stage: Stage, rounds: number, seconds: number): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = { opens: [] };
  for (let round = 0; round < rounds; round++) {
    const page = await stage.page("/settings");
    await page.evaluate((wanted) => meter.shown(wanted), PLACES[8]!);
    found["opens"]!.push(await opens(page));
    await page.context().close();
  }
  const page = await stage.page(ALERTS.path);
  await page.evaluate((wanted) => meter.shown(wanted), ALERTS);
  found["frames"] = await scroll(page, seconds);
  found["passed"] = [await page.evaluate(passed)];
  await page.context().close();
  const rows = Array.from({ length: 20_000 }, (_, row) => `<div style="height:${ROW}px">Row ${row}</div>`);
  const bare = await stage.bare(`<main style="height:800px;overflow:auto">${rows.join("")}</main>`);
  found["raw"] = await scroll(bare, seconds);
  await bare.context().close();
  return found;
}

async function opens(page: Page): Promise<number> {
  const took = page.evaluate(
    (wanted) =>
      new Promise<number>((done) => {
        const clicked = async ({ timeStamp }: Event) => done((await meter.shown(wanted)) - timeStamp);
        addEventListener("click", (event) => void clicked(event), { once: true, capture: true });
      }),
    ALERTS,
  );
  await linkTo(page, "Alerts").click();
  return took;
}

/**
 * Milliseconds between frames while the wheel turns evenly. Turned by single events, each awaited, it
 * falls in step with the frames: a third of them came late or none, by a style sheet that styles nothing.
 */
async function scroll(page: Page, seconds: number): Promise<number[]> {
  await page.mouse.move(700, 600);
  await pause(500);
  const debugging = await page.context().newCDPSession(page);
  await page.evaluate(() => meter.watchFrames(true));
  await debugging.send("Input.synthesizeScrollGesture", {
    x: 700,
    y: 600,
    yDistance: -seconds * ROWS_A_SECOND * ROW,
    speed: ROWS_A_SECOND * ROW,
    gestureSourceType: "mouse",
    preventFling: true,
  });
  const times = await page.evaluate(() => {
    const { frames } = meter;
    meter.watchFrames(false);
    return frames;
  });
  return times.slice(1).map((time, frame) => time - times[frame]!);
}

/** How many rows lie above what is in view now; 0 where nothing is in view. */
function passed(): number {
  const row = document.elementFromPoint(700, 600)?.closest("[role=row]");
  return Number(row?.getAttribute("aria-rowindex") ?? 0);
}
