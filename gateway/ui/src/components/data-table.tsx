/**
 * A lean table for long lists: only what is in view is in the document. Rows have one height, columns
 * are tracks of a CSS grid, so a million rows scroll like ten.
 */

import "@/components/data-table.css";

import { ArrowDownIcon, ArrowUpIcon } from "@patternfly/react-icons";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  memo,
  useEffect,
  useEffectEvent,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
} from "react";

import { count } from "@/lib/format";
import { MOST_PRINTED, usePrinting } from "@/lib/printing";
import { useSettings } from "@/lib/settings";

export interface Column<Row> {
  id: string;
  header: string;
  /** A grid track: `8rem`, `minmax(12rem, 2fr)`. */
  width: string;
  cell: (row: Row) => ReactNode;
  /** Given: the header sorts by it. */
  sort?: string;
  /** Shown only where the table is at least that wide, in rem; always without it. */
  from?: 30 | 45 | 60 | 75;
  align?: "end";
}

interface DataTableProps<Row> {
  /** What it lists, for those who do not see it. */
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  /** How many there are, shown or not; without it: as many as rows. */
  total?: number;
  /** A row was chosen: by click, Enter or `o`. */
  onOpen?: (row: Row) => void;
  /** The row that is open beside the list. */
  openId?: string | undefined;
  /** `name`, or `-name` for descending. */
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  /** The end is near and there is more: called while it is so. */
  onMore?: (() => void) | undefined;
  /** The pointer is in the list, rows are gone through by keys, or it is scrolled: it must not move now. */
  onHeld?: (held: boolean) => void;
  /** A class for the row: `is-muted`. */
  rowClass?: (row: Row) => string | undefined;
}

const HEIGHTS = { comfortable: 44, compact: 32 } as const;
/** Of the header, which lies over the rows: by so much less is in view. */
const HEAD = 41;
/** The lines around a table and below its header. */
const EDGES = 3;
const AHEAD = 40;

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, idOf, total, onOpen, openId, onMore, onHeld } = props;
  const density = useSettings((settings) => settings.density);
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string>();
  const height = HEIGHTS[density];
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    scrollPaddingEnd: HEAD,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [height, virtual]);

  const printing = usePrinting((now) => now.printing);
  const inView = virtual.getVirtualItems();
  const items = printing ? rows.slice(0, MOST_PRINTED).map((_, index) => ({ index, start: index * height })) : inView;
  const nearEnd = (inView.at(-1)?.index ?? 0) >= rows.length - AHEAD;
  const more = useEffectEvent(() => onMore?.());
  const moreWanted = nearEnd && onMore !== undefined;
  useEffect(() => {
    if (moreWanted) more();
  }, [moreWanted, rows.length]);

  const { onKey, ...held } = useHolding(onHeld);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    const at = rows.findIndex((row) => idOf(row) === active);
    if (step !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, at + step(rows.length)));
      const row = rows[next];
      if (row === undefined) return;
      onKey();
      setActive(idOf(row));
      virtual.scrollToIndex(next);
    } else if ((event.key === "Enter" || event.key === "o") && rows[at] && onOpen) {
      if (event.target !== event.currentTarget && event.key === "Enter") return;
      event.preventDefault();
      onOpen(rows[at]);
    }
  };

  const tracks = useMemo(() => trackStyles(columns), [columns]);
  return (
    <div className="table" style={{ ...tracks, "--rows": `calc(2.5rem + ${virtual.getTotalSize() + EDGES}px)` } as CSSProperties}>
      <div
        ref={scroller}
        className="table-scroller"
        role="table"
        aria-label={label}
        aria-rowcount={(total ?? rows.length) + 1}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={tellWhatIsCut}
        onMouseOver={tellWhatIsCut}
        {...held}
      >
        <div role="rowgroup" className="table-head">
          <HeaderRow {...props} />
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const id = idOf(row);
            const classes = [
              "table-row",
              onOpen ? "can-open" : "",
              id === openId ? "is-open" : "",
              id === active ? "is-active" : "",
              props.rowClass?.(row) ?? "",
            ];
            return (
              <div
                key={id}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={openId === undefined ? undefined : id === openId}
                className={classes.join(" ")}
                style={{ height, transform: `translateY(${start}px)` }}
                onClick={(event) => {
                  setActive(id);
                  if (!isControl(event.target as Element)) onOpen?.(row);
                }}
              >
                <Cells row={row} columns={columns} />
              </div>
            );
          })}
        </div>
      </div>
      {printing && items.length < (total ?? rows.length) ? (
        <p className="hint">
          The first {count(items.length)} of {count(total ?? rows.length)}.
        </p>
      ) : null}
    </div>
  );
}

const KEYS: Readonly<Record<string, (length: number) => number>> = {
  j: () => 1,
  ArrowDown: () => 1,
  k: () => -1,
  ArrowUp: () => -1,
  PageDown: () => 15,
  PageUp: () => -15,
  Home: (length) => -length,
  End: (length) => length,
};

/** What a cell has no room for is told where one points; what tells itself, as times do, stays that. */
function tellWhatIsCut({ target }: { target: EventTarget }) {
  const cell = (target as Element).closest<HTMLElement>(".table-cell");
  if (cell === null) return;
  const isCut = [cell, ...cell.querySelectorAll(".cut")].some((part) => part.scrollWidth > part.clientWidth);
  if (isCut) cell.title = [...cell.childNodes].map(({ textContent }) => textContent?.trim()).join(" ");
  else cell.removeAttribute("title");
}

const isControl = (element: Element) => element.closest("a, button, input, label") !== null;

const Cells = memo(function Cells<Row>({ row, columns }: { row: Row; columns: readonly Column<Row>[] }) {
  return columns.map((column) => (
    <div key={column.id} role="cell" className={cellClass(column)}>
      {column.cell(row)}
    </div>
  ));
}) as <Row>(props: { row: Row; columns: readonly Column<Row>[] }) => ReactNode;

function HeaderRow<Row>({ columns, sort, onSort }: DataTableProps<Row>) {
  return (
    <div role="row" className="table-row" aria-rowindex={1}>
      {columns.map((column) => {
        const by = column.sort;
        const ascending = sort === by;
        const sorted = by !== undefined && (ascending || sort === `-${by}`);
        return (
          <div
            key={column.id}
            role="columnheader"
            className={cellClass(column)}
            aria-sort={sorted ? (ascending ? "ascending" : "descending") : undefined}
          >
            {by !== undefined && onSort ? (
              <button type="button" className="table-sort" onClick={() => onSort(ascending ? `-${by}` : by)}>
                {column.header}
                {sorted ? ascending ? <ArrowUpIcon /> : <ArrowDownIcon /> : null}
              </button>
            ) : (
              column.header
            )}
          </div>
        );
      })}
    </div>
  );
}

const cellClass = <Row,>({ from, align }: Column<Row>) =>
  ["table-cell", from ? `from-${from}` : "", align ? "align-end" : ""].filter(Boolean).join(" ");

/** The tracks for each width of the table; the style sheet picks one by a container query. */
function trackStyles<Row>(columns: readonly Column<Row>[]): Record<string, string> {
  const tracks = (width: number) =>
    columns
      .filter(({ from = 0 }) => from <= width)
      .map(({ width: track }) => track)
      .join(" ");
  return Object.fromEntries([0, 30, 45, 60, 75].map((width) => [`--tracks-${width}`, tracks(width)]));
}

/** Tells when the list must stand still: by pointer, keys or place; and lets go when it is shown no more. */
function useHolding(onHeld: ((held: boolean) => void) | undefined) {
  const reasons = useRef({ pointer: false, keys: false, scrolled: false });
  const isHeld = () => Object.values(reasons.current).some(Boolean);
  const change = (changed: Partial<(typeof reasons)["current"]>) => {
    const before = isHeld();
    Object.assign(reasons.current, changed);
    if (isHeld() !== before) onHeld?.(!before);
  };
  const letGo = useEffectEvent(() => change({ pointer: false, keys: false, scrolled: false }));
  useEffect(() => letGo, []);
  return {
    onKey: () => change({ keys: true }),
    onBlur: (event: { currentTarget: Element; relatedTarget: Element | null }) => {
      if (!event.currentTarget.contains(event.relatedTarget)) change({ keys: false });
    },
    onPointerEnter: () => change({ pointer: true }),
    onPointerLeave: () => change({ pointer: false }),
    onScroll: (event: { currentTarget: Element }) =>
      change({ scrolled: event.currentTarget.scrollTop > 0 }),
  };
}
