import { SOURCES } from "@/features/gpu/values";
import type { GpuSource } from "@/generated/api.schemas";

/** Where a node's samples come from; why, on hover. */
export function SourceBadge({ source, reason }: { source: GpuSource; reason: string }) {
  return (
    <span className="gpu-source" title={reason}>
      {SOURCES[source]}
      <span className="visually-hidden">: {reason}</span>
    </span>
  );
}
