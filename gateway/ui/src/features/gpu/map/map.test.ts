import { expect, test } from "vitest";

import { countMarks, grouped, held, sameShape, worstMark } from "@/features/gpu/map/fleet";
import { hit, layOut, moved } from "@/features/gpu/map/layout";
import { paint, type Picture } from "@/features/gpu/map/paint";
import { stepLabel, stepOf } from "@/features/gpu/map/ramp";
import { map } from "@/features/gpu/testing";
import type { GpuMap } from "@/generated/api.schemas";

/** So many nodes of eight GPUs, over some clusters. */
function fleet(nodes: number, clusters: number): GpuMap {
  return map({
    clusters: Array.from({ length: clusters }, (_, at) => ({ id: `c${at}`, name: `cluster-${at}` })),
    nodes: Array.from({ length: nodes }, (_, at) => [Math.floor((at * clusters) / nodes), `n${at}`, 5, false]),
    gpus: Array.from({ length: nodes * 8 }, (_, at) => [Math.floor(at / 8), at % 8, 0, 50, 50, 50, 50, 350, 0]),
  });
}
const laidOut = (of: GpuMap, width = 1_000) => layOut(grouped(of, undefined), of.gpus.length, width, 460);

test("GPUs stand in groups by cluster, by model, or together, those of a node side by side", () => {
  expect(grouped(map(), undefined)).toEqual([
    { name: "north", nodes: [[0, 1]], gpus: 2 },
    { name: "south", nodes: [[2]], gpus: 1 },
  ]);
  expect(grouped(map(), "model").map(({ name }) => name)).toEqual(["A100", "H100"]);
  expect(grouped(map(), "flat")).toEqual([{ name: "", nodes: [[0, 1], [2]], gpus: 3 }]);
});

test("no two cells lie over each other, none is outside, and a node stays in one line", () => {
  const of = fleet(150, 7);
  const { x, y, width, height, pitch } = laidOut(of);
  const places = new Set(of.gpus.map((_, cell) => `${x[cell]} ${y[cell]}`));
  expect(places.size).toBe(of.gpus.length);
  expect(Math.max(...x) + pitch).toBeLessThanOrEqual(width + 0.5);
  expect(Math.max(...y) + pitch).toBeLessThanOrEqual(height);
  for (let node = 0; node < 150; node += 1) {
    const lines = new Set(Array.from({ length: 8 }, (_, gpu) => y[node * 8 + gpu]));
    expect(lines.size).toBe(1);
  }
});

test("few GPUs are large, ten thousand are small, and a narrow window still has all of them", () => {
  expect(laidOut(fleet(3, 1)).pitch).toBe(26);
  expect(laidOut(fleet(1_250, 12)).pitch).toBe(8);
  const narrow = laidOut(fleet(1_250, 12), 340);
  expect(Math.max(...narrow.x) + narrow.pitch).toBeLessThanOrEqual(340);
});

test("a node that is longer than a line goes on in the next", () => {
  const one = map({ gpus: Array.from({ length: 64 }, (_, at) => [0, at, 0, 1, 1, 1, 1, 1, 0]) });
  const { x, pitch } = layOut(grouped(one, "flat"), 64, 100, 60);
  expect(Math.max(...x) + pitch).toBeLessThanOrEqual(100);
});

test("what is pointed at is found, and between cells there is nothing", () => {
  const of = fleet(40, 3);
  const layout = laidOut(of);
  for (const cell of [0, 7, 8, 100, 319]) {
    expect(hit(layout, layout.x[cell]! + 1, layout.y[cell]! + layout.pitch - 1)).toBe(cell);
  }
  expect(hit(layout, layout.x[7]! + layout.pitch + 1, layout.y[7]! + 1)).toBeUndefined();
});

test("arrow keys go along a line and to the next one", () => {
  const layout = laidOut(fleet(40, 3));
  expect(moved(layout, 0, "ArrowRight")).toBe(1);
  expect(moved(layout, 0, "ArrowLeft")).toBe(0);
  expect(moved(layout, 5, "End")).toBe(319);
  expect(moved(layout, 5, "Home")).toBe(0);
  const below = moved(layout, 1, "ArrowDown")!;
  expect(layout.y[below]).toBe(layout.y[1]! + layout.pitch);
  expect(layout.x[below]).toBe(layout.x[1]);
  expect(moved(layout, below, "ArrowUp")).toBe(1);
  expect(moved(layout, 0, "a")).toBeUndefined();
});

test("a cell shows the worst of what is remarkable, and each is counted", () => {
  const of = map({
    nodes: [[0, "gpu-1", 10, false], [1, "gpu-2", 300, true]],
    gpus: [
      [0, 0, 0, 1, 1, 1, 1, 1, 1 + 16],
      [0, 1, 0, 1, 1, 1, 1, 1, 12],
      [0, 2, 0, null, null, null, null, null, 2],
      [1, 0, 0, 1, 1, 1, 1, 1, 12],
    ],
  });
  expect(of.gpus.map((row) => worstMark(of, row))).toEqual(["error", "wasted", "lost", "stale"]);
  expect(countMarks(of)).toEqual({ raised: 1, error: 1, lost: 1, wasted: 2, idle: 2, stale: 1 });
});

test("values change no shape; GPUs that come or go do", () => {
  const before = map();
  expect(sameShape(before, map({ gpus: before.gpus.map((row) => [row[0], row[1], row[2], 1, 1, 1, 1, 1, 1]) }))).toBe(true);
  expect(sameShape(before, map({ gpus: before.gpus.slice(1) }))).toBe(false);
});

test("a map that is held has the same places, each with what it is now", () => {
  const now = map({
    nodes: [[0, "gpu-0", 5, false], [0, "gpu-1", 5, false]],
    gpus: [[0, 0, 1, 7, 7, 7, 7, 7, 0], [1, 0, 1, 99, 9, 9, 9, 9, 0]],
  });
  const shown = held(map(), now);
  expect(shown.gpus[0]).toEqual([0, 0, 1, 99, 9, 9, 9, 9, 0]);
  expect(shown.gpus[2]).toEqual(map().gpus[2]);
  expect(shown.nodes).toEqual(map().nodes);
});

test("steps begin where the legend says", () => {
  expect([4.9, 5, 89, 90].map((value) => stepOf(value, "utilization"))).toEqual([0, 1, 4, 5]);
  expect([0, 3, 5].map((step) => stepLabel(step, "temperature"))).toEqual(["< 40", "65–75", "≥ 85"]);
});

/** A pen that knows how often it has filled or framed a cell. */
function pen() {
  const calls: string[] = [];
  const told = new Proxy({} as Record<string, unknown>, {
    get: (_, name: string) => () => calls.push(name),
    set: () => true,
  });
  return { pen: told as unknown as CanvasRenderingContext2D, calls };
}

test("only cells that have changed are drawn again", () => {
  const of = fleet(20, 2);
  const palette = { load: Array(6).fill("blue"), heat: Array(6).fill("red"), surface: "", danger: "", text: "", quiet: "", line: "" };
  const picture: Picture = { map: of, layout: laidOut(of), metric: "utilization", show: undefined, palette };
  expect(paint(pen().pen, picture)).toBe(160);
  expect(paint(pen().pen, picture, picture)).toBe(0);
  const next = { ...of, gpus: of.gpus.map((row, at): typeof row => (at === 9 ? [row[0], row[1], row[2], 99, 1, 1, 1, 1, 0] : row)) };
  const { pen: drawing, calls } = pen();
  expect(paint(drawing, { ...picture, map: next }, picture)).toBe(1);
  expect(calls.filter((name) => name === "fillRect")).toHaveLength(1);
  expect(paint(pen().pen, { ...picture, metric: "power" }, picture)).toBe(160);
  const stale = { ...of, nodes: of.nodes.map((node, at): typeof node => (at === 3 ? [node[0], node[1], 300, true] : node)) };
  expect(paint(pen().pen, { ...picture, map: stale }, picture)).toBe(8);
});
