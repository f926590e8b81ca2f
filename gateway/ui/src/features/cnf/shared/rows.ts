/** How rows are called: in the URL, and so that each is there once. */

interface OfCluster {
  cluster_id: string;
}

/** The cluster, then what it is called there, as events about it say: `<cluster>/<node>/<interface>`. */
export const workloadId = (row: OfCluster & { namespace: string; pod: string }) =>
  [row.cluster_id, row.namespace, row.pod].join("/");
/** Two processes may keep the clock of one interface. */
export const clockId = (row: OfCluster & { node_name: string; interface: string; process?: string | null }) =>
  [row.cluster_id, row.node_name, row.interface, row.process ?? ""].join("/");
export const functionId = (row: OfCluster & { node_name: string; resource_name: string }) =>
  [row.cluster_id, row.node_name, row.resource_name].join("/");
export const portId = (row: OfCluster & { namespace: string; pod: string; port: string }) =>
  [row.cluster_id, row.namespace, row.pod, row.port].join("/");

/** So many parts of an id, of which the last has the rest: names of resources have a slash. */
export function partsOf(id: string, count: number): string[] {
  const all = id.split("/");
  const parts = all.slice(0, count - 1);
  parts.push(all.slice(count - 1).join("/"));
  return parts;
}

/** Every row once: what is worse meanwhile moves others to the next page. */
export function once<Row>(pages: readonly { items: readonly Row[] }[], idOf: (row: Row) => string): Row[] {
  const rows = new Map<string, Row>();
  for (const { items } of pages) {
    for (const row of items) if (!rows.has(idOf(row))) rows.set(idOf(row), row);
  }
  return [...rows.values()];
}
