import { Button } from "@patternfly/react-core";

import { METHODS, SENSITIVITIES } from "@/components/anomalies/words";
import { useClusterNaming } from "@/components/cluster-names";
import { Drawer } from "@/components/drawer";
import { ExplainButton } from "@/components/explain/explain-button";
import { Facts } from "@/components/facts";
import { Ago } from "@/components/timestamp";
import { useMayWatch } from "@/features/anomalies/watches/use-watches";
import { WatchChart } from "@/features/anomalies/watches/watch-chart";
import { boundsInWords, everyInWords } from "@/features/anomalies/watches/words";
import type { WatchView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

interface WatchDrawerProps {
  watch: WatchView;
  onExplain: () => void;
  onEdit: () => void;
  onRemove: () => void;
  onClose: () => void;
}

/** One watch: what it asks, what that comes to now, and who has said so. */
export function WatchDrawer({ watch, onExplain, onEdit, onRemove, onClose }: WatchDrawerProps) {
  const names = useClusterNaming();
  const may = useMayWatch()(watch);
  const { id, title, query, cluster_ids = [], every_seconds: every = 60, detection_type: method = "STATISTICAL" } = watch;
  const { sensitivity = "MEDIUM", changed_at, changed_by } = watch;
  return (
    <Drawer title={title} label="Watch" onClose={onClose}>
      <div className="anomalies-drawer">
        <pre className="anomalies-query mono">{query}</pre>
        <WatchChart watch={watch} />
        <div>
          <ExplainButton onExplain={onExplain} />
        </div>
        <Facts
          of={[
            ["Clusters", cluster_ids.length > 0 ? names(cluster_ids) : "all, also those to come"],
            ["Asked", everyInWords(every)],
            ["Bounds", boundsInWords(watch) ?? "none"],
            ["Sensitivity", `${SENSITIVITIES[sensitivity][0]}: ${SENSITIVITIES[sensitivity][1].toLowerCase()}`],
            ["Method", METHODS[method][0]],
            ["Name", <span key="id" className="mono">{id}</span>],
            ["Changed", <span key="changed">by {changed_by}, <Ago at={changed_at} /></span>],
          ]}
        />
        <div className="anomalies-links">
          <PageLink to="/anomalies" search={{ watch_id: id }}>
            Its anomalies
          </PageLink>
          <PageLink to="/observability/metrics" search={{ query: [query], ...(cluster_ids.length > 0 ? { clusters: cluster_ids } : {}) }}>
            Open the query in metrics
          </PageLink>
        </div>
        {may ? (
          <div className="toolbar">
            <Button variant="secondary" onClick={onEdit}>
              Change
            </Button>
            <Button variant="link" isDanger onClick={onRemove}>
              Remove
            </Button>
          </div>
        ) : null}
      </div>
    </Drawer>
  );
}
