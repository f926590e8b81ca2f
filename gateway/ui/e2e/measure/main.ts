/**
 * `node e2e/measure/main.ts DIRECTORY WHAT [NUMBER…]`: measures the UI of the hub in that directory;
 * prints the samples as JSON.
 */

import { firstLoad } from "./first-load.ts";
import { heatmap } from "./heatmap.ts";
import { interactions } from "./interactions.ts";
import { longList } from "./long-list.ts";
import { memory } from "./memory.ts";
import { pixel } from "./pixel.ts";
import { routes } from "./routes.ts";
import { Stage } from "./stage.ts";

type Measure = (stage: Stage, ...numbers: number[]) => Promise<Record<string, number[]>>;

const MEASURES: Readonly<Record<string, Measure>> = {
  "first-load": (stage, rounds = 5) => firstLoad(stage, rounds),
  routes: (stage, rounds = 5) => routes(stage, rounds),
  interactions: (stage, rounds = 5) => interactions(stage, rounds),
  "long-list": (stage, rounds = 3, seconds = 10) => longList(stage, rounds, seconds),
  heatmap: (stage, seconds = 10) => heatmap(stage, seconds),
  pixel: (stage, times = 40) => pixel(stage, times),
  memory: (stage, minutes = 3) => memory(stage, minutes),
};

const [directory = "", what = "", ...numbers] = process.argv.slice(2);
const measure = MEASURES[what];
if (!measure) throw new Error(`what to measure: ${Object.keys(MEASURES).join(", ")}`);
const stage = await Stage.open(directory);
try {
  process.stdout.write(`${JSON.stringify(await measure(stage, ...numbers.map(Number)))}\n`);
} finally {
  await stage.browser.close();
}
