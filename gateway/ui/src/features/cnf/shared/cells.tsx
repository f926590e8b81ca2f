/** Cells that rows of all tabs have: whose it is, how old, and what is not known. */

import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { ExclamationTriangleIcon } from "@patternfly/react-icons";
import { PageLink } from "@/lib/place";

interface Sampled {
  cluster_id: string;
  cluster_name: string;
  last_updated: string;
  stale: boolean;
}

/** What has a name, and beside it, quieter, where it belongs. */
export function Named({ name, of }: { name: string; of?: string | null | undefined }) {
  return (
    <span title={of ? `${name} · ${of}` : name}>
      {name}
      {of ? <span className="quiet cnf-second">{of}</span> : null}
    </span>
  );
}

export const Unknown = ({ why }: { why?: string | undefined }) => (
  <span className="quiet" title={why}>
    –
  </span>
);

export function Maybe({ children }: { children: string | null | undefined }) {
  return children ? <span title={children}>{children}</span> : <Unknown />;
}

/** When it was sampled; old data is marked, as it may be otherwise by now. */
export function Age({ of }: { of: Sampled }) {
  if (!of.stale) return <Ago at={of.last_updated} />;
  return (
    <span className="cnf-old tone-warning" title="No sample for three intervals: it may be otherwise by now">
      <ExclamationTriangleIcon />
      <span className="visually-hidden">Old:</span>
      <Ago at={of.last_updated} />
    </span>
  );
}

export const clusterColumn = <Row extends Sampled>(from: 45 | 60 = 45): Column<Row> => ({
  id: "cluster",
  header: "Cluster",
  width: "minmax(5rem, 1fr)",
  from,
  cell: ({ cluster_id, cluster_name }) => (
    <span title={cluster_name}>
      <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>
    </span>
  ),
});

export const nodeColumn = <Row extends { node_name?: string | null }>(from: 60 | 75 = 60): Column<Row> => ({
  id: "node",
  header: "Node",
  width: "minmax(6rem, 1.5fr)",
  from,
  cell: ({ node_name }) => <Maybe>{node_name}</Maybe>,
});

export const ageColumn = <Row extends Sampled>(): Column<Row> => ({
  id: "sampled",
  header: "Sampled",
  width: "6.75rem",
  from: 45,
  cell: (row) => <Age of={row} />,
});
