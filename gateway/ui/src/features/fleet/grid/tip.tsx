import { ClusterStateBadge } from "@/components/badges";
import { Ago } from "@/components/timestamp";
import type { ClusterInFleet } from "@/generated/api.schemas";

const WIDTH = 320;
const GAP = 6;
const ROOM = 150;

/** What a cell stands for, beside it; those who do not see it have it in the cell's label. */
export function Tip({ cluster, box }: { cluster: ClusterInFleet; box: DOMRect }) {
  const { name, state, health_score: score, last_error: error, changed_at: at } = cluster;
  const above = box.bottom + ROOM > window.innerHeight;
  const place = {
    left: Math.max(8, Math.min(box.left, window.innerWidth - WIDTH - 8)),
    ...(above ? { bottom: window.innerHeight - box.top + GAP } : { top: box.bottom + GAP }),
  };
  return (
    <div className="fleet-tip" style={place} aria-hidden="true">
      <strong className="fleet-tip-name">{name}</strong>
      <div className="fleet-tip-facts">
        <ClusterStateBadge state={state} />
        <span className="numbers">{score === null ? "no score" : `score ${score}`}</span>
        {at === null ? null : (
          <span className="quiet">
            since <Ago at={at} />
          </span>
        )}
      </div>
      {error === null ? null : <p className="fleet-tip-why">{error}</p>}
    </div>
  );
}
