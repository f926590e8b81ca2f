/** How a cluster is now, what to do about it, and how it was. */

import { keepPreviousData } from "@tanstack/react-query";

import { ClusterStateBadge } from "@/components/badges";
import { WithDrawer } from "@/components/drawer";
import { ExplainButton } from "@/components/explain/explain-button";
import { Facts } from "@/components/facts";
import { InlineFailure, Loading } from "@/components/states";
import { Ago, At } from "@/components/timestamp";
import { ExplainHealth } from "@/features/clusters/detail/explain-health";
import { HealthChart } from "@/features/clusters/detail/health-chart";
import { askedFor, barsOf } from "@/features/clusters/detail/history";
import { WhatToDo } from "@/features/clusters/detail/what-to-do";
import type { ClusterSearch } from "@/features/clusters/search";
import { Abilities } from "@/features/clusters/shared/abilities";
import { ChecksList } from "@/features/clusters/shared/checks-list";
import { Labels } from "@/features/clusters/shared/labels";
import { PLATFORMS } from "@/features/clusters/shared/types";
import { useGetClusterStatus } from "@/generated/api";
import type { ClusterHealth, ClusterView, HealthRun } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useAsOf, useNow, useRange } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

const RUNS = 8;

export function OverviewTab({ cluster }: { cluster: ClusterView }) {
  const health = useGetClusterStatus(cluster.id, useAsOf(), { query: { placeholderData: keepPreviousData } });
  const { explain } = useSearch<ClusterSearch>();
  const setSearch = useSetSearch<ClusterSearch>();
  return (
    <WithDrawer
      isWhole
      drawer={explain ? <ExplainHealth cluster={cluster} onClose={() => setSearch({ explain: undefined })} /> : null}
    >
      <div className="clusters-overview">
        <div className="clusters-column">
          <WhatToDo cluster={cluster} checks={health.data?.checks} />
          <section className="panel" aria-labelledby="checks">
            <h2 id="checks">Checks now</h2>
            {health.data ? (
              <>
                <ChecksList checks={health.data.checks} terse />
                {health.data.checks.length > 0 ? (
                  <p className="hint clusters-note">
                    Checked <Ago at={health.data.status.checked_at} />
                  </p>
                ) : null}
              </>
            ) : health.error ? (
              <InlineFailure error={health.error} what="The checks could not be read" />
            ) : (
              <Loading lines={4} />
            )}
          </section>
          <HealthOverTime cluster={cluster} />
          {health.data ? <Runs health={health.data} /> : null}
        </div>
        <AboutIt cluster={cluster} />
      </div>
    </WithDrawer>
  );
}

function AboutIt({ cluster }: { cluster: ClusterView }) {
  const { capabilities, platform = "OPENSHIFT" } = cluster;
  return (
    <section className="panel clusters-about" aria-labelledby="about">
      <h2 id="about">About it</h2>
      <Facts
        of={[
          ["Platform", [PLATFORMS[platform], cluster.platform_version].filter(Boolean).join(" ")],
          ["Nodes", capabilities ? count(capabilities.node_count) : undefined],
          ["GPUs", capabilities ? <Gpus key="gpus" id={cluster.id} gpus={capabilities.gpu_count} /> : undefined],
          ["Has", <Abilities key="has" of={capabilities} words />],
          ["Region", cluster.region ?? undefined],
          ["Site", cluster.site === "hub" ? undefined : cluster.site],
          ["Labels", <Labels key="labels" of={cluster.labels ?? {}} />],
          ["API server", <span key="url" className="mono clusters-url">{cluster.api_server_url}</span>],
          ["Registered", <At key="at" at={cluster.created_at} />],
          ["Id", <span key="id" className="mono clusters-url">{cluster.id}</span>],
        ]}
      />
    </section>
  );
}

function Gpus({ id, gpus }: { id: string; gpus: number }) {
  if (gpus === 0) return "0";
  return (
    <PageLink to={`/clusters/${id}`} search={{ tab: "gpus" }}>
      {count(gpus)}
    </PageLink>
  );
}

function HealthOverTime({ cluster }: { cluster: ClusterView }) {
  const range = useRange();
  const { as_of } = useAsOf();
  // As exact as the time that is shown: what is asked for does not change with every second.
  const now = useNow(15_000);
  const { asked, start, end, cut } = askedFor(range, now, as_of);
  const setSearch = useSetSearch<ClusterSearch & { from?: string; to?: string }>();
  const history = useGetClusterStatus(cluster.id, asked, {
    query: { placeholderData: keepPreviousData, ...(asked.as_of ? {} : { refetchInterval: 30_000 }) },
  });
  const zoom = (from: number, to: number) =>
    setSearch({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  return (
    <section className="panel" aria-labelledby="health">
      <header className="clusters-area-head">
        <h2 id="health">Health over time</h2>
        <ExplainButton onExplain={() => setSearch({ explain: true })} />
      </header>
      {history.data ? (
        <HealthChart bars={barsOf(history.data.history)} start={start} end={end} onZoom={zoom} />
      ) : history.error ? (
        <InlineFailure error={history.error} what="The history could not be read" />
      ) : (
        <Loading lines={4} />
      )}
      <TrendSaid health={history.data} />
      {cut ? <p className="hint">Health is kept for 7 days: the range is longer.</p> : null}
    </section>
  );
}

/** Where it is going: the last hour against the day before. */
function TrendSaid({ health }: { health: ClusterHealth | undefined }) {
  const { last_hour, day_before } = health?.trend ?? { last_hour: null, day_before: null };
  if (last_hour === null) return null;
  const before = day_before === null ? "" : `, ${Math.round(day_before)} in the 24 hours before`;
  return <p className="hint numbers">{`Mean score ${Math.round(last_hour)} in the last hour${before}.`}</p>;
}

function Runs({ health }: { health: ClusterHealth }) {
  if (health.runs.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="runs">
      <h2 id="runs">What has changed</h2>
      <ol className="clusters-runs plain">
        {health.runs.slice(0, RUNS).map((run) => (
          <Run key={run.since} run={run} />
        ))}
      </ol>
    </section>
  );
}

function Run({ run }: { run: HealthRun }) {
  // In the past a run goes no further than the instant that is shown.
  const now = useNow(60_000);
  const { since, until, state, health_score, answered, checks } = run;
  return (
    <li>
      <At at={since} />
      <ClusterStateBadge state={state} />
      <span className="numbers">
        {health_score === null ? "not checked" : `score ${health_score}${answered ? "" : ", no answer"}`}
      </span>
      <span className="quiet numbers">
        {checks === 1 ? "one check" : `for ${lasting(Math.min(Date.parse(until), now) - Date.parse(since))}`}
      </span>
    </li>
  );
}
