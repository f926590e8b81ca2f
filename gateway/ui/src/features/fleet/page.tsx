import "@/features/fleet/fleet.css";

import { lazy, Suspense } from "react";

import { PageFrame } from "@/components/page-frame";
import { Failure, Loading, Nothing } from "@/components/states";
import { useFleet } from "@/features/fleet/health";
import { Home } from "@/features/fleet/home";
import { useIncidents } from "@/features/fleet/incidents";
import { useAsOf } from "@/lib/moment";

const FirstRun = lazy(() => import("@/features/fleet/first-run"));

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
  if (clusters.length === 0) {
    if (as_of !== undefined) return <NoneThen />;
    return (
      <Suspense fallback={<PageFrame title="Fleet"><Loading lines={8} label="Loading the first steps" /></PageFrame>}>
        <FirstRun />
      </Suspense>
    );
  }
  return <Home clusters={clusters} readAt={readAt} error={error} />;
}

const NoneThen = () => (
  <PageFrame title="Fleet">
    <Nothing title="No cluster was here then">Choose a later instant, or go back to now.</Nothing>
  </PageFrame>
);
