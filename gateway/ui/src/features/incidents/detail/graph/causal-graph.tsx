import "@/features/incidents/detail/graph/graph.css";

import { useMemo, useState } from "react";

import { Drawing } from "@/features/incidents/detail/graph/drawing";
import { graphOf, type Graph, type GraphNode } from "@/features/incidents/detail/graph/graph";
import { NodeDetail } from "@/features/incidents/detail/graph/node-detail";
import { LEGEND, sentenceOf, standingOf } from "@/features/incidents/detail/graph/words";
import { clusterName } from "@/features/incidents/shared/words";
import type { NamedCluster, RcaEdgeKind, RcaView } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";

interface CausalGraphProps {
  analysis: RcaView;
  clusters: readonly NamedCluster[];
}

/** What may have led to what, as a picture and as a list; nothing where no entity has to do with another. */
export function CausalGraph({ analysis, clusters }: CausalGraphProps) {
  const graph = useMemo(() => graphOf(analysis), [analysis]);
  const [chosen, setChosen] = useState<string>();
  if (graph.edges.length === 0) return null;
  const node = graph.nodes.find(({ key }) => key === chosen);
  const several = new Set(graph.nodes.map(({ entity }) => entity.cluster_id)).size > 1;
  const nameOf = (id: string) => clusterName(clusters.find((each) => each.id === id) ?? { id, name: null });
  return (
    <section className="incidents-graph" aria-labelledby="incidents-graph">
      <header className="incidents-storm-head">
        <h3 id="incidents-graph">What may have led to what</h3>
        <Legend graph={graph} />
      </header>
      <Drawing
        graph={graph}
        isKnown={analysis.is_known}
        clusterOf={several ? ({ entity }) => nameOf(entity.cluster_id) : undefined}
        chosen={node?.key}
        onChoose={(key) => setChosen(key === chosen ? undefined : key)}
      />
      {graph.main.length < graph.edges.length ? (
        <p className="hint">
          {plural(graph.edges.length - graph.main.length, "weaker link is", "weaker links are")} drawn where one points at a place or chooses it.
        </p>
      ) : null}
      {graph.left > 0 ? <p className="hint">and {plural(graph.left, "other place", "other places")}, farther from the cause.</p> : null}
      {node === undefined ? null : (
        <NodeDetail
          node={node}
          cluster={nameOf(node.entity.cluster_id)}
          live={analysis.live?.seen ?? []}
          onClose={() => setChosen(undefined)}
        />
      )}
      <AsList graph={graph} isKnown={analysis.is_known} />
    </section>
  );
}

const KINDS: readonly RcaEdgeKind[] = ["TEMPORAL", "CORRELATION", "CALLS", "TOPOLOGY"];

/** How the lines are drawn that are there. */
function Legend({ graph: { edges } }: { graph: Graph }) {
  const drawn = KINDS.filter((kind) => edges.some(({ kinds }) => kinds[0] === kind));
  return (
    <ul className="plain incidents-graph-legend quiet" aria-label="Lines">
      {drawn.map((kind) => (
        <li key={kind}>
          <svg width="34" height="10" aria-hidden="true" className={`incidents-edge is-${kind.toLowerCase()}`}>
            <path d="M 0 5 H 26" />
            <path className="incidents-edge-head" d="M 34 5 l -8 -4 v 8 z" />
          </svg>
          {LEGEND[kind]}
        </li>
      ))}
    </ul>
  );
}

/** The same for those who do not see it, and for whoever reads rather. */
function AsList({ graph, isKnown }: { graph: Graph; isKnown: boolean }) {
  const nodes = new Map(graph.nodes.map((node) => [node.key, node]));
  const causes = graph.nodes.filter(({ rank }) => rank !== undefined);
  const named = (node: GraphNode) => `${placeInWords(node.entity.place)}: ${standingOf(node, isKnown)}`;
  return (
    <details className="incidents-many">
      <summary>The same as a list</summary>
      <ol aria-label="What may have led to what">
        {causes.map((node) => (
          <li key={node.key}>{named(node)}</li>
        ))}
        {graph.edges.map((edge) => (
          <li key={`${edge.from} ${edge.to}`}>{sentenceOf(edge, nodes.get(edge.from)!, nodes.get(edge.to)!)}</li>
        ))}
      </ol>
    </details>
  );
}
