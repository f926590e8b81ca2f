/** Which clusters were not asked for lines, and why that may be. */

import { Button, Popover } from "@patternfly/react-core";

import { useClusters } from "@/components/use-clusters";
import { Nothing } from "@/components/states";
import type { LogsAnswer } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { PageLink, useSearch } from "@/lib/place";
import type { LogsSearch } from "@/features/observability/search";

/** Named at most. */
const MOST = 50;

/** `alone`: nobody at all was asked. */
export function NotAsked({ answer, alone = false }: { answer: LogsAnswer; alone?: boolean }) {
  const clusters = useClusters();
  const { clusters: chosen = [] } = useSearch<LogsSearch>();
  const asked = new Set(answer.results.map(({ cluster_id }) => cluster_id));
  const others = [...clusters.values()].filter(({ id }) => !asked.has(id));
  if (alone) {
    return (
      <Nothing
        title="No cluster has a Loki"
        actions={<PageLink to="/clusters">Go to the clusters</PageLink>}
      >
        {others.length > 0 ? `None of ${plural(others.length, "cluster")} can be asked for logs. ` : ""}
        Open a cluster and give it the address of its Loki (endpoint Loki); clusters that are offline are not asked.
      </Nothing>
    );
  }
  if (chosen.length > 0 || others.length === 0) return null;
  return (
    <Popover
      headerContent="Not asked"
      bodyContent={
        <>
          <p>They have no Loki, are at the far edge (metrics only), or are offline:</p>
          <ul className="logs-not-asked">
            {others.slice(0, MOST).map(({ id, name }) => (
              <li key={id}>
                <PageLink to={`/clusters/${id}`}>{name}</PageLink>
              </li>
            ))}
            {others.length > MOST ? <li className="quiet">and {plural(others.length - MOST, "other")}</li> : null}
          </ul>
        </>
      }
    >
      <Button variant="link" isInline>
        {plural(others.length, "cluster")} not asked
      </Button>
    </Popover>
  );
}
