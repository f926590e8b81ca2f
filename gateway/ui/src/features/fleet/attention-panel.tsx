import { CheckCircleIcon } from "@patternfly/react-icons";
import { useMemo } from "react";

import { InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { rank, type Item } from "@/features/fleet/attention";
import { useFiringGroups, type FiringGroups } from "@/features/fleet/firing";
import { useHardwareItems } from "@/features/fleet/hardware";
import { incidentItems, useIncidents } from "@/features/fleet/incidents";
import { HeldLines } from "@/features/fleet/held-lines";
import { useLog } from "@/features/fleet/log";
import { openSignals, SIGNAL_TYPES } from "@/features/fleet/signals";
import { ToneIcon } from "@/features/fleet/tone-icon";
import type { ClusterInFleet } from "@/generated/api.schemas";
import { useAsOf, useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";

const SHOWN = 7;
const SIGNALS = 500;
const NONE: FiringGroups = { groups: [], more: 0 };

/** What needs attention at the instant that is shown, worst first, across health, alerts and the log. */
export function AttentionPanel({ clusters }: { clusters: readonly ClusterInFleet[] }) {
  const critical = useFiringGroups("CRITICAL");
  const warning = useFiringGroups("WARNING");
  const signals = useLog({ name: "signals", types: SIGNAL_TYPES, limit: SIGNALS });
  const now = useNow(60_000);
  const { as_of } = useAsOf();
  const hardware = useHardwareItems(clusters, now);
  const incidents = useIncidents();
  const items = useMemo(
    () =>
      rank({
        clusters,
        critical: critical.found ?? NONE,
        warning: warning.found ?? NONE,
        signals: openSignals(signals.items ?? []),
        incidents: incidentItems(incidents.data),
        hardware: hardware.items,
        now,
      }),
    [clusters, critical.found, warning.found, signals.items, incidents.data, hardware.items, now],
  );
  const failed = critical.error ?? warning.error ?? signals.error ?? incidents.error ?? hardware.error;
  const read = critical.found !== undefined && warning.found !== undefined && signals.items !== undefined;
  const known = read && incidents.data !== undefined && hardware.known;
  return (
    <section className="panel fleet-attention" aria-labelledby="fleet-attention">
      <h2 id="fleet-attention">{as_of === undefined ? "Needs attention now" : "Needs attention, as it was"}</h2>
      {failed ? <InlineFailure error={failed} what="This list is not complete" /> : null}
      {items.length > 0 ? (
        <HeldLines lines={items} most={SHOWN} line={(item) => <AttentionLine key={item.id} item={item} />} />
      ) : known ? (
        <p className="fleet-calm">
          <span className="tone-success">
            <CheckCircleIcon />
          </span>
          {as_of === undefined
            ? "Nothing. Clusters are healthy, and no critical or warning alert fires."
            : "Nothing. Clusters were healthy, and no critical or warning alert fired."}
        </p>
      ) : failed ? null : (
        <Loading lines={4} label="Loading what needs attention" />
      )}
    </section>
  );
}

function AttentionLine({ item }: { item: Item }) {
  const { tone, what, where, why, since, place, metrics } = item;
  return (
    <li className="fleet-line">
      <ToneIcon tone={tone} />
      <div className="fleet-line-main">
        <span className="fleet-line-what">
          <PageLink to={place.to} search={place.search ?? {}}>
            {what}
          </PageLink>
          {where ? <span className="fleet-line-where"> {where}</span> : null}
        </span>
        {why === undefined && since?.oldest === undefined ? null : (
          <span className="quiet cut" title={why}>
            {why}
            {since?.oldest === undefined ? null : (
              <>
                {why === undefined ? "first " : " · first "}
                <Ago at={since.oldest} />
              </>
            )}
          </span>
        )}
      </div>
      <div className="fleet-line-end quiet">
        {metrics ? (
          <PageLink
            to={metrics.to}
            search={metrics.search ?? {}}
            className="fleet-line-aside"
            aria-label={`Metrics around ${what}`}
          >
            Metrics
          </PageLink>
        ) : null}
        {since ? (
          <span className="fleet-line-when">
            {since.label ? `${since.label} ` : ""}
            <Ago at={since.at} />
          </span>
        ) : null}
      </div>
    </li>
  );
}
