import { useState } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { duration } from "@/features/observability/traces/duration";
import { share } from "@/features/observability/traces/map/drawing";
import type { MapEdge } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { PageLink } from "@/lib/place";

const COLUMNS: readonly Column<MapEdge>[] = [
  { id: "caller", header: "Caller", width: "1fr", sort: "caller", cell: ({ caller }) => <Service name={caller} /> },
  { id: "callee", header: "Called", width: "1fr", sort: "callee", cell: ({ callee }) => <Service name={callee} /> },
  number("calls", "Calls", ({ calls }) => count(calls)),
  number("errors", "Failed", ({ errors, calls }) => (errors === 0 ? "0" : `${count(errors)} (${share(errors, calls)})`)),
  { ...number("p50_ms", "p50", ({ p50_ms }) => duration(p50_ms)), from: 45 },
  number("p95_ms", "p95", ({ p95_ms }) => duration(p95_ms)),
];

function number(id: keyof MapEdge, header: string, told: (edge: MapEdge) => string): Column<MapEdge> {
  return {
    id,
    header,
    width: "minmax(4rem, 7rem)",
    sort: id,
    align: "end",
    cell: (edge) => <span className="numbers">{told(edge)}</span>,
  };
}

function Service({ name }: { name: string }) {
  return (
    <PageLink to="/observability/traces" search={{ service: name }}>
      {name}
    </PageLink>
  );
}

/** Calls between services; durations are those of the one that is called. */
export function CallsTable({ edges }: { edges: readonly MapEdge[] }) {
  const [sort, setSort] = useState("-calls");
  const by = sort.replace("-", "") as keyof MapEdge;
  const down = sort.startsWith("-") ? -1 : 1;
  const rows = edges.toSorted((a, b) => {
    const [one, other] = [a[by], b[by]];
    return down * (typeof one === "string" ? one.localeCompare(String(other)) : one - Number(other));
  });
  return (
    <DataTable
      label="Calls between services"
      rows={rows}
      columns={COLUMNS}
      idOf={({ caller, callee }) => `${caller}>${callee}`}
      sort={sort}
      onSort={setSort}
    />
  );
}
