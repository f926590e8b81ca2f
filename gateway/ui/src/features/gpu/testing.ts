/** GPUs for tests. */

import type { GpuMap, GpuNode, GpuNodeDetail, GpuSummary, GpuUpdate, GpuView } from "@/generated/api.schemas";

export const CLUSTER = "0f45f335-880f-4d63-a813-4e4af646b9fe";
export const OTHER = "1f45f335-880f-4d63-a813-4e4af646b9fe";

export const gpu = (more: Partial<GpuView> = {}): GpuView => ({
  uuid: "GPU-a",
  index: 0,
  name: "NVIDIA H100 80GB HBM3",
  utilization_gpu_percent: 60,
  memory_used_mb: 40_960,
  memory_total_mb: 81_920,
  temperature_celsius: 58,
  power_draw_watts: 350,
  power_limit_watts: 700,
  throttle_reasons: [],
  xid: 0,
  mig: [],
  processes: [],
  error: null,
  raised: [],
  idle: false,
  wasted: false,
  last_xid: null,
  ...more,
});

export const node = (more: Partial<GpuNode> = {}): GpuNode => ({
  cluster_id: CLUSTER,
  cluster_name: "north",
  node_name: "gpu-1",
  source: "DCGM",
  source_reason: "dcgm-exporter's metrics are in the cluster's Prometheus",
  last_updated: "2026-03-04T12:00:00Z",
  interval_seconds: 15,
  stale: false,
  error: null,
  gpus: [gpu()],
  ...more,
});

export const detail = (more: Partial<GpuNodeDetail> = {}): GpuNodeDetail => ({ ...node(), lost: [], ...more });

/** Two clusters: a node of two GPUs, and one of one. */
export const map = (more: Partial<GpuMap> = {}): GpuMap => ({
  at: "2026-03-04T12:00:10Z",
  clusters: [
    { id: CLUSTER, name: "north" },
    { id: OTHER, name: "south" },
  ],
  nodes: [
    [0, "gpu-1", 10, false],
    [1, "gpu-2", 10, false],
  ],
  models: ["NVIDIA A100", "NVIDIA H100"],
  gpus: [
    [0, 0, 1, 60, 50, 58, 50, 350, 0],
    [0, 1, 1, 0, 10, 31, 10, 70, 12],
    [1, 0, 0, null, 20, 91, 60, 240, 1],
  ],
  ...more,
});

const figures = {
  gpus: 3,
  idle: 1,
  wasted: 1,
  utilization_gpu_percent: 30,
  memory_total_mb: 245_760,
  memory_used_mb: 65_536,
  power_draw_watts: 660,
  power_limit_watts: 1_800,
};

export const summary = (more: Partial<GpuSummary> = {}): GpuSummary => ({
  ...figures,
  nodes: 2,
  stale_nodes: 0,
  lost: 0,
  errors: 0,
  hottest: {
    cluster_id: OTHER,
    cluster_name: "south",
    node_name: "gpu-2",
    uuid: "GPU-c",
    index: 0,
    name: "NVIDIA A100",
    temperature_celsius: 91,
  },
  raised: { TEMPERATURE: 1, MEMORY_TEMPERATURE: 0, MEMORY_USED: 0, POWER_DRAW: 0 },
  by_model: [
    { ...figures, name: "NVIDIA H100", gpus: 2 },
    { ...figures, name: "NVIDIA A100", gpus: 1, utilization_gpu_percent: null },
  ],
  by_cluster: [
    { ...figures, cluster_id: CLUSTER, cluster_name: "north", nodes: 1, stale_nodes: 0, gpus: 2 },
    { ...figures, cluster_id: OTHER, cluster_name: "south", nodes: 1, stale_nodes: 0, gpus: 1 },
  ],
  by_namespace: [{ ...figures, namespace: "training", gpus: 2 }],
  by_source: [{ source: "DCGM", nodes: 2 }],
  ...more,
});

export const update = (more: Partial<GpuUpdate> = {}): GpuUpdate => ({
  cluster_id: CLUSTER,
  node_name: "gpu-1",
  source: "DCGM",
  source_reason: "dcgm-exporter's metrics are in the cluster's Prometheus",
  sampled_at: "2026-03-04T12:00:15Z",
  interval_seconds: 15,
  gpus: [
    {
      uuid: "GPU-a",
      index: 0,
      utilization_gpu_percent: 97,
      memory_used_mb: 20_480,
      memory_total_mb: 81_920,
      temperature_celsius: 80,
      power_draw_watts: 630,
      power_limit_watts: 700,
    },
  ],
  ...more,
});
