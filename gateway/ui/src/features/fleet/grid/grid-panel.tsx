import "@/features/fleet/textures.css";
import "@/features/fleet/grid/grid.css";

import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { lazy, Suspense, useDeferredValue } from "react";

import { Loading } from "@/components/states";
import { DataAge } from "@/components/timestamp";
import { StateGrid } from "@/features/fleet/grid/state-grid";
import { useSteady } from "@/features/fleet/grid/steady";
import { grouped } from "@/features/fleet/grid/groups";
import { countStates, STATES } from "@/features/fleet/health";
import { useHolding } from "@/features/fleet/holding";
import { GROUPINGS, type FleetSearch } from "@/features/fleet/search";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import { useLiveState } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

const StateTable = lazy(() => import("@/features/fleet/grid/state-table"));

interface GridPanelProps {
  clusters: readonly ClusterInFleet[];
  readAt: number;
}

/** Every cluster at one look: as a grid, or as a table. */
export function GridPanel({ clusters, readAt }: GridPanelProps) {
  const { group, view } = useSearch<FleetSearch>();
  const holding = useHolding();
  const shown = useDeferredValue(useSteady(clusters, holding.held));
  return (
    <section className="panel" aria-labelledby="fleet-states">
      <header className="fleet-panel-head">
        <h2 id="fleet-states">Cluster states</h2>
        <div className="toolbar-end">
          <Switches grouping={group} view={view} />
        </div>
      </header>
      <div className="fleet-panel-head">
        <Legend clusters={clusters} />
        <div className="toolbar-end hint">
          <Age readAt={readAt} />
        </div>
      </div>
      <div {...holding.props}>
        {view === "table" ? (
          <Suspense fallback={<Loading label="Loading the table" />}>
            <StateTable clusters={shown} />
          </Suspense>
        ) : (
          <StateGrid groups={grouped(shown, group)} />
        )}
      </div>
    </section>
  );
}

/** Nothing where the stream keeps it as it is, or where the instant is chosen: how old it is elsewhere. */
function Age({ readAt }: { readAt: number }) {
  const { as_of } = useAsOf();
  const connection = useLiveState((state) => state.connection);
  if (as_of !== undefined) return null;
  return connection === "live" ? <span>kept live</span> : <DataAge at={readAt} />;
}

function Legend({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const states = countStates(clusters);
  return (
    <ul className="plain fleet-legend" aria-label="Clusters in each state">
      {STATES.filter((state) => states[state] > 0).map((state) => (
        <li key={state} className={`is-${state.toLowerCase()}`}>
          <span className="fleet-swatch" aria-hidden="true" />
          {title(state)} <span className="numbers quiet">{count(states[state])}</span>
        </li>
      ))}
    </ul>
  );
}

function Switches({ grouping, view }: { grouping: FleetSearch["group"]; view: FleetSearch["view"] }) {
  const setSearch = useSetSearch<FleetSearch>();
  const change = (changed: FleetSearch) => setSearch(changed, { replace: true });
  return (
    <>
      {view === "table" ? null : (
        <ToggleGroup isCompact aria-label="Group clusters by">
          <ToggleGroupItem
            text="Together"
            isSelected={grouping === undefined}
            onChange={() => change({ group: undefined })}
          />
          {GROUPINGS.map((each) => (
            <ToggleGroupItem
              key={each}
              text={title(each)}
              isSelected={grouping === each}
              onChange={() => change({ group: each })}
            />
          ))}
        </ToggleGroup>
      )}
      <ToggleGroup isCompact aria-label="Show clusters as">
        <ToggleGroupItem text="Grid" isSelected={view === undefined} onChange={() => change({ view: undefined })} />
        <ToggleGroupItem text="Table" isSelected={view === "table"} onChange={() => change({ view: "table" })} />
      </ToggleGroup>
    </>
  );
}
