import { useRef, useState, type KeyboardEvent, type MouseEvent, type SyntheticEvent } from "react";

import { Cell } from "@/features/fleet/grid/cell";
import { moved } from "@/features/fleet/grid/moves";
import { Tip } from "@/features/fleet/grid/tip";
import type { Group } from "@/features/fleet/grid/groups";
import { countStates, STATES } from "@/features/fleet/health";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import { useGoToHref, useHref } from "@/lib/place";

/** Up to so many have their names in the grid. */
const NAMED = 60;

interface StateGridProps {
  groups: readonly Group[];
}

interface Shown {
  id: string;
  box: DOMRect;
}

/** One cell for each cluster: one stop for Tab, then arrow keys. */
export function StateGrid({ groups }: StateGridProps) {
  const root = useRef<HTMLDivElement>(null);
  const [stop, setStop] = useState<string>();
  const [tip, setTip] = useState<Shown>();
  const go = useGoToHref();
  const href = useHref();
  const clusters = groups.flatMap((group) => group.clusters);
  const current = clusters.some(({ id }) => id === stop) ? stop : clusters[0]?.id;
  const tipped = tip && clusters.find(({ id }) => id === tip.id);
  const pattern = href("/clusters/ID");

  const tell = (event: SyntheticEvent) => {
    const cell = cellOf(event);
    setTip(cell && { id: cell.dataset["cluster"]!, box: cell.getBoundingClientRect() });
    return cell;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && tip) {
      event.preventDefault();
      setTip(undefined);
      return;
    }
    const cell = cellOf(event);
    if (!cell || !root.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const cells = [...root.current.querySelectorAll<HTMLElement>("[data-cluster]")];
    const next = moved(cells, cells.indexOf(cell), event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const onClick = (event: MouseEvent) => {
    const link = cellOf(event)?.getAttribute("href");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link);
  };
  return (
    <div
      ref={root}
      className={clusters.length <= NAMED ? "fleet-grid has-names" : "fleet-grid"}
      role="group"
      aria-label="Clusters by state, worst first. Arrow keys move, Enter opens."
      onPointerOver={(event) => void tell(event)}
      onPointerLeave={() => setTip(undefined)}
      onFocus={(event) => setStop(tell(event)?.dataset["cluster"])}
      onBlur={() => setTip(undefined)}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      {groups.map((group) => (
        <section key={group.id} className="fleet-group">
          {groups.length > 1 || group.id !== "all" ? <GroupHead group={group} /> : null}
          <ul className="plain fleet-cells">
            {group.clusters.map((cluster) => (
              <Cell
                key={cluster.id}
                cluster={cluster}
                href={pattern.replace("/ID", `/${cluster.id}`)}
                isStop={cluster.id === current}
                named={clusters.length <= NAMED}
              />
            ))}
          </ul>
        </section>
      ))}
      {tipped && tip ? <Tip cluster={tipped} box={tip.box} /> : null}
    </div>
  );
}

const cellOf = (event: SyntheticEvent) => (event.target as Element).closest<HTMLElement>("[data-cluster]") ?? undefined;

function GroupHead({ group }: { group: Group }) {
  return (
    <h3 className="fleet-group-head">
      {group.name} <span className="quiet numbers">{told(group.clusters)}</span>
    </h3>
  );
}

/** `400: 3 offline, 2 degraded`. */
function told(clusters: readonly ClusterInFleet[]): string {
  const states = countStates(clusters);
  const bad = STATES.filter((state) => state !== "ONLINE" && states[state] > 0);
  const parts = bad.map((state) => `${count(states[state])} ${title(state).toLowerCase()}`);
  return `${count(clusters.length)}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}
