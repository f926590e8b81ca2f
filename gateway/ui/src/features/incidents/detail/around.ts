/** Where else to look for a signal: its own page, and metrics, logs and events around it. */

import { selector } from "@/components/neighbourhood/queries";
import type { SignalView } from "@/generated/api.schemas";
import type { Place } from "@/lib/place";

type Told = Pick<SignalView, "where" | "name" | "kind">;

/** `pod/shop/cart-5d8f` as its parts, of the first that is of this kind. */
function partsOf(where: readonly string[], kind: string): readonly string[] | undefined {
  return where.find((each) => each.startsWith(`${kind}/`))?.split("/").slice(1);
}

/** What labels tell of the same place. */
export function labelsOf({ where }: Pick<Told, "where">): Readonly<Record<string, string>> {
  const pod = partsOf(where, "pod");
  const namespace = partsOf(where, "namespace")?.[0] ?? pod?.[0] ?? partsOf(where, "workload")?.[0];
  const node = partsOf(where, "node")?.[0];
  return {
    ...(namespace ? { namespace } : {}),
    ...(pod?.[1] ? { pod: pod[1] } : {}),
    ...(node && !pod ? { node } : {}),
  };
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** The series of the alert, or of the metric; undefined where there is none by its name. */
export function promqlOf({ kind, name, where }: Told): string | undefined {
  if (kind === "ALERT") {
    const { namespace, pod } = labelsOf({ where });
    return `ALERTS${selector({ alertname: name, ...(namespace ? { namespace } : {}), ...(pod ? { pod } : {}) })}`;
  }
  return kind === "ANOMALY" && METRIC.test(name) ? `${name}${selector(labelsOf({ where }))}` : undefined;
}

/** The lines of what it is about; undefined where that is not told. */
export function logqlOf({ where }: Pick<Told, "where">): string | undefined {
  const { namespace, pod } = labelsOf({ where });
  return namespace === undefined ? undefined : selector({ namespace, ...(pod ? { pod } : {}) });
}

/** The page that shows what it was in the log. */
export function ownPage({ kind, id, cluster_id, name, where }: SignalView): Place & { says: string } {
  if (kind === "ALERT") return { to: "/alerts", search: { alert: id }, says: "Open the alert" };
  if (kind === "ANOMALY") return { to: `/anomalies/${id}`, says: "Open the anomaly" };
  const node = partsOf(where, "node")?.[0];
  if (name.startsWith("GPU_") && node) {
    return { to: "/gpu", search: { tab: "nodes", open: `${cluster_id}/${node}` }, says: "Open the node's GPUs" };
  }
  if (name.startsWith("CLUSTER_") || name.startsWith("BACKEND_")) return { to: `/clusters/${cluster_id}`, says: "Open the cluster" };
  return { to: `/clusters/${cluster_id}`, search: { tab: "functions" }, says: "Open the cluster's network functions" };
}
