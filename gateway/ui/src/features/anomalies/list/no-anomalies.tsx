import { Button } from "@patternfly/react-core";
import { ChartLineIcon } from "@patternfly/react-icons";

import { Nothing } from "@/components/states";
import { CLEARED, isFiltered } from "@/features/anomalies/list/rows";
import type { AnomaliesSearch } from "@/features/anomalies/search";
import { useListWatches } from "@/generated/api";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

/** Why the list is empty, and what an anomaly is for whoever has never seen one. */
export function NoAnomalies() {
  const search = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  const asOf = useAsOf();
  const { data } = useListWatches({ page_size: 1, ...asOf }, { query: { staleTime: 30_000 } });
  if (isFiltered(search)) {
    return (
      <Nothing
        title="No anomaly matches"
        actions={
          <Button variant="primary" onClick={() => setSearch(CLEARED)}>
            Clear all filters
          </Button>
        }
      >
        There may be others: the filters above leave none.
      </Nothing>
    );
  }
  return (
    <Nothing
      title={asOf.as_of === undefined ? "No anomaly was told yet" : "No anomaly had been told at the instant that is shown"}
      icon={ChartLineIcon}
      actions={
        <>
          <PageLink to="/anomalies" search={{ tab: "watches" }}>
            {data && data.total > 0 ? "See what is watched" : "Say what to watch"}
          </PageLink>
          <PageLink to="/observability/metrics">Look for anomalies in a query</PageLink>
        </>
      }
    >
      <p>
        An anomaly is a stretch of a series in which it behaves as it did not before: a spike, a drop, a level that has moved, a pattern that is
        broken. Every GPU is looked at, and every series of a watch
        {data === undefined ? "" : data.total === 0 ? "; nothing is watched yet" : `; there ${data.total === 1 ? "is" : "are"} ${plural(data.total, "watch", "watches")}`}.
      </p>
      <p>What is usual has to be learnt first: of a new series only a bound that is crossed is told on its first day.</p>
    </Nothing>
  );
}
