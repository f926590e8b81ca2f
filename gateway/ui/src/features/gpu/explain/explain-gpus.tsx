/** The charts of a node's GPUs explained: all its values over the shown window and as long before. */

import { ExplainDrawer, Explanation, type Explained } from "@/components/explain/explain-drawer";
import type { Window } from "@/components/explain/differences";
import { useStillWindow } from "@/components/explain/use-still-window";
import { Failure, Loading } from "@/components/states";
import { seriesOf } from "@/features/gpu/explain/series";
import { GpusHappened } from "@/features/gpu/explain/happened";
import { gpuAt } from "@/features/gpu/history/history-tab";
import type { GpuSearch, NodeId } from "@/features/gpu/search";
import { useNode } from "@/features/gpu/use-gpu";
import { gpuName } from "@/features/gpu/values";
import { getGpuHistory } from "@/generated/api";
import { GpuColumn, type GpuView } from "@/generated/api.schemas";
import { useAsOf, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";

interface ExplainGpusProps {
  node: NodeId;
  onClose: () => void;
}

/** Of all GPUs of the node, or of the one that the URL names. */
export function ExplainGpus({ node, onClose }: ExplainGpusProps) {
  const { gpu: number, over } = useSearch<GpuSearch>();
  const { as_of } = useAsOf();
  const { from, to } = useRange();
  const { data, error, refetch } = useNode(node);
  const gpu = gpuAt(data?.gpus, number);
  return (
    <ExplainDrawer onClose={onClose}>
      {data !== undefined || number === undefined ? (
        // Another GPU, or another window by zooming, is another explanation.
        <OfWindow key={JSON.stringify([node, gpu?.uuid, over, from, to, as_of])} node={node} gpu={gpu} />
      ) : error ? (
        <Failure error={error} what="The node" onRetry={() => void refetch()} />
      ) : (
        <Loading label="Loading the node" />
      )}
    </ExplainDrawer>
  );
}

function OfWindow({ node, gpu }: { node: NodeId; gpu: GpuView | undefined }) {
  const { over = "AVG" } = useSearch<GpuSearch>();
  const asOf = useAsOf();
  const window = useStillWindow();
  const asked = {
    cluster_id: node.cluster,
    node_name: node.name,
    ...(gpu === undefined ? {} : { gpu_uuid: gpu.uuid }),
    metric: Object.values(GpuColumn),
    aggregation: over,
    ...asOf,
  };
  const read = async ({ start, end }: Window, signal: AbortSignal): Promise<Explained> => {
    const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
    return { series: seriesOf(await getGpuHistory({ ...asked, from, to }, { signal }), gpu === undefined) };
  };
  return (
    <Explanation
      label={`${gpu === undefined ? "All GPUs" : gpuName(gpu.index, gpu.uuid)} of ${node.name}`}
      window={window}
      read={read}
      asked={asked}
      happened={<GpusHappened node={node} gpu={gpu} window={window} />}
    />
  );
}
