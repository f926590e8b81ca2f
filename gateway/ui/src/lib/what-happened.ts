/** An event in one line. */

import type { CnfStatusChanged } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { gpuTold, isGpuFact } from "@/lib/gpus";
import { functionTold } from "@/lib/network-functions";

export interface Event {
  event_type: string;
  cluster_name: string | null;
  payload: unknown;
}

type Payload = Readonly<Record<string, unknown>> | null | undefined;

/** `Alert fired: KubeNodeNotReady on edge-3`. */
export function whatHappened({ event_type, cluster_name, payload }: Event): string {
  const told = hardwareTold(event_type, payload);
  if (told !== undefined) return cluster_name === null ? told : `${told}, in ${cluster_name}`;
  const about = aboutWhat(payload as Payload);
  const what = about === "" ? title(event_type) : `${title(event_type)}: ${about}`;
  return cluster_name === null ? what : `${what} on ${cluster_name}`;
}

/** GPUs and network functions say where they are by themselves. */
function hardwareTold(type: string, payload: unknown): string | undefined {
  if (payload === null || payload === undefined) return undefined;
  if (isGpuFact(type)) return gpuTold(type, payload);
  return type === "CNF_STATUS_CHANGED" ? functionTold(payload as CnfStatusChanged) : undefined;
}

function aboutWhat(payload: Payload): string {
  const alert = payload?.["alert"] as { alertname?: unknown } | undefined;
  const name = alert?.alertname ?? payload?.["backend"];
  if (typeof name === "string") return name;
  const [before, after] = [stateOf(payload?.["old_status"]), stateOf(payload?.["new_status"])];
  return before !== undefined && after !== undefined && before !== after ? `${before} → ${after}` : "";
}

const stateOf = (status: unknown): string | undefined => {
  const state = typeof status === "string" ? status : (status as { state?: unknown } | null | undefined)?.state;
  return typeof state === "string" ? state : undefined;
};
