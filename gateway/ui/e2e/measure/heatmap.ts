/**
 * The map of 10,000 GPUs while 83 nodes a second tell of theirs: how often it changes, and how long its
 * frames take; raw: a canvas of the same size, all of whose cells are filled as often, and nothing else.
 */

import type { Page, WebSocketRoute } from "playwright-core";

import { pause, type Stage } from "./stage.ts";

const NODES = 1_250;
const GPUS = 8;
const CLUSTERS = 12;
const NODES_A_SECOND = 83;
const CELL = 8;
const INTERVAL_MS = 1_000 / NODES_A_SECOND;

interface Counted {
  /** How often the canvas was drawn upon, by second. */
  updates: number[];
  frames: number[];
}

export async function heatmap(stage: Stage, seconds: number): Promise<Record<string, number[]>> {
  const page = await (await stage.context()).newPage();
  await page.addInitScript(countDrawing);
  let socket: WebSocketRoute | undefined;
  await page.routeWebSocket(/\/ws$/, (route) => {
    route.connectToServer();
    socket = route;
  });
  await page.route(/\/api\/v1\/gpu\/map/, (route) => route.fulfill({ json: wholeMap() }));
  // Of a hub without GPUs the page would say so, and show no map.
  await page.route(/\/api\/v1\/gpu\/summary/, async (route) => {
    const told = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...told, nodes: NODES, gpus: NODES * GPUS } });
  });
  await page.goto("/gpu");
  await page.getByRole("application").waitFor();
  await pause(3_000);
  const size = await page.locator("main canvas").last().evaluate((canvas) => [canvas.clientWidth, canvas.clientHeight]);
  const telling = tell(seconds + 2, (events) => socket?.send(JSON.stringify({ type: "events", events })));
  await pause(1_000);
  const told = await counted(page, seconds);
  await telling;
  await page.context().close();

  const bare = await stage.bare(`<canvas width="${size[0]}" height="${size[1]}"></canvas>`);
  await bare.evaluate(countDrawing);
  await bare.evaluate(fillAll, [NODES * GPUS, CELL, size[0]!, seconds + 1] as const);
  const raw = await counted(bare, seconds);
  await bare.context().close();
  return { updates: told.updates, frames: told.frames, raw_updates: raw.updates, raw: raw.frames };
}

async function counted(page: Page, seconds: number): Promise<Counted> {
  await page.evaluate(() => {
    drawing.times = [];
    meter.watchFrames(true);
  });
  await pause(seconds * 1_000);
  return page.evaluate((of) => {
    const { frames } = meter;
    meter.watchFrames(false);
    const [first = 0] = drawing.times;
    const updates = Array.from({ length: of - 1 }, (_, second) =>
      drawing.times.filter((at) => at >= first + second * 1_000 && at < first + (second + 1) * 1_000).length,
    );
    return { updates, frames: frames.slice(1).map((at, frame) => at - frames[frame]!) };
  }, seconds);
}

declare global {
  // eslint-disable-next-line no-var -- the only way to say that a window has it
  var drawing: { times: number[] };
}

/** Runs in the page: notes each time at which cells were filled, however many. */
function countDrawing(): void {
  globalThis.drawing = { times: [] };
  const fill = CanvasRenderingContext2D.prototype.fillRect;
  let noted = false;
  CanvasRenderingContext2D.prototype.fillRect = function fillRect(...box) {
    fill.apply(this, box);
    if (noted) return;
    noted = true;
    drawing.times.push(performance.now());
    queueMicrotask(() => {
      noted = false;
    });
  };
}

/** Runs in the page: fills each cell 20 times a second. */
function fillAll([cells, size, width, seconds]: readonly [number, number, number, number]): void {
  const pen = document.querySelector("canvas")!.getContext("2d")!;
  const row = Math.floor(width / size);
  let round = 0;
  const timer = setInterval(() => {
    round += 1;
    for (let cell = 0; cell < cells; cell += 1) {
      pen.fillStyle = (cell + round) % 2 === 0 ? "navy" : "skyblue";
      pen.fillRect((cell % row) * size, Math.floor(cell / row) * size, size - 1, size - 1);
    }
  }, 50);
  setTimeout(() => clearInterval(timer), seconds * 1_000);
}

/** Node after node, evenly. */
async function tell(seconds: number, send: (events: object[]) => void): Promise<void> {
  const begun = performance.now();
  for (let node = 0; ; node += 1) {
    const due = begun + node * INTERVAL_MS;
    if (due > begun + seconds * 1_000) return;
    const early = due - performance.now();
    if (early > 0) await pause(early);
    send([sampled(node % NODES)]);
  }
}

const clusterId = (cluster: number) => `00000000-0000-4000-8000-${String(cluster).padStart(12, "0")}`;
const clusterOf = (node: number) => Math.floor((node * CLUSTERS) / NODES);
const nameOf = (node: number) => `gpu-${String(node).padStart(4, "0")}`;

function wholeMap(): object {
  return {
    at: new Date().toISOString(),
    clusters: Array.from({ length: CLUSTERS }, (_, at) => ({ id: clusterId(at), name: `cluster-${at}` })),
    nodes: Array.from({ length: NODES }, (_, at) => [clusterOf(at), nameOf(at), 5, false]),
    models: ["NVIDIA H100 80GB HBM3"],
    gpus: Array.from({ length: NODES * GPUS }, (_, at) => [Math.floor(at / GPUS), at % GPUS, 0, 50, 50, 50, 50, 350, 0]),
  };
}

function sampled(node: number): object {
  const now = new Date().toISOString();
  const gpus = Array.from({ length: GPUS }, (_, index) => ({
    uuid: `GPU-${node}-${index}`,
    index,
    name: "NVIDIA H100 80GB HBM3",
    utilization_gpu_percent: Math.round(Math.random() * 100),
    memory_used_mb: Math.round(Math.random() * 81_559),
    memory_total_mb: 81_559,
    temperature_celsius: 30 + Math.round(Math.random() * 50),
    power_draw_watts: 70 + Math.round(Math.random() * 600),
    power_limit_watts: 700,
    throttle_reasons: [],
    processes: [],
    mig: [],
  }));
  return {
    type: "event",
    event_id: `e-${node}-${now}`,
    event_type: "GPU_UPDATE",
    sequence: null,
    timestamp: now,
    logged_at: null,
    source: "/services/gpu",
    cluster_id: clusterId(clusterOf(node)),
    cluster_name: `cluster-${clusterOf(node)}`,
    correlation_id: "r",
    causation_id: "r",
    actor: "service:gpu",
    payload: {
      cluster_id: clusterId(clusterOf(node)),
      node_name: nameOf(node),
      source: "DCGM",
      source_reason: "measured",
      sampled_at: now,
      interval_seconds: 15,
      gpus,
    },
  };
}
