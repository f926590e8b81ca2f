import "@/features/fleet/fleet.css";

import { PageFrame } from "@/components/page-frame";
import { Failure, Loading, Nothing } from "@/components/states";
import { FirstRun } from "@/features/fleet/first-run";
import { useFleet } from "@/features/fleet/health";
import { Home } from "@/features/fleet/home";
import { useIncidents } from "@/features/fleet/incidents";
import { useAsOf } from "@/lib/moment";

/** The home: the fleet, or how to begin one. */
export function FleetPage() {
  const { as_of } = useAsOf();
  const { clusters, error, readAt, retry } = useFleet();
  // Asked beside the fleet: what comes first on the page is there when the page is.
  useIncidents();
  if (clusters === undefined) {
    return (
      <PageFrame title="Fleet">
        {error ? <Failure error={error} what="The fleet" onRetry={() => void retry()} /> : <Loading lines={8} label="Loading the fleet" />}
      </PageFrame>
    );
  }
  if (clusters.length === 0) return as_of === undefined ? <FirstRun /> : <NoneThen />;
  return <Home clusters={clusters} readAt={readAt} error={error} />;
}

const NoneThen = () => (
  <PageFrame title="Fleet">
    <Nothing title="No cluster was here then">Choose a later instant, or go back to now.</Nothing>
  </PageFrame>
);
