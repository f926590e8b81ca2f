import { useMemo, type MouseEvent, type PointerEvent } from "react";

import { cellsPath, crossesPath, markOf, PITCH, rowAt, shadeOf, type Block, type Row } from "@/features/fleet/gpus/picture";
import type { GpuMap } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { gpuPlace } from "@/lib/gpus";
import { PageLink, useGo } from "@/lib/place";

export interface Pointed {
  row: Row;
  /** Of the pointer, in the window. */
  x: number;
  y: number;
}

interface BlockViewProps {
  block: Block;
  map: GpuMap;
  onPoint: (pointed: Pointed | undefined) => void;
}

/** One cluster's GPUs, or all: one shape for all cells of a shade, as ten thousand elements would be slow. */
export function BlockView({ block, map, onPoint }: BlockViewProps) {
  const { cluster, gpus, columns } = block;
  const go = useGo();
  const { paths, label } = useMemo(() => ({ paths: pathsOf(block, map), label: said(block, map) }), [block, map]);
  const lines = Math.ceil(gpus.length / columns);
  const at = ({ currentTarget, clientX, clientY }: MouseEvent) => {
    const box = currentTarget.getBoundingClientRect();
    return rowAt(block, (clientX - box.left) / box.width, (clientY - box.top) / box.height);
  };
  const point = (event: PointerEvent) => {
    const row = at(event);
    onPoint(row && { row, x: event.clientX, y: event.clientY });
  };
  const open = (event: MouseEvent) => {
    const row = at(event);
    const node = row && map.nodes[row[0]];
    if (!node) return;
    const { to, search } = gpuPlace(map.clusters[node[0]]!.id, node[1], row[1]);
    go(to, search);
  };
  return (
    <figure className="fleet-gpu-block" style={{ inlineSize: `calc(${columns} * var(--fleet-gpu))` }}>
      {cluster ? (
        <figcaption className="cut">
          <PageLink to={`/clusters/${cluster.id}`} search={{ tab: "gpus" }}>
            {cluster.name}
          </PageLink>
        </figcaption>
      ) : null}
      <svg
        viewBox={`0 0 ${columns * PITCH} ${lines * PITCH}`}
        role="img"
        aria-label={label}
        onPointerMove={point}
        onPointerLeave={() => onPoint(undefined)}
        onClick={open}
      >
        {[...paths].map(([name, d]) => (
          <path key={name} className={`fleet-gpu-${name}`} d={d} />
        ))}
      </svg>
    </figure>
  );
}

/** By the class of the cells; marks lie over shades. */
function pathsOf({ gpus, columns }: Block, map: GpuMap): Map<string, string> {
  const shades = Map.groupBy(gpus.keys(), (place) => String(shadeOf(map, gpus[place]!)));
  const marks = Map.groupBy(gpus.keys(), (place) => markOf(gpus[place]!) ?? "");
  marks.delete("");
  const cells = [...shades, ...marks].map(([name, places]) => [name, cellsPath(places, columns)] as const);
  const crossed = [...(marks.get("lost") ?? []), ...(marks.get("error") ?? [])];
  return new Map(crossed.length === 0 ? cells : [...cells, ["cross", crossesPath(crossed, columns)]]);
}

/** For those who do not see it. */
function said({ cluster, gpus }: Block, map: GpuMap): string {
  const busy = gpus.flatMap((row) => (shadeOf(map, row) === "unknown" ? [] : [row[3] ?? 0]));
  const mean = busy.length === 0 ? "use not known" : `${Math.round(busy.reduce((sum, each) => sum + each, 0) / busy.length)} % busy`;
  const marked = gpus.filter((row) => markOf(row) !== undefined).length;
  const where = cluster ? ` of ${cluster.name}` : "";
  return `${plural(gpus.length, "GPU")}${where}: ${mean}${marked > 0 ? `, ${marked} not well` : ""}`;
}
