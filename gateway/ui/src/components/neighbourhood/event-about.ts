/** What an event is about, as things that one can stand beside. */

import { entitiesOfLabels, entityOfPlace, formatEntity, type Entity, type Thing } from "@/components/neighbourhood/entity";
import { stemOf } from "@/components/neighbourhood/topology";
import type { CnfStatusChanged, EventRecord } from "@/generated/api.schemas";
import { isGpuFact } from "@/lib/gpus";
import { partsOf } from "@/lib/network-functions";

type Told = Pick<EventRecord, "event_type" | "cluster_id"> & { payload: Readonly<Record<string, unknown>> | null };
type Part = Readonly<Record<string, unknown>> | undefined;

/** Everything that an event names, the nearest first. */
export function entitiesOfEvent({ event_type, cluster_id, payload }: Told): Entity[] {
  const by = payload === null ? [] : [...byId(payload, "alert"), ...byId(payload, "incident")];
  if (cluster_id === null) return by;
  const things = payload === null ? [] : thingsOf(event_type, payload, cluster_id);
  const cluster = event_type === "CLUSTER_DELETED" ? [] : [{ kind: "cluster", cluster: cluster_id } as const];
  const all = [...by, ...things, ...cluster];
  return all.filter((each, at) => all.findIndex((other) => formatEntity(other) === formatEntity(each)) === at);
}

function byId(payload: Readonly<Record<string, unknown>>, kind: "alert" | "incident"): Entity[] {
  const id = text((payload[kind] as Part)?.["id"]);
  return id === undefined ? [] : [{ kind, id }];
}

function thingsOf(type: string, payload: Readonly<Record<string, unknown>>, cluster: string): Thing[] {
  const labels = (payload["alert"] as Part)?.["labels"] ?? (payload["anomaly"] as Part)?.["labels"];
  if (typeof labels === "object" && labels !== null) return entitiesOfLabels(labels as Record<string, string>, cluster);
  if (type === "CNF_STATUS_CHANGED") return ofFunction(payload as unknown as CnfStatusChanged, cluster);
  const uuid = isGpuFact(type) ? text(payload["gpu_uuid"]) : undefined;
  const node = text(payload["node_name"]);
  const where = (payload["incident"] as Part)?.["where"];
  return [
    ...(uuid === undefined ? [] : [{ kind: "gpu", cluster, name: uuid } as const]),
    ...(node === undefined ? [] : [{ kind: "node", cluster, name: node } as const]),
    ...(Array.isArray(where) ? where.flatMap((place) => (typeof place === "string" ? (entityOfPlace(place, cluster) ?? []) : [])) : []),
  ];
}

function ofFunction({ area, name, node_name }: CnfStatusChanged, cluster: string): Thing[] {
  const { node = node_name, namespace, pod } = partsOf(area, name);
  return [
    ...(namespace && pod ? [{ kind: "pod", cluster, namespace, name: pod } as const] : []),
    ...(node ? [{ kind: "node", cluster, name: node } as const] : []),
    ...(namespace ? [{ kind: "namespace", cluster, name: namespace } as const] : []),
  ];
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Whether one thing is the other, or a part of it: a pod is of its namespace, and of the workload that it is called after. */
export function isWithin(entity: Entity, thing: Thing): boolean {
  if (formatEntity(entity) === formatEntity(thing)) return true;
  if (!("namespace" in entity) || entity.cluster !== thing.cluster) return false;
  if (thing.kind === "namespace") return entity.namespace === thing.name;
  return thing.kind === "workload" && entity.kind === "pod" && entity.namespace === thing.namespace && stemOf(entity.name) === thing.name;
}

/** Whether an event is about it. */
export const isAbout = (event: Told, thing: Thing): boolean => thing.kind === "cluster" || entitiesOfEvent(event).some((each) => isWithin(each, thing));
