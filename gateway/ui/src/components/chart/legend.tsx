/** The legend: a table of the series with their figures, in which a click shows one alone. */

import { ArrowDownIcon, ArrowUpIcon } from "@patternfly/react-icons";
import { memo, useMemo, useState, type MouseEvent, type ReactNode } from "react";

import type { Extent } from "@/components/chart/align";
import type { ChartProps, ChartSeries } from "@/components/chart/chart";
import { asSelector } from "@/components/chart/lines";
import { Swatch } from "@/components/chart/swatch";
import type { Drawn } from "@/components/chart/top";
import { alike, formatValue, type Unit } from "@/components/chart/units";
import { useHeld } from "@/lib/held";
import { useClock } from "@/lib/moment";

interface LegendProps {
  label: string;
  drawn: readonly Drawn[];
  /** At the crosshair, if there is one. */
  values: readonly (number | null | undefined)[] | undefined;
  at: number | undefined;
  unit: Unit;
  isolated: ReadonlySet<string>;
  focused: number | null;
  onIsolate: (names: ReadonlySet<string>) => void;
  onHover: (index: number | null) => void;
  actionsOf: ChartProps["actionsOf"];
}

type Figure = keyof Extent;
const FIGURES: readonly [Figure, string][] = [
  ["last", "Last"],
  ["min", "Min"],
  ["max", "Max"],
];

export function Legend(props: LegendProps) {
  const { label, at, onHover, actionsOf } = props;
  const [sort, setSort] = useState<string>();
  const clock = useClock();
  const [held, setHeld] = useState(false);
  const header = (id: string, title: string) => (
    <th scope="col" aria-sort={ariaSort(sort, id)}>
      <button
        type="button"
        className="chart-sort"
        onClick={() => setSort(turned(sort, id))}
      >
        {title}
        {sort === id ? <ArrowUpIcon /> : sort === `-${id}` ? <ArrowDownIcon /> : null}
      </button>
    </th>
  );
  return (
    <div
      className="chart-legend"
      role="region"
      aria-label={label}
      tabIndex={0}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => {
        setHeld(false);
        onHover(null);
      }}
    >
      <table>
        <thead>
          <tr>
            {header("name", "Series")}
            {FIGURES.map(([id, title]) => (
              <FigureHead key={id}>
                {header(id, id === "last" && at !== undefined ? clock(at).slice(11) : title)}
              </FigureHead>
            ))}
            {actionsOf ? (
              <td>
                <span className="visually-hidden">Links</span>
              </td>
            ) : null}
          </tr>
        </thead>
        <Rows key={sort} {...props} sort={sort} held={held} />
      </table>
    </div>
  );
}

/** In the order that is wanted, which new figures do not change while the pointer is among them. */
function Rows(props: LegendProps & { sort: string | undefined; held: boolean }) {
  const { drawn, sort, held, values, unit, isolated, focused, onIsolate, onHover, actionsOf } = props;
  const now = useMemo(() => sorted(drawn, sort), [drawn, sort]);
  const { rows } = useHeld(now, held, ({ series }) => series.name);
  const write = useMemo(() => alike(drawn.flatMap(({ extent }) => (extent ? Object.values(extent) : []))), [drawn]);
  return (
    <tbody>
      {rows.map(({ series, extent, index }) => (
        <Row
          key={series.name}
          series={series}
          index={index}
          extent={extent}
          value={values === undefined ? extent?.last : values[index]}
          unit={unit}
          write={write}
          state={isolated.size === 0 ? "all" : isolated.has(series.name) ? "shown" : "hidden"}
          focused={focused === index}
          onChoose={(event) => onIsolate(chosen(isolated, series.name, event))}
          onHover={onHover}
          actionsOf={actionsOf}
        />
      ))}
    </tbody>
  );
}

const FigureHead = ({ children }: { children: ReactNode }) => children;

interface RowProps {
  series: ChartSeries;
  index: number;
  extent: Extent | undefined;
  value: number | null | undefined;
  unit: Unit;
  write: (value: number) => string;
  state: "all" | "shown" | "hidden";
  focused: boolean;
  onChoose: (event: MouseEvent) => void;
  onHover: (index: number | null) => void;
  actionsOf: ChartProps["actionsOf"];
}

const Row = memo(
  function Row({ series, index, extent, value, unit, write, state, focused, onChoose, onHover, actionsOf }: RowProps) {
    const classes = [state === "hidden" ? "is-hidden" : "", focused ? "is-focused" : ""].filter(Boolean).join(" ");
    return (
      <tr className={classes} onPointerEnter={() => onHover(index)}>
        <th scope="row">
          <button
            type="button"
            className="chart-series"
            aria-pressed={state === "shown"}
            title={`${wholeName(series)}\nClick: show alone. Ctrl+click: show as well.`}
            onClick={onChoose}
            onFocus={() => onHover(index)}
            onBlur={() => onHover(null)}
          >
            <Swatch index={index} tone={series.tone} />
            <span className="cut">{series.name}</span>
          </button>
        </th>
        <td className="numbers">{formatValue(value, unit, write)}</td>
        <td className="numbers">{formatValue(extent?.min, unit, write)}</td>
        <td className="numbers">{formatValue(extent?.max, unit, write)}</td>
        {actionsOf ? <Actions series={series} of={actionsOf} /> : null}
      </tr>
    );
  },
  (before, now) =>
    before.series === now.series &&
    before.value === now.value &&
    before.state === now.state &&
    before.focused === now.focused &&
    before.unit === now.unit &&
    before.write === now.write &&
    before.index === now.index,
);

/** With all labels, also those that no name tells. */
const wholeName = ({ name, labels }: ChartSeries) =>
  labels === undefined || Object.keys(labels).length === 0 ? name : asSelector(labels);

/** What leads on does not change with the crosshair. */
const Actions = memo(
  ({ series, of }: { series: ChartSeries; of: NonNullable<ChartProps["actionsOf"]> }) => (
    <td className="chart-actions">{of(series)}</td>
  ),
  (before, now) => before.series === now.series,
);

/** Alone, or all again; with Ctrl or Shift beside those that are shown. */
export function chosen(
  isolated: ReadonlySet<string>,
  name: string,
  { ctrlKey, metaKey, shiftKey }: Pick<MouseEvent, "ctrlKey" | "metaKey" | "shiftKey">,
): ReadonlySet<string> {
  if (ctrlKey || metaKey || shiftKey) {
    const next = new Set(isolated);
    if (!next.delete(name)) next.add(name);
    return next;
  }
  return isolated.size === 1 && isolated.has(name) ? new Set() : new Set([name]);
}

type Numbered = Drawn & { index: number };

function sorted(drawn: readonly Drawn[], sort: string | undefined): Numbered[] {
  const rows = drawn.map((each, index) => ({ ...each, index }));
  if (sort === undefined) return rows;
  const down = sort.startsWith("-");
  const by = down ? sort.slice(1) : sort;
  const ascending = rows.toSorted((a, b) =>
    by === "name"
      ? a.series.name.localeCompare(b.series.name, "en", { numeric: true })
      : (a.extent?.[by as Figure] ?? -Infinity) - (b.extent?.[by as Figure] ?? -Infinity),
  );
  return down ? ascending.toReversed() : ascending;
}

/** Figures begin with the highest, names with A. */
function turned(sort: string | undefined, id: string): string {
  const first = id === "name" ? id : `-${id}`;
  return sort === first ? (id === "name" ? `-${id}` : id) : first;
}

const ariaSort = (sort: string | undefined, id: string) =>
  sort === id ? "ascending" : sort === `-${id}` ? "descending" : undefined;
