/** What happened to GPUs and network functions, told as the other changes are. */

import type { Tone } from "@/components/badges";
import { someOf } from "@/features/fleet/some-of";
import type { FunctionHappening, GpuHappening, Happening } from "@/features/fleet/happening";
import type { EventName, GpuMetric } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { GPU_FACTS, gpuPlace, severalBelow, severalOver } from "@/lib/gpus";
import { areaPlace, functionPlace, severalIn } from "@/lib/network-functions";
import type { Place } from "@/lib/place";

/** They come by the thousand where something is wrong with many: read apart, so that they drown nothing else. */
export const HARDWARE_TYPES: readonly EventName[] = [...GPU_FACTS, "CNF_STATUS_CHANGED"];

export interface Told {
  tone: Tone;
  what: string;
  more?: string | undefined;
  place: Place;
}

export const hardwareKind = ({ type, gpu, function: of }: Happening): string =>
  gpu !== undefined
    ? `${type} ${gpu.metric ?? ""} ${gpu.raised ?? ""} ${gpu.xid ?? ""}`
    : `${type} ${of?.area} ${of?.state}`;

/** Of events of one kind, newest first; undefined for what is neither. */
export function hardwareChange(newest: Happening, events: readonly Happening[]): Told | undefined {
  if (newest.gpu !== undefined) return gpuChange(newest, newest.gpu, events);
  if (newest.function !== undefined) return functionChange(newest, newest.function, events);
  return undefined;
}

function gpuChange({ type, cluster, clusterName }: Happening, gpu: GpuHappening, events: readonly Happening[]): Told {
  const gpus = new Set(events.map((event) => `${event.cluster} ${event.gpu?.uuid}`)).size;
  const tone = gpuTone(type, gpu);
  if (gpus === 1) {
    const place = cluster === null ? { to: "/gpu" as const } : gpuPlace(cluster, gpu.node, gpu.index);
    return { tone, what: gpu.told, more: clusterName ?? undefined, place };
  }
  const nodes = [...new Set(events.map((event) => event.gpu?.node ?? ""))];
  return { tone, ...severalGpus(type, gpu, gpus), more: someOf(nodes) };
}

function gpuTone(type: EventName, { raised, xid }: GpuHappening): Tone {
  if (type === "GPU_XID_ERROR") return xidTone(xid);
  if (type === "GPU_DISAPPEARED") return "danger";
  return raised === true ? "warning" : "success";
}

/** Of these NVIDIA's list of XIDs says that an application may be the cause. */
const BY_APPLICATIONS = new Set([13, 31, 43, 45]);
export const xidTone = (xid: number | undefined): Tone =>
  xid !== undefined && BY_APPLICATIONS.has(xid) ? "warning" : "danger";

function severalGpus(type: EventName, gpu: GpuHappening, gpus: number): Pick<Told, "what" | "place"> {
  switch (type) {
    case "GPU_DISAPPEARED":
      return { what: `${plural(gpus, "GPU")} have disappeared`, place: { to: "/gpu", search: { show: "lost" } } };
    case "GPU_REAPPEARED":
      return { what: `${plural(gpus, "GPU")} are back`, place: { to: "/gpu" } };
    case "GPU_XID_ERROR":
      return {
        what: `XID ${gpu.xid} on ${plural(gpus, "GPU")}${gpu.description ? `: ${gpu.description}` : ""}`,
        place: { to: "/events", search: { event_type: ["GPU_XID_ERROR"] } },
      };
    default:
      return {
        what: gpu.raised ? severalOver(gpu.metric!, gpus) : severalBelow(gpu.metric!, gpus),
        place: thresholdsPlace(gpu.metric!),
      };
  }
}

export const thresholdsPlace = (raised?: GpuMetric): Place => ({
  to: "/gpu",
  search: { tab: "thresholds", ...(raised === undefined ? {} : { raised }) },
});

const TONES: Readonly<Record<string, Tone>> = {
  FREERUN: "danger",
  FAILED: "danger",
  CRASHING: "danger",
  HOLDOVER: "warning",
  EXHAUSTED: "warning",
  DROPPING: "warning",
  PENDING: "warning",
  UNKNOWN: "neutral",
  GONE: "info",
};

function functionChange(
  { cluster, clusterName, reason }: Happening,
  { area, name, state, told }: FunctionHappening,
  events: readonly Happening[],
): Told {
  const tone = TONES[state] ?? "success";
  const names = new Set(events.map((event) => `${event.cluster} ${event.function?.name}`));
  if (names.size === 1) {
    const gone = state === "GONE" || cluster === null;
    return {
      tone,
      what: told,
      more: [clusterName, reason].filter(Boolean).join(" · "),
      place: gone ? logOf(cluster) : functionPlace(cluster, area, name),
    };
  }
  const clusters = [...new Set(events.map((event) => event.clusterName ?? event.cluster ?? ""))];
  return {
    tone,
    what: severalIn(area, state, names.size),
    more: someOf(clusters),
    place: state === "GONE" ? logOf(null) : areaPlace(area, { state }),
  };
}

const logOf = (cluster: string | null): Place => ({
  to: "/events",
  search: { event_type: ["CNF_STATUS_CHANGED"], ...(cluster === null ? {} : { cluster_id: cluster }) },
});
