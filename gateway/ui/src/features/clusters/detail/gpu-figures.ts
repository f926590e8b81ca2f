/** The GPUs of a node together, and values as they are read; what a source does not tell is never 0. */

import type { GpuNode, GpuView } from "@/generated/api.schemas";
import { bytes } from "@/lib/format";

export const NOT_KNOWN = "not known";
type Value = number | null | undefined;

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const isKnown = (value: Value): value is number => value !== null && value !== undefined;

/** `62 %`, `71 °C`. */
export const written = (value: Value, unit: string): string => (isKnown(value) ? `${WHOLE.format(value)} ${unit}` : NOT_KNOWN);
/** Of MiB, as NVIDIA counts memory. */
export const memory = (value: Value): string => (isKnown(value) ? bytes(value * 1_048_576) : NOT_KNOWN);
export const power = (value: Value): string =>
  isKnown(value) && value >= 10_000 ? `${TENTHS.format(value / 1000)} kW` : written(value, "W");

/** So much of so much, as far as both are known. */
export const outOf = (part: Value, whole: Value, write: (value: Value) => string): string =>
  isKnown(part) && isKnown(whole) ? `${write(part)} of ${write(whole)}` : write(part);

export interface NodeFigures {
  utilization: number | null;
  memoryUsed: number | null;
  memoryTotal: number | null;
  hottest: number | null;
  power: number | null;
  limit: number | null;
  /** `8 × H100 80GB HBM3`, by model. */
  models: string;
}

/** Over what is known of each. */
export function figuresOf({ gpus }: Pick<GpuNode, "gpus">): NodeFigures {
  const all = (read: (gpu: GpuView) => Value) => gpus.map(read).filter(isKnown);
  const sum = (values: readonly number[]) => (values.length === 0 ? null : values.reduce((total, each) => total + each, 0));
  const busy = all((gpu) => gpu.utilization_gpu_percent);
  const hot = all((gpu) => gpu.temperature_celsius);
  const total = sum(busy);
  return {
    utilization: total === null ? null : total / busy.length,
    memoryUsed: sum(all((gpu) => gpu.memory_used_mb)),
    memoryTotal: sum(all((gpu) => gpu.memory_total_mb)),
    hottest: hot.length === 0 ? null : Math.max(...hot),
    power: sum(all((gpu) => gpu.power_draw_watts)),
    limit: sum(all((gpu) => gpu.power_limit_watts)),
    models: modelsOf(gpus),
  };
}

function modelsOf(gpus: readonly GpuView[]): string {
  const models = Map.groupBy(gpus, ({ name }) => name?.replace(/^NVIDIA /, "") ?? "of a model that is not known");
  return [...models].map(([name, those]) => `${those.length} × ${name}`).join(", ");
}

/** What is remarkable about a node's GPUs, in few words. */
export function troubles({ gpus, error }: Pick<GpuNode, "gpus" | "error">): string[] {
  const said = (has: (gpu: GpuView) => boolean, words: string) => {
    const those = gpus.filter(has).length;
    return those === 0 ? [] : [`${those} ${words}`];
  };
  return [
    ...(error === null ? [] : [error]),
    ...said(({ error: wrong }) => wrong !== null && wrong !== undefined, "with an error"),
    ...said(({ xid }) => (xid ?? 0) > 0, "with an XID error"),
    ...said(({ raised }) => raised.length > 0, "over a threshold"),
    ...said(({ wasted }) => wasted, "allocated but idle"),
  ];
}
