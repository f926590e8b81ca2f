/** The values at one moment, as a table: a column for each label that tells series apart. */

import { useMemo, useState } from "react";

import { formatValue, type Unit } from "@/components/chart/units";
import { DataTable, type Column } from "@/components/data-table";
import { At } from "@/components/timestamp";
import { SeriesLinks } from "@/features/observability/metrics/results/series-links";
import type { Line } from "@/components/chart/lines";
import { unitOf } from "@/components/chart/unit-of";
import type { Answered } from "@/features/observability/metrics/use-metrics";
import type { MetricsSearch } from "@/features/observability/search";
import { useHeld } from "@/lib/held";
import { useSearch, useSetSearch } from "@/lib/place";
import { useSettings } from "@/lib/settings";

const MOST_LABELS = 5;
const ROW = { comfortable: 44, compact: 32 } as const;
const HEAD = 44;
const MOST_HEIGHT = 480;

export function ResultTable({ data }: { data: Answered }) {
  const { query } = data.body;
  const { sort = "-value" } = useSearch<MetricsSearch>();
  // Another question or order is another list, which is held by itself.
  return <Held key={`${sort} ${query}`} sort={sort} query={query} data={data} />;
}

function Held({ query, data, sort }: { query: string; data: Answered; sort: string }) {
  const setSearch = useSetSearch<MetricsSearch>();
  const density = useSettings((settings) => settings.density);
  const now = useMemo(() => sorted(data.lines, sort), [data.lines, sort]);
  const [held, setHeld] = useState(false);
  const { rows } = useHeld(now, held, ({ name }) => name);
  const columns = useMemo(() => columnsOf(data, query), [data, query]);
  const height = Math.min(MOST_HEIGHT, HEAD + rows.length * ROW[density] + 2);
  return (
    <div className="metrics-table" style={{ blockSize: height }}>
      <DataTable
        label={`Values of ${query}`}
        rows={rows}
        columns={columns}
        idOf={({ name }) => name}
        onHeld={setHeld}
        sort={sort}
        onSort={(by) => setSearch({ sort: by as NonNullable<MetricsSearch["sort"]> }, { replace: true })}
      />
    </div>
  );
}

function columnsOf({ lines, common }: Answered, query: string): Column<Line>[] {
  const unit = unitOf(query);
  const names = [...new Set(lines.flatMap(({ metric }) => Object.keys(metric)))].filter((name) => !(name in common));
  const labels = names.slice(0, MOST_LABELS).map(
    (name, place): Column<Line> => ({
      id: `label ${name}`,
      header: name === "__name__" ? "metric" : name,
      width: "minmax(5rem, 2fr)",
      // The first tells rows apart also where there is little room.
      ...(place === 0 ? {} : { from: place === 1 ? 30 : 45 }),
      cell: ({ metric }) => <Cut text={metric[name] ?? ""} />,
    }),
  );
  const hasClusters = lines.some(({ clusterName }) => clusterName !== undefined);
  return [
    {
      id: "series",
      header: hasClusters ? "Cluster" : "Series",
      width: "minmax(5rem, 1.5fr)",
      sort: "series",
      cell: ({ clusterName, name }) => <Cut text={clusterName ?? name} />,
    },
    ...labels,
    {
      id: "value",
      header: "Value",
      width: "minmax(4.5rem, 1fr)",
      align: "end",
      sort: "value",
      cell: (line) => (
        <span className="numbers" title={line.said}>
          {written(line, unit)}
        </span>
      ),
    },
    {
      id: "at",
      header: "At",
      width: "12rem",
      from: 60,
      cell: ({ saidAt }) => (saidAt === undefined ? null : <At at={new Date(saidAt).toISOString()} />),
    },
    { id: "links", header: "Links", width: "3.5rem", from: 30, align: "end", cell: (line) => <SeriesLinks line={line} /> },
  ];
}

const Cut = ({ text }: { text: string }) => (
  <span className="cut" title={text}>
    {text}
  </span>
);

/** A number with its unit; a query may also come to a text. */
function written(line: Line, unit: Unit): string {
  const value = valueOf(line);
  return Number.isNaN(value) ? (line.said ?? "–") : formatValue(value, unit);
}

const valueOf = ({ points }: Line) => points[1][points[1].length - 1] ?? Number.NaN;

/** What is no number comes last, whichever way they are sorted. */
export function sorted(lines: readonly Line[], sort: string): Line[] {
  const way = sort.startsWith("-") ? -1 : 1;
  if (sort.endsWith("series")) {
    return lines.toSorted((a, b) => way * a.name.localeCompare(b.name, "en", { numeric: true }));
  }
  const isNumber = (line: Line) => !Number.isNaN(valueOf(line));
  const numbers = lines.filter(isNumber).toSorted((a, b) => way * (valueOf(a) - valueOf(b)));
  return [...numbers, ...lines.filter((line) => !isNumber(line))];
}
