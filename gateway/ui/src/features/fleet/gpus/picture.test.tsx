import { screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { GpuPanel } from "@/features/fleet/gpus/gpu-panel";
import { blocksOf, cellsPath, markOf, rowAt, sameGpus, shadeOf, type Row } from "@/features/fleet/gpus/picture";
import { getGetGpuSummaryResponseMock } from "@/generated/api.msw";
import type { GpuMap } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

/** `clusters` of two nodes each, with 8 GPUs a node. */
function fleetOf(clusters: number, busy: number | null = 60): GpuMap {
  const nodes = Array.from({ length: clusters * 2 }, (_, at): GpuMap["nodes"][number] => [Math.floor(at / 2), `gpu-${at}`, 3, false]);
  return {
    at: "2026-01-31T12:00:00Z",
    clusters: Array.from({ length: clusters }, (_, at) => ({ id: `c${at}`, name: `edge-${at}` })),
    nodes,
    models: ["NVIDIA H100"],
    gpus: nodes.flatMap((_, node) => Array.from({ length: 8 }, (__, gpu): Row => [node, gpu, 0, busy, 40, 55, 50, 350, 0])),
  };
}
const row = (busy: number | null, state = 0): Row => [0, 0, 0, busy, 0, 0, 0, 0, state];

test("a shade is the use of a GPU, and what is not known is none of them", () => {
  const map = fleetOf(1);
  expect([0, 4.9, 5, 49, 50, 75, 100].map((busy) => shadeOf(map, row(busy)))).toEqual([0, 0, 1, 2, 3, 4, 4]);
  expect(shadeOf(map, row(null))).toBe("unknown");
  const stale = { ...map, nodes: [[0, "gpu-0", 900, true]] } satisfies GpuMap;
  expect(shadeOf(stale, row(80)), "how it was is not how it is").toBe("unknown");
});

test("the worst that is said of a GPU is its mark", () => {
  expect([0, 4, 8, 1, 16, 2, 1 + 2, 1 + 16].map((state) => markOf(row(0, state)))).toEqual([
    undefined,
    undefined,
    undefined,
    "raised",
    "error",
    "lost",
    "lost",
    "error",
  ]);
});

test("few clusters have a block each, many are one picture with every GPU", () => {
  expect(blocksOf(fleetOf(2)).map(({ cluster, gpus }) => [cluster?.name, gpus.length])).toEqual([
    ["edge-0", 16],
    ["edge-1", 16],
  ]);
  const [all, ...others] = blocksOf(fleetOf(625));
  expect([all!.cluster, all!.gpus.length, others.length]).toEqual([undefined, 10_000, 0]);
});

test("what is drawn at a place is what is found there", () => {
  const [block] = blocksOf(fleetOf(1));
  const { columns, gpus } = block!;
  const lines = Math.ceil(gpus.length / columns);
  for (const [at, each] of gpus.entries()) {
    expect(rowAt(block!, ((at % columns) + 0.5) / columns, (Math.floor(at / columns) + 0.5) / lines)).toBe(each);
  }
  expect(rowAt(block!, 1.01, 0.5)).toBeUndefined();
  expect(rowAt(block!, -0.01, 0.5)).toBeUndefined();
  expect(cellsPath([0, columns + 1], columns)).toBe("M0 0h9v9h-9zM10 10h9v9h-9z");
});

test("other values are the same GPUs; another GPU is not", () => {
  expect(sameGpus(fleetOf(2), fleetOf(2, 10))).toBe(true);
  expect(sameGpus(fleetOf(2), fleetOf(3))).toBe(false);
});

test("each cluster's block is told in words, and leads to its GPUs", async () => {
  const map = fleetOf(2);
  map.gpus[3] = [...map.gpus[3]!.slice(0, 8), 2] as Row;
  hub.use(
    http.get("*/api/v1/gpu/summary", () => HttpResponse.json(getGetGpuSummaryResponseMock({ gpus: 32 }))),
    http.get("*/api/v1/gpu/map", () => HttpResponse.json(map)),
  );
  await show(<GpuPanel />);
  expect(await screen.findByRole("img", { name: "16 GPUs of edge-0: 60 % busy, 1 not well" })).toBeVisible();
  expect(screen.getByRole("link", { name: "edge-1" })).toHaveAttribute("href", "/clusters/c1?tab=gpus");
});

test("a fleet without GPUs has no picture of them", async () => {
  let asked = false;
  hub.use(
    http.get("*/api/v1/gpu/summary", () => HttpResponse.json(getGetGpuSummaryResponseMock({ gpus: 0, nodes: 0 }))),
    http.get("*/api/v1/gpu/map", () => {
      asked = true;
      return HttpResponse.json(fleetOf(1));
    }),
  );
  const { client } = await show(<GpuPanel />);
  await expect.poll(() => client.getQueryCache().findAll({ queryKey: ["/api/v1/gpu/summary"] })[0]?.state.status).toBe("success");
  expect(screen.queryByRole("heading", { name: "GPUs by use" })).toBeNull();
  expect(asked).toBe(false);
});
