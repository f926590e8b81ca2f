import type { Window } from "@/components/explain/differences";
import { Happened } from "@/components/explain/happened";
import type { NodeId } from "@/features/gpu/search";
import type { EventRecord, GpuView } from "@/generated/api.schemas";
import { GPU_FACTS, gpuTold, isGpuFact, type GpuFact } from "@/lib/gpus";

interface GpusHappenedProps {
  node: NodeId;
  /** Without it: all of the node. */
  gpu: GpuView | undefined;
  window: Window;
}

/** What the log tells of the node's GPUs in the window. */
export function GpusHappened({ node, gpu, window }: GpusHappenedProps) {
  return (
    <Happened
      of={{ event_type: GPU_FACTS, cluster_id: node.cluster, ...(gpu === undefined ? {} : { entity_type: "gpu", entity_id: gpu.uuid }) }}
      window={window}
      isMeant={(event) => nodeOf(event) === node.name}
      inWords={({ event_type, payload }) => (isGpuFact(event_type) ? gpuTold(event_type, payload) : event_type)}
      whose={gpu === undefined ? "GPUs of this node" : "this GPU"}
      what="GPUs"
    />
  );
}

const nodeOf = ({ payload }: EventRecord): string | undefined => (payload as Partial<GpuFact> | null)?.node_name;
