import "@/features/fleet/story/story.css";

import { CheckCircleIcon } from "@patternfly/react-icons";
import { useMemo } from "react";

import { InlineFailure } from "@/components/states";
import { AttentionLine } from "@/features/fleet/attention-line";
import { rank } from "@/features/fleet/attention";
import { notInIncidents, useFiringPairs, type FiringGroups, type Pairs } from "@/features/fleet/firing";
import { useHardwareItems } from "@/features/fleet/hardware";
import { HeldLines } from "@/features/fleet/held-lines";
import { useIncidents } from "@/features/fleet/incidents";
import { useLog } from "@/features/fleet/log";
import { openSignals, SIGNAL_TYPES } from "@/features/fleet/signals";
import { Stories, StoriesToCome } from "@/features/fleet/story/stories";
import type { ClusterInFleet, LastingName } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf, useNow } from "@/lib/moment";

const SHOWN = 5;
const SIGNALS = 500;
const NONE: FiringGroups = { groups: [], more: 0 };
const NO_NAMES: readonly LastingName[] = [];

/** What matters at the instant that is shown: incidents as stories, then what else is open, worst first. */
export function AttentionPanel({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const { as_of } = useAsOf();
  const incidents = useIncidents();
  const found = incidents.data;
  // Where incidents are not known every alert is told: better twice than not at all.
  const others = useOthers(clusters, found === undefined && incidents.error ? NO_NAMES : found?.lasting_by_name);
  const failed = incidents.error ?? others.error;
  const isNow = as_of === undefined;
  const isCalm = found?.total === 0 && others.items.length === 0;
  return (
    <section className="panel fleet-attention" aria-labelledby="fleet-attention" data-calm={isCalm && !failed ? true : undefined}>
      <h2 id="fleet-attention">{isNow ? "What matters now" : "What mattered then"}</h2>
      {failed ? <InlineFailure error={failed} what="This list is not complete" /> : null}
      {found === undefined ? (
        failed ? null : <StoriesToCome />
      ) : found.total > 0 ? (
        <Stories found={found} />
      ) : isCalm && others.known && !failed ? (
        <Calm clusters={clusters.length} isNow={isNow} />
      ) : isCalm ? null : (
        <p className="quiet">No incident {isNow ? "is" : "was"} open.</p>
      )}
      {others.items.length > 0 ? (
        <div className="stories-others">
          <h3>{isNow ? "Also open" : "Also open then"}</h3>
          <HeldLines lines={others.items} most={SHOWN} line={(item) => <AttentionLine key={item.id} item={item} />} />
        </div>
      ) : null}
    </section>
  );
}

/** What is wrong and in no incident. */
function useOthers(clusters: readonly ClusterInFleet[], lasting: readonly LastingName[] | null | undefined) {
  const critical = useFiringPairs("CRITICAL");
  const warning = useFiringPairs("WARNING");
  const signals = useLog({ name: "signals", types: SIGNAL_TYPES, limit: SIGNALS });
  const now = useNow(60_000);
  const hardware = useHardwareItems(clusters, now);
  const items = useMemo(() => {
    // Until it is known what belongs to incidents, no alert is told: it would come and go.
    const alone = (pairs: Pairs | undefined) => (pairs && lasting ? notInIncidents(pairs, lasting) : NONE);
    return rank({
      clusters,
      critical: alone(critical.found),
      warning: alone(warning.found),
      signals: openSignals(signals.items ?? []),
      hardware: hardware.items,
      now,
    });
  }, [clusters, critical.found, warning.found, lasting, signals.items, hardware.items, now]);
  const read = critical.found !== undefined && warning.found !== undefined && signals.items !== undefined;
  return {
    items,
    known: read && hardware.known,
    error: critical.error ?? warning.error ?? signals.error ?? hardware.error,
  };
}

function Calm({ clusters, isNow }: { clusters: number; isNow: boolean }) {
  const all = clusters === 1 ? "the one cluster" : `all ${count(clusters)} clusters`;
  return (
    <p className="fleet-calm">
      <span className="tone-success">
        <CheckCircleIcon />
      </span>
      {isNow
        ? `Nothing needs you. Checked: ${all} and their credentials, incidents, critical and warning alerts, links of sites, GPUs and network functions.`
        : `Nothing needed anybody. Checked: ${all} and their credentials, incidents, critical and warning alerts, links of sites, GPUs and network functions.`}
    </p>
  );
}
