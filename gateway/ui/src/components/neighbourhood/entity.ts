/** What one can stand beside: its text in the URL, and what labels and places of incidents say of it. */

import { uuid } from "@/lib/search";

interface InCluster {
  /** The id of its cluster. */
  cluster: string;
}

interface Things {
  pod: InNamespace;
  workload: InNamespace;
  node: Named;
  namespace: Named;
  gpu: Named;
  service: Named;
  cluster: InCluster;
}

interface Named extends InCluster {
  name: string;
}

interface InNamespace extends Named {
  namespace: string;
}

/** Something of one cluster, of some kinds: all but alerts and incidents. */
export type Of<K extends keyof Things> = { [Each in K]: Things[Each] & { kind: Each } }[K];
export type Thing = Of<keyof Things>;
export type Entity = Thing | { kind: "alert"; id: string } | { kind: "incident"; id: string };
export type Kind = Entity["kind"];

const TWO_PARTS = ["pod", "workload"] as const;
const ONE_PART = ["node", "namespace", "gpu", "service"] as const;
const BY_ID = ["alert", "incident"] as const;
const isOf = <T extends string>(kinds: readonly T[], kind: string): kind is T => kinds.some((each) => each === kind);

/** `pod/shop/cart-5d8f@CLUSTER_ID`, `node/worker-1@CLUSTER_ID`, `cluster@ID`, `alert/ID`: readable, and the same for the same thing. */
export function formatEntity(entity: Entity): string {
  switch (entity.kind) {
    case "pod":
    case "workload":
      return `${entity.kind}/${written(entity.namespace)}/${written(entity.name)}@${entity.cluster}`;
    case "cluster":
      return `cluster@${entity.cluster}`;
    case "alert":
    case "incident":
      return `${entity.kind}/${entity.id}`;
    default:
      return `${entity.kind}/${written(entity.name)}@${entity.cluster}`;
  }
}

/** The same read again; undefined for what `formatEntity` does not write. */
export function parseEntity(text: string): Entity | undefined {
  const at = text.lastIndexOf("@");
  const [kind = "", ...parts] = (at < 0 ? text : text.slice(0, at)).split("/").map(read);
  const cluster = at < 0 ? undefined : uuid(text.slice(at + 1));
  const entity = cluster === undefined ? byId(kind, parts) : inCluster(kind, parts, cluster);
  return entity !== undefined && formatEntity(entity) === text ? entity : undefined;
}

function byId(kind: string, [said, ...rest]: string[]): Entity | undefined {
  const id = uuid(said);
  return id !== undefined && rest.length === 0 && isOf(BY_ID, kind) ? { kind, id } : undefined;
}

function inCluster(kind: string, parts: string[], cluster: string): Thing | undefined {
  const [first, second, ...rest] = parts;
  if (rest.length > 0 || parts.some((part) => part === "")) return undefined;
  if (kind === "cluster") return first === undefined ? { kind, cluster } : undefined;
  if (first === undefined) return undefined;
  if (isOf(TWO_PARTS, kind)) return second === undefined ? undefined : { kind, cluster, namespace: first, name: second };
  return second === undefined && isOf(ONE_PART, kind) ? { kind, cluster, name: first } : undefined;
}

/** Names of services may have anything in them. */
const written = (part: string): string => part.replaceAll(/[^\w.:-]/gu, encodeURIComponent);

function read(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** As it stands in the URL: what is no entity is nothing. */
export function readNear(value: unknown): string | undefined {
  return typeof value === "string" && parseEntity(value) !== undefined ? value : undefined;
}

const KINDS: Readonly<Record<Kind, string>> = {
  pod: "pod",
  workload: "workload",
  node: "node",
  namespace: "namespace",
  gpu: "GPU",
  service: "service",
  cluster: "cluster",
  alert: "alert",
  incident: "incident",
};

export const kindInWords = ({ kind }: Entity): string => KINDS[kind];

/** What it is called; undefined where its text has an id alone. */
export function ownName(entity: Entity): string | undefined {
  switch (entity.kind) {
    case "alert":
    case "incident":
    case "cluster":
      return undefined;
    case "gpu":
      return entity.name.slice(0, 12);
    default:
      return entity.name;
  }
}

/** `shop/cart-5d8f`, as it is told apart among all of its cluster. */
const fullName = (thing: Thing): string =>
  thing.kind === "pod" || thing.kind === "workload" ? `${thing.namespace}/${thing.name}` : thing.kind === "cluster" ? thing.cluster : thing.name;

/** The same as it stands in a list; of a GPU no more than the beginning of its id. */
export const nameInList = (thing: Thing): string => (thing.kind === "gpu" ? thing.name.slice(0, 12) : fullName(thing));

/** What a place of an incident is (`pod/shop/cart-5d8f`, `clock/worker-1/ens1f0`); undefined for what has no neighbourhood. */
export function entityOfPlace(place: string, cluster: string): Thing | undefined {
  const [kind = "", first = "", ...rest] = place.split("/");
  const second = rest.join("/");
  // A cluster as a whole has no name of its own there.
  if (kind === "cluster") return { kind, cluster };
  if (first === "") return undefined;
  // A clock or a device is a part of its node; what serves is the workload of that name.
  if (kind === "clock" || kind === "device") return { kind: "node", cluster, name: first };
  const named = kind === "service" && second !== "" ? "workload" : kind;
  return inCluster(named, second === "" ? [first] : [first, second], cluster);
}

/** The same as incidents and causes write it: their grammar, without the cluster. */
export function placeOf(thing: Thing): string {
  return thing.kind === "cluster" ? "cluster" : `${thing.kind}/${fullName(thing)}`;
}

type Labels = Readonly<Record<string, string | undefined>>;

/** What carries a workload's name, by its kind. */
export const WORKLOAD_LABELS = ["deployment", "statefulset", "daemonset", "workload"] as const;

/** Everything that labels name, the smallest thing first; the cluster last. */
export function entitiesOfLabels(labels: Labels, cluster: string): Thing[] {
  const { namespace, pod } = labels;
  const gpu = labels["UUID"] ?? labels["gpu_uuid"];
  const node = labels["node"] ?? labels["Hostname"];
  const workload = WORKLOAD_LABELS.map((name) => labels[name]).find(Boolean);
  return [
    gpu ? ({ kind: "gpu", cluster, name: gpu } as const) : undefined,
    pod && namespace ? ({ kind: "pod", cluster, namespace, name: pod } as const) : undefined,
    workload && namespace ? ({ kind: "workload", cluster, namespace, name: workload } as const) : undefined,
    node ? ({ kind: "node", cluster, name: node } as const) : undefined,
    namespace ? ({ kind: "namespace", cluster, name: namespace } as const) : undefined,
    { kind: "cluster", cluster } as const,
  ].filter((each) => each !== undefined);
}

/** The smallest thing that labels name. */
export const entityOfLabels = (labels: Labels, cluster: string): Thing => entitiesOfLabels(labels, cluster)[0]!;

/** The way of hops, once one has come to `near`: going back to one of them leaves what came after it. */
export function stepped(trail: readonly string[], near: string): readonly string[] {
  const at = trail.indexOf(near);
  return at < 0 ? [...trail, near] : at === trail.length - 1 ? trail : trail.slice(0, at + 1);
}
