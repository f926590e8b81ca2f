import { Button } from "@patternfly/react-core";

import { Nothing } from "@/components/states";
import { Breakdowns } from "@/features/gpu/breakdowns";
import { Filters } from "@/features/gpu/filters";
import { MapPanel } from "@/features/gpu/map/map-panel";
import { Totals } from "@/features/gpu/totals";
import type { GpuSearch } from "@/features/gpu/search";
import type { GpuSummary } from "@/generated/api.schemas";
import { useSetSearch } from "@/lib/place";

/** All GPUs at one look. */
export function OverviewTab({ summary }: { summary: GpuSummary }) {
  return (
    <>
      <Filters />
      {summary.nodes === 0 && summary.gpus === 0 && summary.lost === 0 ? (
        <NoneHere />
      ) : (
        <>
          <Totals summary={summary} />
          <MapPanel />
          <Breakdowns summary={summary} />
        </>
      )}
    </>
  );
}

/** There are GPUs, but none of what the filters ask for. */
function NoneHere() {
  const setSearch = useSetSearch<GpuSearch>();
  return (
    <Nothing
      title="No GPU matches"
      actions={
        <Button variant="link" onClick={() => setSearch({ cluster_id: undefined, namespace: undefined, model: undefined, show: undefined })}>
          Clear all filters
        </Button>
      }
    >
      No GPU is known in these clusters or used by this namespace.
    </Nothing>
  );
}
