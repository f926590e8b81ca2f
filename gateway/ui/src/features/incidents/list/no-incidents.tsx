import { Button } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons";

import { Nothing } from "@/components/states";
import { cleared, isFiltered, isPast } from "@/features/incidents/list/rows";
import type { IncidentsSearch } from "@/features/incidents/search";
import { useGetFleetHealth } from "@/generated/api";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

/** Why the list is empty, and what an incident is for whoever has never seen one. */
export function NoIncidents() {
  const search = useSearch<IncidentsSearch>();
  const setSearch = useSetSearch<IncidentsSearch>();
  const { as_of } = useAsOf();
  if (isFiltered(search)) {
    return (
      <Nothing
        title="No incident matches"
        actions={
          <Button variant="primary" onClick={() => setSearch(cleared(search))}>
            Clear all filters
          </Button>
        }
      >
        There may be others: the filters above leave none.
      </Nothing>
    );
  }
  if (isPast(search)) {
    return (
      <Nothing title="No resolved incident">
        {as_of === undefined ? "None was resolved yet." : "None had been resolved at the instant that is shown."} Those that are not over are{" "}
        <PageLink to="/incidents">listed as open</PageLink>.
      </Nothing>
    );
  }
  return <AllWell />;
}

function AllWell() {
  const asOf = useAsOf();
  const { data } = useGetFleetHealth(asOf, { query: { staleTime: 30_000 } });
  const silent = data?.items.filter(({ state }) => state === "OFFLINE" || state === "UNKNOWN").length ?? 0;
  return (
    <Nothing
      title="No open incident"
      icon={CheckCircleIcon}
      actions={
        <>
          <PageLink to="/incidents" search={{ state: ["RESOLVED"] }}>
            See resolved incidents
          </PageLink>
          <PageLink to="/alerts">See alerts one by one</PageLink>
        </>
      }
    >
      <p>
        An incident is what belongs together: alerts, anomalies and states of clusters, GPUs and network functions that
        share a node, a workload or a time become one, each with the reason why. It resolves by itself when all of it
        has ended, and anybody with the role operator can take it up, merge it or split it.
      </p>
      {silent > 0 ? (
        <p>
          {plural(silent, "cluster")} cannot be reached, so of {silent === 1 ? "it" : "them"} nothing new is known.{" "}
          <PageLink to="/clusters" search={{ state: ["OFFLINE", "UNKNOWN"] }}>
            See which
          </PageLink>
        </p>
      ) : null}
    </Nothing>
  );
}
