import { ExplainButton } from "@/components/explain/explain-button";
import { nodeKey, type GpuSearch, type NodeId } from "@/features/gpu/search";
import { useSetSearch } from "@/lib/place";

/** Opens what differs from before in the charts of a node. */
export function ExplainNode({ node: { cluster, name } }: { node: NodeId }) {
  const setSearch = useSetSearch<GpuSearch>();
  return <ExplainButton onExplain={() => setSearch({ explain: nodeKey(cluster, name) })} />;
}
