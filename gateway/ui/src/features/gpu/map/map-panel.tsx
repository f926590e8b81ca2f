import "@/features/gpu/map/map.css";

import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { Failure, InlineFailure, Loading } from "@/components/states";
import { DataAge } from "@/components/timestamp";
import { countMarks, held as holdShape, sameShape } from "@/features/gpu/map/fleet";
import { Heatmap, openOf } from "@/features/gpu/map/heatmap";
import { Legend } from "@/features/gpu/map/legend";
import { MapTable } from "@/features/gpu/map/map-table";
import { SCALES } from "@/features/gpu/map/ramp";
import { MAP_METRICS, type GpuSearch } from "@/features/gpu/search";
import { useMap } from "@/features/gpu/use-gpu";
import type { GpuMap } from "@/generated/api.schemas";
import { useLiveState } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Every GPU of the fleet in one picture, or in one table. */
export function MapPanel() {
  const { metric = "utilization", by, show, view, model, namespace, open } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const query = useMap();
  const [pointer, setPointer] = useState(false);
  const chosen = useMemo(() => query.data && ofModels(query.data, model), [query.data, model]);
  const [map, shape] = useSteady(chosen, pointer);
  const counts = useMemo(() => map && countMarks(map), [map]);
  return (
    <section className="panel gpu-map-panel" aria-labelledby="gpu-map">
      <header className="gpu-panel-head">
        <h2 id="gpu-map">GPU by GPU</h2>
        <span className="hint">
          <Age readAt={query.dataUpdatedAt} />
        </span>
        <div className="toolbar-end">
          <Switches />
        </div>
      </header>
      {query.error && map ? <InlineFailure error={query.error} what="The map could not be read again" /> : null}
      {namespace ? <p className="hint">The map shows GPUs of every namespace; figures and tabs are of {namespace} only.</p> : null}
      {map === undefined || shape === undefined || counts === undefined ? (
        query.error ? (
          <Failure error={query.error} what="The map" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={8} label="Loading the map" />
        )
      ) : (
        <>
          <Legend metric={metric} counts={counts} show={show} colours={view !== "table"} />
          {view === "table" ? (
            <MapTable map={map} show={show} />
          ) : (
            <div onPointerEnter={() => setPointer(true)} onPointerLeave={() => setPointer(false)}>
              <Heatmap
                map={map}
                shape={shape}
                metric={metric}
                by={by}
                show={show}
                onOpen={(row) => setSearch(openOf(map, row), { replace: open !== undefined })}
              />
            </div>
          )}
        </>
      )}
    </section>
  );
}

/** Nothing moves while the pointer is in it: GPUs that come or go do so when it has left. */
function useSteady(now: GpuMap | undefined, isHeld: boolean): [GpuMap | undefined, GpuMap | undefined] {
  const [shape, setShape] = useState(now);
  const same = shape !== undefined && now !== undefined && sameShape(shape, now);
  const keep = same || (isHeld && shape !== undefined && now !== undefined);
  if (!keep && shape !== now) setShape(now);
  if (!keep) return [now, now];
  return [same ? now : holdShape(shape, now!), shape];
}

/** The GPUs of some models: the others are no part of the picture. */
function ofModels(map: GpuMap, wanted: readonly string[] | undefined): GpuMap {
  if (wanted === undefined) return map;
  const models = new Set(map.models.flatMap((name, index) => (name !== null && wanted.includes(name) ? [index] : [])));
  return { ...map, gpus: map.gpus.filter((row) => models.has(row[2])) };
}

/** Nothing of it where an instant is shown. */
function Age({ readAt }: { readAt: number }) {
  const { as_of } = useAsOf();
  const connection = useLiveState((state) => state.connection);
  if (as_of !== undefined || readAt === 0) return null;
  return connection === "live" ? <span>kept live</span> : <DataAge at={readAt} />;
}

function Switches() {
  const { metric = "utilization", by, view } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const change = (changed: GpuSearch) => setSearch(changed, { replace: true });
  return (
    <>
      {view === "table" ? null : (
        <>
          <ToggleGroup isCompact aria-label="Colour GPUs by">
            {MAP_METRICS.map((each) => (
              <ToggleGroupItem
                key={each}
                text={each === "memory" ? "Memory" : SCALES[each].name}
                isSelected={metric === each}
                onChange={() => change({ metric: each === "utilization" ? undefined : each })}
              />
            ))}
          </ToggleGroup>
          <ToggleGroup isCompact aria-label="Group GPUs by">
            <ToggleGroupItem text="Cluster" isSelected={by === undefined} onChange={() => change({ by: undefined })} />
            <ToggleGroupItem text="Model" isSelected={by === "model"} onChange={() => change({ by: "model" })} />
            <ToggleGroupItem text="Flat" isSelected={by === "flat"} onChange={() => change({ by: "flat" })} />
          </ToggleGroup>
        </>
      )}
      <ToggleGroup isCompact aria-label="Show GPUs as">
        <ToggleGroupItem text="Map" isSelected={view === undefined} onChange={() => change({ view: undefined })} />
        <ToggleGroupItem text="Table" isSelected={view === "table"} onChange={() => change({ view: "table" })} />
      </ToggleGroup>
    </>
  );
}
