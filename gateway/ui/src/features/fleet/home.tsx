import { PageFrame } from "@/components/page-frame";
import { InlineFailure } from "@/components/states";
import { AttentionPanel } from "@/features/fleet/attention-panel";
import { Cards } from "@/features/fleet/cards";
import { ChangesPanel } from "@/features/fleet/changes-panel";
import { useFiring } from "@/features/fleet/firing";
import { GpuPanel } from "@/features/fleet/gpus/gpu-panel";
import { GridPanel } from "@/features/fleet/grid/grid-panel";
import { Headline } from "@/features/fleet/headline";
import { useLog } from "@/features/fleet/log";
import { QuickActions } from "@/features/fleet/quick-actions";
import { TimelinePanel } from "@/features/fleet/timeline/timeline-panel";
import type { ClusterInFleet, EventName } from "@/generated/api.schemas";
import { useAsOf, useRange } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const ALERT_TYPES: readonly EventName[] = ["ALERT_FIRED", "ALERT_RESOLVED"];
/** What changes which alerts fire and are heard. */
const ALERTING = [...ALERT_TYPES, "ALERT_SILENCED", "ALERT_UNSILENCED", "CLUSTER_DELETED"];
const READ = 1_000;

interface HomeProps {
  /** Worst first. */
  clusters: readonly ClusterInFleet[];
  readAt: number;
  /** The last read failed; what is shown is from before. */
  error: Error | null;
}

/** First what matters now and what changed, then the picture. */
export function Home({ clusters, readAt, error }: HomeProps) {
  const { as_of } = useAsOf();
  const firing = useFiring();
  const alerts = useLog({ name: "alerts", types: ALERT_TYPES, range: useRange(), limit: READ });
  useRefreshOn({ types: ALERTING, enabled: as_of === undefined }, ["/api/v1/alerts"], 1_000);
  return (
    <PageFrame title="Fleet" actions={<QuickActions />}>
      <Headline clusters={clusters} firing={firing} />
      {error ? <InlineFailure error={error} what="The fleet could not be read anew; this is how it was" /> : null}
      <div className="fleet-first">
        <div className="fleet-story">
          <AttentionPanel clusters={clusters} />
          <div className="fleet-beside">
            <ChangesPanel alerts={alerts} />
          </div>
        </div>
      </div>
      <Cards clusters={clusters} firing={firing} />
      <GridPanel clusters={clusters} readAt={readAt} />
      <GpuPanel />
      <TimelinePanel alerts={alerts} />
    </PageFrame>
  );
}
