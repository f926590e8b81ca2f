import { useDeferredValue, useMemo, useState } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { Nothing } from "@/components/states";
import { isLost, isMarked, placeOf, stateOf, valueOf, type Place, type Row } from "@/features/gpu/map/fleet";
import { openOf } from "@/features/gpu/map/heatmap";
import { MARK_WORDS } from "@/features/gpu/map/mark-words";
import { MAP_SORTS, MARKS, sortOf, type GpuSearch, type MapMetric, type Mark } from "@/features/gpu/search";
import { celsius, NOT_KNOWN, percent, watts } from "@/features/gpu/values";
import type { GpuMap } from "@/generated/api.schemas";
import { useHeld } from "@/lib/held";
import { useSearch, useSetSearch } from "@/lib/place";

interface Line extends Place {
  id: string;
  row: Row;
  marks: readonly Mark[];
}

const idOf = ({ id }: Line) => id;
/** A GPU that is lost has no values now, whatever they were. */
const now = (row: Row, text: string) =>
  isLost(row) ? <span className="quiet">–</span> : text === NOT_KNOWN ? <span className="quiet">{text}</span> : <span className="numbers">{text}</span>;
const COLUMNS: readonly Column<Line>[] = [
  {
    id: "gpu",
    header: "GPU",
    width: "minmax(6rem, 2fr)",
    sort: "node",
    cell: ({ node, gpu }) => (
      <span className="gpu-of-node" title={node}>
        <span className="cut">{node}</span>{" "}
        <span className="quiet">{gpu === null ? "" : `GPU ${gpu}`}</span>
      </span>
    ),
  },
  { id: "cluster", header: "Cluster", width: "minmax(6rem, 1fr)", from: 45, cell: ({ clusterName }) => clusterName },
  { id: "model", header: "Model", width: "minmax(6rem, 1fr)", from: 60, cell: ({ model }) => model },
  { id: "busy", header: "Busy", width: "4rem", align: "end", sort: "utilization", cell: ({ row }) => now(row, percent(row[3])) },
  { id: "memory", header: "Memory", width: "6rem", align: "end", from: 45, sort: "memory", cell: ({ row }) => now(row, percent(row[4])) },
  { id: "temperature", header: "Temp.", width: "4rem", align: "end", sort: "temperature", cell: ({ row }) => now(row, celsius(row[5])) },
  { id: "power", header: "Power", width: "5.5rem", align: "end", from: 30, sort: "power", cell: ({ row }) => now(row, watts(row[7])) },
  {
    id: "state",
    header: "State",
    width: "minmax(7rem, 1fr)",
    from: 45,
    cell: ({ marks }) => marks.map((mark) => MARK_WORDS[mark]).join(", ") || <span className="quiet">–</span>,
  },
];

/** The map as a table: every GPU, or those that have what is looked for. */
export function MapTable({ map, show }: { map: GpuMap; show: Mark | undefined }) {
  const { sort: said, open } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const sort = sortOf(said, MAP_SORTS) ?? "node";
  const [inList, setInList] = useState(false);
  const calm = useDeferredValue(map);
  const now = useMemo(() => linesOf(calm, show, sort), [calm, show, sort]);
  const { rows: lines } = useHeld(now, inList, idOf, `${show} ${sort}`);
  if (lines.length === 0) {
    return (
      <Nothing title="None is so now">
        No GPU here is “{show ? MARK_WORDS[show].toLowerCase() : ""}”. Press the mark again to see all.
      </Nothing>
    );
  }
  return (
    <div className="gpu-map-table">
      <DataTable
        label="GPUs"
        rows={lines}
        columns={COLUMNS}
        idOf={idOf}
        onHeld={setInList}
        sort={sort}
        onSort={(wanted) => setSearch({ sort: wanted }, { replace: true })}
        onOpen={({ row }) => setSearch(openOf(map, row), { replace: open !== undefined })}
      />
    </div>
  );
}

function linesOf(map: GpuMap, show: Mark | undefined, sort: string): Line[] {
  const places = new Map(map.gpus.map((row, index) => [row, index]));
  const rows = show === undefined ? map.gpus : map.gpus.filter((row) => isMarked(map, row, show));
  const by = sort.replace(/^-/, "");
  const sorted = by === "node" ? (sort === "node" ? rows : rows.toReversed()) : byValue(rows, by as MapMetric, sort === by);
  return sorted.map((row) => ({
    id: String(places.get(row)),
    row,
    marks: MARKS.filter((mark) => isMarked(map, row, mark) && !(mark === "idle" && stateOf(row) & 8)),
    ...placeOf(map, row),
  }));
}

/** What is not known comes last, either way. */
function byValue(rows: readonly Row[], metric: MapMetric, ascending: boolean): Row[] {
  const worst = ascending ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const of = (row: Row) => valueOf(row, metric) ?? worst;
  return rows.toSorted((a, b) => (ascending ? of(a) - of(b) : of(b) - of(a)) || 0);
}
