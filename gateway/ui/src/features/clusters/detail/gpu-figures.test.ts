import { expect, test } from "vitest";

import { figuresOf, memory, outOf, power, troubles, written } from "@/features/clusters/detail/gpu-figures";
import { getListGpuNodesResponseMock } from "@/generated/api.msw";
import type { GpuView } from "@/generated/api.schemas";

const [one] = getListGpuNodesResponseMock().items[0]!.gpus;
const gpu = (more: Partial<GpuView>): GpuView => ({ ...one!, error: null, xid: 0, raised: [], wasted: false, ...more });

test("figures of a node are over what is known of its GPUs", () => {
  const gpus = [
    gpu({ name: "NVIDIA H100", utilization_gpu_percent: 80, temperature_celsius: 71, memory_used_mb: 100 }),
    gpu({ name: "NVIDIA H100", utilization_gpu_percent: 40, temperature_celsius: null, memory_used_mb: 50 }),
    gpu({ name: null, utilization_gpu_percent: null, temperature_celsius: 65, memory_used_mb: null }),
  ];
  expect(figuresOf({ gpus })).toMatchObject({
    utilization: 60,
    hottest: 71,
    memoryUsed: 150,
    models: "2 × H100, 1 × of a model that is not known",
  });
});

test("what nothing is known of is not 0", () => {
  const gpus = [gpu({ utilization_gpu_percent: null, temperature_celsius: null, power_draw_watts: null })];
  expect(figuresOf({ gpus })).toMatchObject({ utilization: null, hottest: null, power: null });
  expect(written(null, "%")).toBe("not known");
  expect(outOf(null, 700, power)).toBe("not known");
});

test("values have their units", () => {
  expect(written(61.6, "%")).toBe("62 %");
  expect(outOf(42_280, 81_559, memory)).toBe("41.3 GiB of 79.6 GiB");
  expect([power(700), power(21_300)]).toEqual(["700 W", "21.3 kW"]);
});

test("what stands out of a node is counted, an error of its own first", () => {
  const gpus = [gpu({ raised: ["TEMPERATURE"] }), gpu({ wasted: true }), gpu({ wasted: true }), gpu({ error: "ERR!" }), gpu({ xid: 79 })];
  expect(troubles({ gpus, error: "driver/library version mismatch" })).toEqual([
    "driver/library version mismatch",
    "1 with an error",
    "1 with an XID error",
    "1 over a threshold",
    "2 allocated but idle",
  ]);
});
