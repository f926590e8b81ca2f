/** Which services call which, as a drawing or a table. */

import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { PartialNotice } from "@/components/partial-notice";
import { Failure, Loading, Nothing } from "@/components/states";
import { DataAge } from "@/components/timestamp";
import { CallsTable } from "@/features/observability/traces/map/calls-table";
import { Drawing } from "@/features/observability/traces/map/drawing";
import { useSteadyScope } from "@/features/observability/traces/use-traces";
import type { TracesSearch } from "@/features/observability/search";
import { useGetServiceMap } from "@/generated/api";
import { plural } from "@/lib/format";
import { useNow } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** The newest traces that it is made of. */
const SAMPLE = 100;

export function MapView() {
  const { clusters = [] } = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  const [table, setTable] = useState(false);
  const scope = useSteadyScope(clusters, useNow(60_000));
  const found = useGetServiceMap(
    { ...scope, limit: SAMPLE },
    { query: { staleTime: 60_000, placeholderData: keepPreviousData } },
  );
  const again = () => void found.refetch();
  const map = found.data;
  const bar = (
    <div className="toolbar">
      <ClusterPicker
        chosen={clusters}
        onChange={(chosen) => setSearch({ clusters: chosen.length > 0 ? chosen : undefined })}
      />
      <ToggleGroup aria-label="Shown as">
        <ToggleGroupItem text="Map" isSelected={!table} onChange={() => setTable(false)} />
        <ToggleGroupItem text="Table" isSelected={table} onChange={() => setTable(true)} />
      </ToggleGroup>
      {map ? (
        <span className="toolbar-end quiet numbers">
          <span role="status">
            Of the {plural(map.traces_read, "newest trace")}
            {map.traces_read < map.traces_found ? `; ${map.traces_found - map.traces_read} more could not be read` : ""}
          </span>
          <DataAge at={found.dataUpdatedAt} />
        </span>
      ) : null}
    </div>
  );
  if (!map) {
    return (
      <>
        {bar}
        {found.isPending ? <Loading lines={10} label="Reading the map" /> : <Failure error={found.error!} what="The service map" onRetry={again} />}
      </>
    );
  }
  return (
    <>
      {bar}
      <PartialNotice
        queried={map.clusters_queried}
        answered={map.clusters_succeeded}
        missing={map.missing}
        warnings={map.warnings}
        onRetry={again}
      />
      {map.nodes.length === 0 ? (
        <Nothing title={map.clusters_queried === 0 ? "No cluster has a Tempo" : "No traces in this time range"}>
          {map.clusters_queried === 0
            ? "Open a cluster and give it the address of its Tempo (endpoint Tempo)."
            : "Take a longer range, or other clusters."}
        </Nothing>
      ) : table ? (
        <CallsTable edges={map.edges} />
      ) : (
        <Drawing nodes={map.nodes} edges={map.edges} />
      )}
    </>
  );
}
