import { memo } from "react";

import type { ClusterInFleet } from "@/generated/api.schemas";
import { title } from "@/lib/format";

interface CellProps {
  cluster: ClusterInFleet;
  href: string;
  /** The one that Tab goes to. */
  isStop: boolean;
  /** With its name and score. */
  named: boolean;
}

/** `offline, score 0, connection refused`. */
function told({ state, health_score: score, last_error: error }: ClusterInFleet): string {
  const parts = [title(state).toLowerCase(), score === null ? "no score" : `score ${score}`, error];
  return parts.filter(Boolean).join(", ");
}

/** One cluster; it is drawn anew only if something about it is new. Its grid listens for all of them. */
export const Cell = memo(function Cell({ cluster, href, isStop, named }: CellProps) {
  const { id, name, state, health_score: score } = cluster;
  return (
    <li>
      <a
        className={`fleet-cell is-${state.toLowerCase()}`}
        href={href}
        data-cluster={id}
        tabIndex={isStop ? 0 : -1}
        aria-label={named ? undefined : `${name}: ${told(cluster)}`}
      >
        <span className="fleet-swatch" aria-hidden="true" />
        {named ? (
          <>
            <span className="cut">{name}</span>
            <span className="visually-hidden">: {told(cluster)}</span>
            <span className="numbers quiet" aria-hidden="true">
              {score ?? "–"}
            </span>
          </>
        ) : null}
      </a>
    </li>
  );
});
