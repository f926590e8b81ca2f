import { Fragment, type ReactNode } from "react";

import type { Tone } from "@/components/badges";
import { heard, type Firing } from "@/features/fleet/firing";
import { countStates } from "@/features/fleet/health";
import { ToneIcon } from "@/features/fleet/tone-icon";
import type { ClusterInFleet, ClusterState } from "@/generated/api.schemas";
import { count, plural, title } from "@/lib/format";
import { PageLink } from "@/lib/place";

interface HeadlineProps {
  clusters: readonly ClusterInFleet[];
  firing: Firing;
}

/** The state of the fleet in one sentence; each part of it leads to what it tells of. */
export function Headline({ clusters, firing }: HeadlineProps) {
  const states = countStates(clusters);
  const bad = states.OFFLINE + states.DEGRADED;
  const unknown = states.UNKNOWN + states.PROVISIONING;
  const failed = firing.error !== null;
  const critical = firing.by?.CRITICAL ?? 0;
  const tone: Tone =
    states.OFFLINE > 0 || critical > 0 ? "danger" : bad > 0 || failed ? "warning" : unknown > 0 ? "neutral" : "success";
  const some = (wanted: readonly ClusterState[]) =>
    wanted.filter((state) => states[state] > 0).map((state) => <StateLink key={state} state={state} times={states[state]} />);
  return (
    <p className="fleet-headline" aria-live="polite" aria-atomic="true">
      <ToneIcon tone={tone} />
      <span>
        {bad > 0
          ? `${count(bad)} of ${plural(clusters.length, "cluster")} ${bad === 1 ? "needs" : "need"} attention`
          : unknown > 0
            ? `${states.ONLINE === 0 ? "None" : count(states.ONLINE)} of ${plural(clusters.length, "cluster")} ${states.ONLINE === 1 ? "is" : "are"} online`
            : clusters.length === 1
              ? "The one cluster is online"
              : `All ${count(clusters.length)} clusters are online`}
        {listed(": ", some(["OFFLINE", "DEGRADED"]))}
        {listed(bad > 0 ? " · " : ", ", some(["UNKNOWN", "PROVISIONING"]))}
        {" · "}
        {failed ? (
          "alerts are not known"
        ) : firing.by === undefined ? (
          <span className="quiet">reading alerts …</span>
        ) : critical === 0 ? (
          "no critical alert is firing"
        ) : (
          <PageLink to="/alerts" search={heard({ severity: "CRITICAL" })}>
            {firing.atLeast.has("CRITICAL") ? "at least " : ""}
            {plural(critical, "critical alert")} firing
          </PageLink>
        )}
      </span>
    </p>
  );
}

function StateLink({ state, times }: { state: ClusterState; times: number }) {
  return (
    <PageLink to="/clusters" search={{ state }}>
      {count(times)} {title(state).toLowerCase()}
    </PageLink>
  );
}

const listed = (before: string, parts: readonly ReactNode[]) =>
  parts.map((part, at) => (
    <Fragment key={at}>
      {at === 0 ? before : ", "}
      {part}
    </Fragment>
  ));
