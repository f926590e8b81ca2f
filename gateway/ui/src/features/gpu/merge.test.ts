import { expect, test } from "vitest";

import { ontoMap, ontoNode, remember } from "@/features/gpu/merge";
import { CLUSTER, gpu, map, node, update } from "@/features/gpu/testing";

const samples = (...all: ReturnType<typeof update>[]) => {
  const known = new Map();
  for (const each of all) remember(known, each);
  return known;
};

test("a newer sample changes the cells of its node, and no other", () => {
  const before = map();
  const after = ontoMap(before, samples(update()));
  expect(after.gpus[0]).toEqual([0, 0, 1, 97, 25, 80, 90, 630, 0]);
  expect(after.gpus[1]).toBe(before.gpus[1]);
  expect(after.gpus[2]).toBe(before.gpus[2]);
});

test("a node that reports again is stale no more, and as old as its sample", () => {
  const after = ontoMap(map({ nodes: [[0, "gpu-1", 300, true], [1, "gpu-2", 10, false]] }), samples(update()));
  expect(after.nodes[0]).toEqual([0, "gpu-1", -5, false]);
});

test("a sample that was long on its way leaves its node stale", () => {
  const late = update({ sampled_at: "2026-03-04T11:58:30Z" });
  const after = ontoMap(map({ nodes: [[0, "gpu-1", 300, true], [1, "gpu-2", 10, false]] }), samples(late));
  expect(after.nodes[0]).toEqual([0, "gpu-1", 100, true]);
  const before = node({ stale: true, last_updated: "2026-03-04T11:50:00Z" });
  expect(ontoNode(before, samples(late))).toMatchObject({ stale: true, last_updated: late.sampled_at });
});

test("a sample that is older than what was read changes nothing", () => {
  const before = map();
  expect(ontoMap(before, samples(update({ sampled_at: "2026-03-04T11:59:00Z" })))).toBe(before);
});

test("of two samples of a node the newer one counts, in whatever order they come", () => {
  const late = update({ sampled_at: "2026-03-04T12:00:14Z", gpus: [{ uuid: "GPU-a", index: 0, temperature_celsius: 1 }] });
  expect(ontoMap(map(), samples(update(), late)).gpus[0]![5]).toBe(80);
});

test("what a sample does not know becomes unknown, not 0, and what stands about a GPU stays", () => {
  const told = update({ gpus: [{ uuid: "GPU-b", index: 1, error: "ERR!" }] });
  expect(ontoMap(map(), samples(told)).gpus[1]).toEqual([0, 1, 1, null, null, null, null, null, 28]);
});

test("a node has the values of its newest sample, and what only the hub can tell", () => {
  const before = node({ gpus: [gpu({ wasted: true, raised: ["TEMPERATURE"], fan_speed_percent: 30 })] });
  const after = ontoNode(before, samples(update()));
  expect(after.last_updated).toBe("2026-03-04T12:00:15Z");
  expect(after.gpus[0]).toMatchObject({ temperature_celsius: 80, wasted: true, raised: ["TEMPERATURE"] });
  expect(after.gpus[0]!.fan_speed_percent).toBeUndefined();
  expect(ontoNode(after, samples(update({ sampled_at: "2026-03-04T12:00:01Z" })))).toBe(after);
  expect(ontoNode(before, samples(update({ cluster_id: CLUSTER.replace("0", "2") })))).toBe(before);
});
