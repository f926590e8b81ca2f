/** GPUs in words, and where they are shown; for all who tell of them. */

import type {
  GpuDisappeared,
  GpuMetric,
  GpuReappeared,
  GpuThresholdCrossed,
  GpuXidError,
} from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import type { Place } from "@/lib/place";

export type GpuFact = GpuDisappeared | GpuReappeared | GpuThresholdCrossed | GpuXidError;
export type GpuFactName = "GPU_DISAPPEARED" | "GPU_REAPPEARED" | "GPU_THRESHOLD_CROSSED" | "GPU_XID_ERROR";

export const GPU_FACTS: readonly GpuFactName[] = [
  "GPU_DISAPPEARED",
  "GPU_REAPPEARED",
  "GPU_THRESHOLD_CROSSED",
  "GPU_XID_ERROR",
];

export const isGpuFact = (type: string): type is GpuFactName => GPU_FACTS.some((each) => each === type);

interface Named {
  gpu_index?: number | null;
  gpu_uuid: string;
  node_name: string;
}

/** `GPU 3 on gpu-1`; of one without a number the beginning of its id. */
export const gpuNamed = ({ gpu_index, gpu_uuid, node_name }: Named): string =>
  `${gpu_index === null || gpu_index === undefined ? gpu_uuid.slice(0, 12) : `GPU ${gpu_index}`} on ${node_name}`;

const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

interface Measured {
  unit: string;
  /** How it is with a value: `GPU 3 on gpu-1 at 91 °C`. */
  said: (gpu: string, value: string) => string;
  /** The same beside what is told of it already: `memory at 95 °C`. */
  also: (value: string) => string;
  /** How it is beyond its threshold. */
  over: string;
}

const METRICS: Readonly<Record<GpuMetric, Measured>> = {
  TEMPERATURE: {
    unit: "°C",
    said: (gpu, value) => `${gpu} at ${value}`,
    also: (value) => `at ${value}`,
    over: "too hot",
  },
  MEMORY_TEMPERATURE: {
    unit: "°C",
    said: (gpu, value) => `Memory of ${gpu} at ${value}`,
    also: (value) => `memory at ${value}`,
    over: "with memory too hot",
  },
  MEMORY_USED: {
    unit: "%",
    said: (gpu, value) => `${gpu} with ${value} of its memory in use`,
    also: (value) => `${value} of its memory in use`,
    over: "nearly out of memory",
  },
  POWER_DRAW: {
    unit: "%",
    said: (gpu, value) => `${gpu} at ${value} of its power limit`,
    also: (value) => `at ${value} of its power limit`,
    over: "near the power limit",
  },
};

/** `91 °C`. */
const withUnit = (metric: GpuMetric, value: number) => `${TENTHS.format(value)} ${METRICS[metric].unit}`;

interface Crossed extends Named {
  metric: GpuMetric;
  value: number | null;
  threshold: number | null;
}

/** `GPU 3 on gpu-1 at 91 °C (threshold 85 °C)`; without the values where they are not kept. */
export function overThreshold({ metric, value, threshold, ...gpu }: Crossed): string {
  if (value === null) return `${gpuNamed(gpu)} ${METRICS[metric].over}`;
  return `${METRICS[metric].said(gpuNamed(gpu), withUnit(metric, value))}${level(metric, threshold)}`;
}

/** `memory at 95 °C (threshold 95 °C)`. */
export function alsoOver({ metric, value, threshold }: Pick<Crossed, "metric" | "value" | "threshold">): string {
  if (value === null) return METRICS[metric].over;
  return `${METRICS[metric].also(withUnit(metric, value))}${level(metric, threshold)}`;
}

const level = (metric: GpuMetric, threshold: number | null) =>
  threshold === null ? "" : ` (threshold ${withUnit(metric, threshold)})`;

/** `12 GPUs too hot`. */
export const severalOver = (metric: GpuMetric, gpus: number): string => `${plural(gpus, "GPU")} ${METRICS[metric].over}`;
export const severalBelow = (metric: GpuMetric, gpus: number): string =>
  `${plural(gpus, "GPU")} no longer ${METRICS[metric].over}`;

function belowThreshold({ metric, value, threshold, ...gpu }: GpuThresholdCrossed): string {
  const said = METRICS[metric].said(gpuNamed(gpu), withUnit(metric, value));
  return `${said} again (below ${withUnit(metric, threshold)})`;
}

/** What an event says of a GPU. */
export function gpuTold(type: GpuFactName, payload: unknown): string {
  const fact = payload as GpuFact;
  const gpu = gpuNamed(fact);
  switch (type) {
    case "GPU_DISAPPEARED":
      return `${gpu} has disappeared`;
    case "GPU_REAPPEARED":
      return `${gpu} is back`;
    case "GPU_XID_ERROR": {
      const { xid, description } = fact as GpuXidError;
      return `XID ${xid} on ${gpu}${description ? `: ${description}` : ""}`;
    }
    case "GPU_THRESHOLD_CROSSED": {
      const crossed = fact as GpuThresholdCrossed;
      return crossed.crossing === "RAISED" ? overThreshold(crossed) : belowThreshold(crossed);
    }
  }
}

/** The node beside the list of all, and which of its GPUs is meant. */
export const gpuPlace = (cluster: string, node: string, index?: number | null): Place => ({
  to: "/gpu",
  search: { open: `${cluster}/${node}`, ...(index === null || index === undefined ? {} : { gpu: index }) },
});
