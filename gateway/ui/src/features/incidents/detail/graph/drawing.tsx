import { useMemo, useState } from "react";

import { bySureness, type Graph, type GraphEdge, type GraphNode } from "@/features/incidents/detail/graph/graph";
import { BOX, layoutOf, type Spot } from "@/features/incidents/detail/graph/layout";
import { placeParts, standingOf } from "@/features/incidents/detail/graph/words";
import { placeInWords } from "@/lib/format";

interface DrawingProps {
  graph: Graph;
  isKnown: boolean;
  /** Where there are several: which one a node is in. */
  clusterOf: ((node: GraphNode) => string) | undefined;
  chosen: string | undefined;
  onChoose: (key: string) => void;
}

/** Entities as boxes, and lines from what may be the cause to what it may have led to. */
export function Drawing({ graph, isKnown, clusterOf, chosen, onChoose }: DrawingProps) {
  const layout = useMemo(() => layoutOf(graph.nodes.map(({ key }) => key), bySureness(graph.main)), [graph]);
  const [pointed, setPointed] = useState<string>();
  const near = pointed ?? chosen;
  const isNear = ({ from, to }: GraphEdge) => near === undefined || from === near || to === near;
  const isMain = new Set(graph.main);
  const asked = near === undefined ? [] : graph.edges.filter((edge) => isNear(edge) && !isMain.has(edge));
  const neighbours = new Set(graph.edges.filter(isNear).flatMap(({ from, to }) => [from, to]));
  const spots = new Map(layout.spots.map((spot) => [spot.key, spot]));
  const nodes = new Map(graph.nodes.map((node) => [node.key, node]));
  return (
    <div className="incidents-graph-box" tabIndex={0} role="group" aria-label="Causes and effects, from left to right; the list below has the same">
      <div className="incidents-graph-sheet" style={{ inlineSize: layout.width, blockSize: layout.height }}>
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          {layout.edges.map(({ edge, back }) => (
            <Line key={`${edge.from} ${edge.to}`} edge={edge} from={spots.get(edge.from)!} to={spots.get(edge.to)!} back={back} isFar={!isNear(edge)} />
          ))}
          {asked.map((edge) => (
            <Line key={`${edge.from} ${edge.to}`} edge={edge} from={spots.get(edge.from)!} to={spots.get(edge.to)!} back={isBack(spots, edge)} isFar={false} />
          ))}
        </svg>
        {layout.spots.map((spot) => {
          const node = nodes.get(spot.key)!;
          return (
            <Box
              key={spot.key}
              node={node}
              spot={spot}
              standing={standingOf(node, isKnown)}
              cluster={clusterOf?.(node)}
              isChosen={spot.key === chosen}
              isFar={near !== undefined && spot.key !== near && !neighbours.has(spot.key)}
              onPoint={setPointed}
              onChoose={onChoose}
            />
          );
        })}
      </div>
    </div>
  );
}

/** It leads to the left, or to what stands above or below. */
function isBack(spots: ReadonlyMap<string, Spot>, { from, to }: GraphEdge): boolean {
  return spots.get(from)!.column >= spots.get(to)!.column;
}

interface BoxProps {
  node: GraphNode;
  spot: Spot;
  standing: string;
  cluster: string | undefined;
  isChosen: boolean;
  isFar: boolean;
  onPoint: (key: string | undefined) => void;
  onChoose: (key: string) => void;
}

function Box({ node, spot, standing, cluster, isChosen, isFar, onPoint, onChoose }: BoxProps) {
  const { kind, name } = placeParts(node.entity.place);
  const look = [node.rank === 0 ? "is-cause" : "", node.rank !== undefined && node.rank > 0 ? "is-candidate" : "", isFar ? "is-far" : ""];
  const said = [placeInWords(node.entity.place), cluster ?? "", standing].filter(Boolean).join(", ");
  return (
    <button
      type="button"
      className={`incidents-node ${look.join(" ")}`}
      style={{ insetInlineStart: spot.x, insetBlockStart: spot.y, inlineSize: BOX.width, blockSize: BOX.height }}
      aria-pressed={isChosen}
      title={said}
      onPointerEnter={() => onPoint(node.key)}
      onPointerLeave={() => onPoint(undefined)}
      onFocus={() => onPoint(node.key)}
      onBlur={() => onPoint(undefined)}
      onClick={() => onChoose(node.key)}
    >
      <span className="incidents-node-kind cut">{[kind || "cluster", standing, cluster].filter(Boolean).join(" · ")}</span>{" "}
      <strong className="cut">{name}</strong>
    </button>
  );
}

interface LineProps {
  edge: GraphEdge;
  from: Spot;
  to: Spot;
  /** Against the direction of the others. */
  back: boolean;
  isFar: boolean;
}

function Line({ edge, from, to, back, isFar }: LineProps) {
  const start = { x: from.x + BOX.width, y: from.y + BOX.height / 2 };
  // So that the line does not show through the tip.
  const end = { x: to.x - 8, y: to.y + BOX.height / 2 };
  const bend = back ? 70 : Math.max(30, (end.x - start.x) / 2);
  return (
    <g className={`incidents-edge is-${edge.kinds[0].toLowerCase()}${isFar ? " is-far" : ""}`}>
      <path
        strokeWidth={1 + 2 * edge.weight}
        d={`M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x - bend} ${end.y}, ${end.x} ${end.y}`}
      />
      <path className="incidents-edge-head" d={`M ${to.x} ${end.y} l -9 -5 v 10 z`} />
    </g>
  );
}
