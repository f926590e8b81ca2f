/** An event in one line. */

import { title } from "@/lib/format";

export interface Event {
  event_type: string;
  cluster_name: string | null;
  payload: unknown;
}

type Payload = Readonly<Record<string, unknown>> | null | undefined;

/** `Alert fired: KubeNodeNotReady on edge-3`. */
export function whatHappened({ event_type, cluster_name, payload }: Event): string {
  const about = aboutWhat(payload as Payload);
  const what = about === "" ? title(event_type) : `${title(event_type)}: ${about}`;
  return cluster_name === null ? what : `${what} on ${cluster_name}`;
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
