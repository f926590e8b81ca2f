import { ExclamationCircleIcon } from "@patternfly/react-icons";
import { useLayoutEffect, useMemo, useRef, useState } from "react";

import { duration } from "@/features/observability/traces/duration";
import { layoutOf, type Drawn } from "@/features/observability/traces/map/layout";
import { NO_PARTS } from "@/features/observability/traces/traceql";
import type { TracesSearch } from "@/features/observability/search";
import type { MapEdge, MapNode } from "@/generated/api.schemas";
import { plural, short } from "@/lib/format";
import { useSetSearch } from "@/lib/place";

interface DrawingProps {
  nodes: readonly MapNode[];
  edges: readonly MapEdge[];
}

/** Services as boxes and calls as lines, thicker for more of them; what failed is marked. */
export function Drawing({ nodes, edges }: DrawingProps) {
  const layout = useMemo(() => layoutOf(nodes, edges), [nodes, edges]);
  const [near, setNear] = useState<string>();
  const setSearch = useSetSearch<TracesSearch>();
  const sheet = useRef<HTMLDivElement>(null);
  // Where it is higher than its place, the middle is seen first: there the calls begin.
  useLayoutEffect(() => {
    const element = sheet.current;
    if (element) element.scrollTop = (element.scrollHeight - element.clientHeight) / 2;
  }, []);
  const most = Math.max(1, ...edges.map(({ calls }) => calls));
  const isNear = ({ edge }: Drawn) => near === undefined || edge.caller === near || edge.callee === near;
  const neighbours = new Set(
    near === undefined ? [] : layout.edges.filter(isNear).flatMap(({ edge }) => [edge.caller, edge.callee]),
  );
  return (
    <div ref={sheet} className="traces-map" tabIndex={0} role="group" aria-label="Service map: the table has the same">
      <div className="traces-map-sheet" style={{ inlineSize: layout.width, blockSize: layout.height }}>
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          {layout.edges.map((drawn) => (
            <Call key={keyOf(drawn)} drawn={drawn} most={most} near={isNear(drawn)} />
          ))}
        </svg>
        {near === undefined ? null : (
          <svg className="traces-map-told" width={layout.width} height={layout.height} aria-hidden="true">
            {layout.edges.filter(isNear).map((drawn) => (
              <Told key={keyOf(drawn)} drawn={drawn} />
            ))}
          </svg>
        )}
        {layout.nodes.map(({ node, x, y }) => (
          <button
            key={node.name}
            type="button"
            className={[
              "traces-map-node",
              node.errors > 0 ? "is-error" : "",
              layout.compact ? "is-compact" : "",
              near !== undefined && !neighbours.has(node.name) && node.name !== near ? "is-far" : "",
            ].join(" ")}
            style={{ insetInlineStart: x, insetBlockStart: y, inlineSize: layout.box.width, blockSize: layout.box.height }}
            title={`${node.name} in ${node.clusters.join(", ")}: show its traces`}
            onPointerEnter={() => setNear(node.name)}
            onPointerLeave={() => setNear(undefined)}
            onFocus={() => setNear(node.name)}
            onBlur={() => setNear(undefined)}
            onClick={() => setSearch({ ...NO_PARTS, view: undefined, service: node.name })}
          >
            <strong className="cut">{node.name}</strong>
            <span className="traces-map-words numbers">
              {layout.compact ? null : plural(node.spans, "span")}
              {node.errors > 0 ? (
                <span className="traces-error">
                  <ExclamationCircleIcon /> {share(node.errors, node.spans)} failed
                </span>
              ) : null}
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}

const keyOf = ({ edge }: Drawn) => `${edge.caller}>${edge.callee}`;

function Call({ drawn, most, near }: { drawn: Drawn; most: number; near: boolean }) {
  const { edge, back } = drawn;
  const end = drawn.points.at(-1)!;
  const width = 1 + 3 * Math.sqrt(edge.calls / most);
  const look = ["traces-map-call", edge.errors > 0 ? "is-error" : "", near ? "" : "is-far", back ? "is-back" : ""];
  return (
    <g className={look.join(" ")}>
      <path d={pathOf(drawn)} strokeWidth={width} />
      <path className="traces-map-head" d={`M ${end.x} ${end.y} l -9 -5 v 10 z`} />
    </g>
  );
}

function pathOf({ points, back }: Drawn): string {
  return points
    .map(({ x, y }, at) => {
      const before = points[at - 1];
      if (!before) return `M ${x} ${y}`;
      const bend = back ? 90 : Math.max(40, (x - before.x) / 2);
      // Above a box that a call passes it is straight.
      if (before.y === y && !back) return `L ${x} ${y}`;
      return `C ${before.x + bend} ${before.y}, ${x - bend} ${y}, ${x} ${y}`;
    })
    .join(" ");
}

/** What is known of a call, on its first stretch. */
function Told({ drawn: { edge, points } }: { drawn: Drawn }) {
  const x = (points[0]!.x + points[1]!.x) / 2;
  const y = (points[0]!.y + points[1]!.y) / 2;
  const failed = edge.errors > 0 ? `, ${share(edge.errors, edge.calls)} failed` : "";
  return (
    <text y={y} textAnchor="middle">
      <tspan x={x} dy="-0.35em">{`${short(edge.calls)} calls${failed}`}</tspan>
      <tspan x={x} dy="1.2em">{`p95 ${duration(edge.p95_ms)}`}</tspan>
    </text>
  );
}

/** `2 %`; never 0 where there is one. */
export function share(part: number, whole: number): string {
  const percent = (part / Math.max(1, whole)) * 100;
  return percent > 0 && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
}
