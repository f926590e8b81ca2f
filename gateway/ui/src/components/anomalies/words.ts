/** Anomalies in words, and where they are shown; for all who tell of them. */

import { formatValue, type Unit } from "@/components/chart/units";
import { unitOf } from "@/components/chart/unit-of";
import type { Anomaly, AnomalySeverity, AnomalyType, DetectionType, GpuColumn, Sensitivity } from "@/generated/api.schemas";

/** Everything that changes an anomaly. */
export const ANOMALY_EVENTS = ["ANOMALY_DETECTED", "ANOMALY_ENDED", "ANOMALY_FEEDBACK_GIVEN"];

export const TYPE_NAMES: Readonly<Record<AnomalyType, string>> = {
  SPIKE: "Spike",
  DROP: "Drop",
  TREND_CHANGE: "Level moved",
  PATTERN_BREAK: "Pattern broken",
  THRESHOLD_BREACH: "Bound crossed",
};

export const TYPE_MEANS: Readonly<Record<AnomalyType, string>> = {
  SPIKE: "It is higher than it nearly ever was.",
  DROP: "It is lower than it nearly ever was.",
  TREND_CHANGE: "Its level has moved, and stays where it is.",
  PATTERN_BREAK: "The level is usual, but not in this order or at this time.",
  THRESHOLD_BREACH: "A bound that its watch names was crossed.",
};

export const METHODS: Readonly<Record<DetectionType, readonly [name: string, does: string]>> = {
  STATISTICAL: ["Statistical", "How far what is measured lies outside of its own past. Tells less, and is seldom wrong"],
  ML_BASED: ["Learnt", "How little the last shape of the series is like those learnt from its past. Sees more, and is wrong more often"],
  LLM_ASSISTED: ["With a language model", "Needs a model. It says which of what may be unusual is worth attention, and why; figures and severity stay the detector's"],
};

export const SENSITIVITIES: Readonly<Record<Sensitivity, readonly [name: string, does: string]>> = {
  LOW: ["Low", "Only what is far outside"],
  MEDIUM: ["Medium", "What stands out clearly"],
  HIGH: ["High", "Also what stands out a little"],
  EXTREME: ["Extreme", "Everything that may be unusual; expect noise"],
};

type Tone = "danger" | "warning" | "info";
export const TONES: Readonly<Record<AnomalySeverity, Tone>> = { HIGH: "danger", MEDIUM: "warning", LOW: "info" };

interface OfGpu {
  column: GpuColumn;
  name: string;
  unit: Unit;
  /** A value of the history times this is in the unit of the metric. */
  by: number;
}

/** What is measured of every GPU without a watch, as far as its history is kept. */
const GPU: Readonly<Record<string, OfGpu>> = {
  gpu_utilization_percent: { column: "utilization_gpu_percent", name: "GPU utilisation", unit: "percent", by: 1 },
  gpu_memory_utilization_percent: { column: "utilization_memory_percent", name: "GPU memory bandwidth in use", unit: "percent", by: 1 },
  gpu_memory_used_mb: { column: "memory_used_mb", name: "GPU memory in use", unit: "bytes", by: 1_048_576 },
  gpu_temperature_celsius: { column: "temperature_celsius", name: "GPU temperature", unit: "celsius", by: 1 },
  gpu_memory_temperature_celsius: { column: "memory_temperature_celsius", name: "GPU memory temperature", unit: "celsius", by: 1 },
  gpu_power_draw_watts: { column: "power_draw_watts", name: "GPU power", unit: "watts", by: 1 },
  gpu_fan_speed_percent: { column: "fan_speed_percent", name: "GPU fan", unit: "percent", by: 1 },
  gpu_sm_clock_mhz: { column: "sm_clock_mhz", name: "GPU SM clock", unit: "megahertz", by: 1 },
  gpu_nvlink_bytes_per_second: { column: "nvlink_bytes_per_second", name: "GPU NVLink traffic", unit: "bytes/s", by: 1 },
};

type Series = Pick<Anomaly, "metric_name" | "labels">;

/** The GPU that it is of, as those are measured without a watch; undefined for all else. */
export const gpuOf = ({ metric_name, labels }: Series): string | undefined =>
  metric_name.startsWith("gpu_") && labels["node"] !== undefined ? labels["gpu_uuid"] : undefined;

/** What of a GPU it is; undefined for all else. */
export const gpuMetric = (series: Series): OfGpu | undefined => (gpuOf(series) === undefined ? undefined : GPU[series.metric_name]);

const COUNTER = /^[a-zA-Z_:][a-zA-Z0-9_:]*_(?:total|count|sum|bucket)$/;

/** Of a counter the rate per second is looked at; as detectors have it, by its name. */
export const isCounter = ({ metric_name, labels }: Series): boolean => COUNTER.test(labels["__name__"] ?? metric_name);

/** The metric by which a column of the history of GPUs is looked at; undefined: it is not. */
export const metricOfColumn = (column: GpuColumn): string | undefined =>
  Object.keys(GPU).find((name) => GPU[name]!.column === column);

/** `GPU temperature`; of what is no GPU the metric's name as it is. */
export const metricTitle = (series: Series): string => gpuMetric(series)?.name ?? series.metric_name;

/** The anomaly in a few words: `Spike of node_load1`. */
export function anomalyTitle(anomaly: Pick<Anomaly, "anomaly_type" | "metric_name" | "labels">): string {
  const metric = metricTitle(anomaly);
  switch (anomaly.anomaly_type) {
    case "SPIKE":
      return `Spike of ${metric}`;
    case "DROP":
      return `Drop of ${metric}`;
    case "TREND_CHANGE":
      return `${metric} at another level`;
    case "PATTERN_BREAK":
      return `${metric} out of its pattern`;
    case "THRESHOLD_BREACH":
      return `${metric} beyond its bound`;
  }
}

/** As the hub writes it: no quotation mark is left in what a model says, so its words end where they seem to. */
const OPINION = /^(.*)\. A model says: “([^“”]*)”$/s;

/** What the detector found, and what a model says of it where one was asked: two voices, to be shown apart. */
export function voicesOf({ detection_type, explanation }: Pick<Anomaly, "detection_type" | "explanation">): {
  figures: string;
  opinion?: string;
} {
  const [, figures, opinion] = (detection_type === "LLM_ASSISTED" && OPINION.exec(explanation)) || [];
  return figures === undefined || opinion === undefined ? { figures: explanation } : { figures, opinion };
}

const MOST_LABELS = 4;
/** What tells most of where something is comes first, what scraped it last. */
const FIRST = ["namespace", "pod", "node", "instance", "container"];
const LAST = new Set(["job", "service", "endpoint", "prometheus", "uid"]);

function rankOf(label: string): number {
  const first = FIRST.indexOf(label);
  return first >= 0 ? first - FIRST.length : LAST.has(label) ? 1 : 0;
}

/** Where the series is: `GPU 3 on gpu-1`, or its labels: `pod="cart-1" namespace="shop"`. */
export function seriesInWords(series: Series): string {
  const { gpu, node } = series.labels;
  const uuid = gpuOf(series);
  if (uuid !== undefined) return `${gpu === undefined ? uuid.slice(0, 12) : `GPU ${gpu}`} on ${node}`;
  const labels = Object.entries(series.labels)
    .filter(([name]) => name !== "__name__")
    .toSorted(([a], [b]) => rankOf(a) - rankOf(b) || a.localeCompare(b));
  const shown = labels.slice(0, MOST_LABELS).map(([name, value]) => `${name}="${value}"`);
  return `${shown.join(" ")}${labels.length > MOST_LABELS ? ` and ${labels.length - MOST_LABELS} more` : ""}`;
}

/** A value of the series with its unit, as far as that is known. */
export function valueInWords(series: Series, value: number | null | undefined): string {
  const gpu = gpuMetric(series);
  if (gpu) return formatValue(value === null || value === undefined ? value : value * gpu.by, gpu.unit);
  const name = series.labels["__name__"] ?? series.metric_name;
  return formatValue(value, unitOf(isCounter(series) ? `rate(${name}[5m])` : name));
}

/** `+240 %`. */
export function deviationInWords(percent: number): string {
  const rounded = Math.abs(percent) >= 10 ? Math.round(percent) : Math.round(percent * 10) / 10;
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${Math.abs(rounded).toLocaleString("en")} %`;
}
