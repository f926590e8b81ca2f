import { Button } from "@patternfly/react-core";
import { SearchIcon } from "@patternfly/react-icons";

import { nodeKey, type GpuSearch, type NodeId } from "@/features/gpu/search";
import { useSetSearch } from "@/lib/place";

/** Opens what differs from before in the charts of a node. */
export function ExplainButton({ node: { cluster, name } }: { node: NodeId }) {
  const setSearch = useSetSearch<GpuSearch>();
  return (
    <Button variant="link" isInline icon={<SearchIcon />} onClick={() => setSearch({ explain: nodeKey(cluster, name) })}>
      Explain this window
    </Button>
  );
}
