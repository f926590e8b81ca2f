import { memo, useId, useMemo, useState, type KeyboardEvent, type MouseEvent } from "react";

import { grouped, placeOf, type Row } from "@/features/gpu/map/fleet";
import { hit, layOut, moved, type Label, type Layout } from "@/features/gpu/map/layout";
import { SCALES } from "@/features/gpu/map/ramp";
import { Tip, told } from "@/features/gpu/map/tip";
import { usePainted, useWidth } from "@/features/gpu/map/use-canvas";
import type { Grouping, MapMetric, Mark } from "@/features/gpu/search";
import type { GpuMap } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";

/** Higher only if cells as small as can be do not fit. */
const HEIGHT = 460;
/** Nothing, until it is known how wide it may be. */
const EMPTY = layOut([], 0, 0, HEIGHT);

interface HeatmapProps {
  map: GpuMap;
  /** One that has the same GPUs as `map`, and stays the same while they do. */
  shape: GpuMap;
  metric: MapMetric;
  by: Grouping | undefined;
  show: Mark | undefined;
  onOpen: (row: Row) => void;
}

/** Every GPU as a cell: pointed at or gone to by arrow keys it is told; a click or Enter opens its node. */
export function Heatmap({ map, shape, metric, by, show, onOpen }: HeatmapProps) {
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const width = useWidth(box);
  const hint = useId();
  const layout = useMemo(
    () => (width === 0 ? EMPTY : layOut(grouped(shape, by), shape.gpus.length, width, HEIGHT)),
    [shape, by, width],
  );
  usePainted(canvas, { map, layout, metric, show });

  const [pointed, setPointed] = useState<number>();
  const [cursor, setCursor] = useState<number>();
  const [focused, setFocused] = useState(false);
  const [said, setSaid] = useState("");
  const shown = layout.width === 0 ? undefined : (pointed ?? (focused ? cursor : undefined));
  const row = shown === undefined ? undefined : map.gpus[shown];

  const cellAt = ({ nativeEvent: { offsetX, offsetY } }: MouseEvent) => hit(layout, offsetX, offsetY);
  const goTo = (cell: number) => {
    setPointed(undefined);
    setCursor(cell);
    setSaid(told(map, map.gpus[cell]!));
    if (box) keepInView(box, layout.y[cell]!);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cursor !== undefined && cursor < map.gpus.length ? cursor : undefined;
    const next = at === undefined ? layout.order[0] : moved(layout, at, event.key);
    if (event.key === "Enter" && at !== undefined) onOpen(map.gpus[at]!);
    else if (moved(layout, 0, event.key) !== undefined && next !== undefined) goTo(next);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={setBox} className="gpu-map" style={{ blockSize: layout.height }}>
      <div
        className={pointed === undefined ? "gpu-stage" : "gpu-stage is-over"}
        tabIndex={0}
        role="application"
        aria-roledescription="map of GPUs"
        aria-label={`${plural(map.gpus.length, "GPU")} by ${SCALES[metric].name.toLowerCase()}`}
        aria-describedby={hint}
        onKeyDown={onKeyDown}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onPointerMove={(event) => setPointed(cellAt(event))}
        onPointerLeave={() => setPointed(undefined)}
        onClick={(event) => {
          const cell = cellAt(event);
          if (cell === undefined) return;
          setCursor(cell);
          onOpen(map.gpus[cell]!);
        }}
      >
        <canvas ref={setCanvas} style={{ inlineSize: layout.width, blockSize: layout.height }} aria-hidden="true" />
      </div>
      <span id={hint} className="visually-hidden">
        Arrow keys go from GPU to GPU, Enter opens its node. The same is there as a table.
      </span>
      <span className="visually-hidden" aria-live="polite">
        {focused ? said : ""}
      </span>
      <Labels labels={layout.labels} />
      {row !== undefined && shown !== undefined ? (
        <>
          <Ring layout={layout} cell={shown} />
          <Tip map={map} row={row} layout={layout} cell={shown} />
        </>
      ) : null}
    </div>
  );
}

/** Names of the groups; drawn anew only if they move. */
const Labels = memo(function Labels({ labels }: { labels: readonly Label[] }) {
  return labels.map(({ name, gpus, x, y, width }, index) =>
    name === "" ? null : (
      <span key={index} className="gpu-label" style={{ insetInlineStart: x, insetBlockStart: y, maxInlineSize: width }} title={name}>
        <span className="cut">{name}</span> <span className="quiet numbers">{count(gpus)}</span>
      </span>
    ),
  );
});

function Ring({ layout: { x, y, pitch }, cell }: { layout: Layout; cell: number }) {
  return (
    <span
      className="gpu-ring"
      style={{ insetInlineStart: x[cell]! - 2, insetBlockStart: y[cell]! - 2, inlineSize: pitch + 3, blockSize: pitch + 3 }}
    />
  );
}

const MARGIN = 60;

function keepInView(box: HTMLElement, y: number): void {
  const scroller = box.closest("#page");
  if (!scroller) return;
  const at = box.getBoundingClientRect().top + y;
  const { top, bottom } = scroller.getBoundingClientRect();
  if (at < top + MARGIN) scroller.scrollBy({ top: at - top - MARGIN });
  else if (at > bottom - MARGIN) scroller.scrollBy({ top: at - bottom + MARGIN });
}

/** What a cell leads to. */
export function openOf(map: GpuMap, row: Row): { open: string; gpu: number | undefined } {
  const { cluster, node, gpu } = placeOf(map, row);
  return { open: `${cluster}/${node}`, gpu: gpu ?? undefined };
}
