/** Values of GPUs as they are read; what a source does not tell is never written as 0. */

import type { Unit } from "@/components/chart/units";
import type { Attribution, GpuColumn, GpuMetric, GpuSource } from "@/generated/api.schemas";
import { bytes } from "@/lib/format";

export const NOT_KNOWN = "not known";
type Value = number | null | undefined;

const isKnown = (value: Value): value is number => value !== null && value !== undefined;
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const inUnit = (unit: string, format = WHOLE) => (value: Value) =>
  isKnown(value) ? `${format.format(value)} ${unit}` : NOT_KNOWN;

export const percent = inUnit("%");
export const celsius = inUnit("°C");
export const megahertz = inUnit("MHz");

/** `412 W`, `1.2 MW`. */
export function watts(value: Value): string {
  if (!isKnown(value)) return NOT_KNOWN;
  if (value >= 1_000_000) return `${TENTHS.format(value / 1_000_000)} MW`;
  if (value >= 10_000) return `${TENTHS.format(value / 1_000)} kW`;
  return `${WHOLE.format(value)} W`;
}

/** Of mebibytes, as NVIDIA counts memory. */
export const mebibytes = (value: Value): string => (isKnown(value) ? bytes(value * 1_048_576) : NOT_KNOWN);
export const byteRate = (value: Value): string => (isKnown(value) ? `${bytes(value)}/s` : NOT_KNOWN);
export const known = (value: Value): string => (isKnown(value) ? WHOLE.format(value) : NOT_KNOWN);

/** So many of so many; the second where only that is known. */
export function outOf(part: Value, whole: Value, write: (value: Value) => string): string {
  if (!isKnown(whole)) return write(part);
  return `${isKnown(part) ? write(part) : NOT_KNOWN} of ${write(whole)}`;
}

export function share(part: Value, whole: Value): number | null {
  return isKnown(part) && isKnown(whole) && whole > 0 ? (100 * part) / whole : null;
}

/** Rounded as the hub does. */
export const tenths = (value: Value): number | null => (isKnown(value) ? Math.round(value * 10) / 10 : null);

export const SOURCES: Readonly<Record<GpuSource, string>> = { DCGM: "DCGM", NVIDIA_SMI: "nvidia-smi" };

export const ATTRIBUTIONS: Readonly<Record<Attribution, string>> = {
  POD: "In a pod",
  HOST: "On the node itself",
  UNKNOWN: "Not known where",
};

/** What a threshold is about. */
export const RAISED: Readonly<Record<GpuMetric, { name: string; over: string; write: (value: Value) => string; setting: string }>> = {
  TEMPERATURE: { name: "Temperature", over: "too hot", write: celsius, setting: "TEMPERATURE" },
  MEMORY_TEMPERATURE: { name: "Memory temperature", over: "memory too hot", write: celsius, setting: "MEMORY_TEMPERATURE" },
  MEMORY_USED: { name: "Memory used", over: "memory nearly full", write: percent, setting: "MEMORY_USED" },
  POWER_DRAW: { name: "Power of its limit", over: "near the power limit", write: percent, setting: "POWER_DRAW" },
};

export const COLUMNS: Readonly<Record<GpuColumn, { name: string; unit: Unit }>> = {
  utilization_gpu_percent: { name: "Utilisation", unit: "percent" },
  memory_used_mb: { name: "Memory used", unit: "bytes" },
  temperature_celsius: { name: "Temperature", unit: "celsius" },
  power_draw_watts: { name: "Power", unit: "watts" },
  utilization_memory_percent: { name: "Memory bandwidth in use", unit: "percent" },
  memory_temperature_celsius: { name: "Memory temperature", unit: "celsius" },
  sm_clock_mhz: { name: "SM clock", unit: "megahertz" },
  fan_speed_percent: { name: "Fan", unit: "percent" },
  nvlink_bytes_per_second: { name: "NVLink traffic", unit: "bytes/s" },
};

/** `GPU 3`, or where it has no number, the beginning of its id. */
export function gpuName(index: number | null | undefined, uuid: string): string {
  return isKnown(index) ? `GPU ${index}` : uuid.slice(0, 12);
}

/** The model without its maker, which all share: `H100 80GB HBM3`. */
export const modelName = (name: string | null | undefined): string => name?.replace(/^NVIDIA /, "") ?? "Model not known";
