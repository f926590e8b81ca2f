/** Log lines, of which only those in view are in the document; each opens where it stands. */

import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from "react";

import type { Line } from "@/features/observability/logs/line";
import { LogRow } from "@/features/observability/logs/log-row";
import { useSettings } from "@/lib/settings";

interface LogListProps {
  label: string;
  lines: readonly Line[];
  wrap: boolean;
  /** They answer the question before this one. */
  stale?: boolean;
  /** Words to mark in the lines. */
  find: string;
  /** What is shown under an open line. */
  detail: (line: Line) => ReactNode;
  /** The end is near and there is more. */
  onMore?: (() => void) | undefined;
  /** What stands after the last line. */
  end?: ReactNode;
  /** The end of the list stays in view as lines are added, unless one has scrolled up. */
  follow?: boolean;
  /** Pointer in the list, a line open, or scrolled away from the end: it must not move. */
  onHeld?: (held: boolean) => void;
}

const HEIGHTS = { comfortable: 28, compact: 22 } as const;
const AHEAD = 100;
/** Pixels from the end that still count as being there. */
const NEAR = 40;
const STEPS: Readonly<Record<string, number>> = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 20,
  PageUp: -20,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

export function LogList(props: LogListProps) {
  const { label, lines, wrap, find, detail, onMore, end, follow = false, onHeld, stale = false } = props;
  const height = HEIGHTS[useSettings((settings) => settings.density)];
  const scroller = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string>();
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (at) => lines[at]?.key ?? at,
    measureElement: (element) => element.getBoundingClientRect().height || height,
    overscan: 12,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [height, wrap, virtual]);

  const items = virtual.getVirtualItems();
  const more = useEffectEvent(() => onMore?.());
  const moreWanted = onMore !== undefined && (items.at(-1)?.index ?? 0) >= lines.length - AHEAD;
  useEffect(() => {
    if (moreWanted) more();
  }, [moreWanted, lines.length]);

  const holding = useHolding(scroller, follow, opened.size > 0, onHeld);
  const last = lines.at(-1)?.key;
  const stick = useEffectEvent(() => {
    if (follow && !holding.reasons.current.scrolled) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  });
  useLayoutEffect(() => stick(), [last]);

  const flip = (key: string) => {
    setActive(key);
    setOpened((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  };
  const at = lines.findIndex(({ key }) => key === active);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    const line = lines[at];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(lines.length - 1, at < 0 && follow && step < 0 ? lines.length - 1 : at + step));
      setActive(lines[next]?.key);
      virtual.scrollToIndex(next);
    } else if (line && (event.key === "Enter" || event.key === "o" || event.key === " ")) {
      event.preventDefault();
      flip(line.key);
    }
  };
  const current = lines[at];
  return (
    <div className={stale ? "logs-list is-stale" : "logs-list"} aria-busy={stale}>
      <div
        ref={scroller}
        className={wrap ? "logs-scroller is-wrapped" : "logs-scroller"}
        role="table"
        aria-label={label}
        aria-rowcount={lines.length}
        tabIndex={0}
        onKeyDown={onKeyDown}
        {...holding.handlers}
      >
        <div role="rowgroup" className="logs-lines" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, key }) => {
            const line = lines[index];
            if (!line) return null;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                role="row"
                aria-rowindex={index + 1}
                className={line.key === active ? "logs-place is-active" : "logs-place"}
                style={{ transform: `translateY(${start}px)` }}
              >
                <LogRow line={line} height={height} find={find} open={opened.has(line.key)} onFlip={flip} />
                {opened.has(line.key) ? (
                  <div role="cell" className="logs-detail">
                    {detail(line)}
                  </div>
                ) : null}
              </div>
            );
          })}
        </div>
        {end ? <div className="logs-end">{end}</div> : null}
      </div>
      <div className="visually-hidden" aria-live="polite">
        {current ? `${current.cluster_name}: ${current.message.slice(0, 200)}` : ""}
      </div>
    </div>
  );
}

/** Tells when the list must stand still. */
function useHolding(
  scroller: React.RefObject<HTMLDivElement | null>,
  follow: boolean,
  open: boolean,
  onHeld: ((held: boolean) => void) | undefined,
) {
  const reasons = useRef({ pointer: false, scrolled: false, open: false });
  const change = (changed: Partial<(typeof reasons)["current"]>) => {
    const any = () => Object.values(reasons.current).includes(true);
    const before = any();
    Object.assign(reasons.current, changed);
    if (any() !== before) onHeld?.(any());
  };
  const opened = useEffectEvent((open: boolean) => change({ open }));
  useEffect(() => opened(open), [open]);
  const handlers = {
    onPointerEnter: () => change({ pointer: true }),
    onPointerLeave: () => change({ pointer: false }),
    onScroll: () => {
      const element = scroller.current;
      if (!element || !follow) return;
      const left = element.scrollHeight - element.scrollTop - element.clientHeight;
      change({ scrolled: left > NEAR });
    },
  };
  return { reasons, handlers };
}
