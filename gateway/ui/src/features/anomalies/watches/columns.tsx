/** What a row of watches shows. */

import { SENSITIVITIES } from "@/components/anomalies/words";
import { useClusterNaming } from "@/components/cluster-names";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { boundsInWords, everyInWords } from "@/features/anomalies/watches/words";
import type { WatchView } from "@/generated/api.schemas";

function Clusters({ ids }: { ids: readonly string[] }) {
  const names = useClusterNaming(1);
  return <span className={ids.length > 0 ? "" : "quiet"}>{ids.length > 0 ? names(ids) : "all clusters"}</span>;
}

export const WATCH_COLUMNS: readonly Column<WatchView>[] = [
  {
    id: "title",
    header: "Watch",
    width: "minmax(8rem, 1.3fr)",
    cell: ({ title, id }) => (
      <>
        <span className="anomalies-name" title={title}>
          {title}
        </span> <span className="quiet mono anomalies-rest">{id}</span>
      </>
    ),
  },
  {
    id: "query",
    header: "Query",
    width: "minmax(8rem, 2fr)",
    from: 30,
    cell: ({ query }) => (
      <span className="mono" title={query}>
        {query}
      </span>
    ),
  },
  { id: "clusters", header: "Clusters", width: "minmax(6rem, 0.7fr)", from: 60, cell: ({ cluster_ids = [] }) => <Clusters ids={cluster_ids} /> },
  {
    id: "every",
    header: "Asked",
    width: "6.5rem",
    from: 45,
    cell: ({ every_seconds: every = 60 }) => <span className="numbers">{everyInWords(every)}</span>,
  },
  {
    id: "bounds",
    header: "Bounds",
    width: "minmax(6rem, 0.7fr)",
    from: 60,
    cell: (watch) => <span className={boundsInWords(watch) ? "numbers" : "quiet"}>{boundsInWords(watch) ?? "none"}</span>,
  },
  {
    id: "sensitivity",
    header: "Sensitivity",
    width: "6.5rem",
    from: 75,
    cell: ({ sensitivity = "MEDIUM" }) => SENSITIVITIES[sensitivity][0],
  },
  {
    id: "changed",
    header: "Changed",
    width: "minmax(6.5rem, 0.9fr)",
    cell: ({ changed_at, changed_by }) => (
      <>
        <Ago at={changed_at} /> <span className="quiet anomalies-wide">by {changed_by}</span>
      </>
    ),
  },
];
