import { SeverityBadge } from "@/components/badges";
import { sentenceInWords } from "@/components/causes/sentence";
import { Drawer } from "@/components/drawer";
import { Facts } from "@/components/facts";
import { LinkButton } from "@/components/link-button";
import { Places } from "@/components/neighbourhood/places";
import { aroundStart } from "@/components/neighbourhood/queries";
import { Loading } from "@/components/states";
import { At } from "@/components/timestamp";
import { logqlOf, ownPage, promqlOf } from "@/features/incidents/detail/around";
import type { IncidentSearch } from "@/features/incidents/search";
import { KIND_NAMES } from "@/features/incidents/shared/words";
import type { SignalView } from "@/generated/api.schemas";
import { useNow } from "@/lib/moment";
import { PageLink, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

/** One signal: what it is, why it belongs to the incident, and where to look further. */
export function SignalDrawer({ signal, isSeeking }: { signal: SignalView | undefined; isSeeking: boolean }) {
  const setSearch = useSetSearch<IncidentSearch>();
  return (
    <Drawer title={signal?.name ?? "Signal"} label="Signal" onClose={() => setSearch({ signal: undefined })}>
      {signal !== undefined ? (
        <Detail signal={signal} />
      ) : isSeeking ? (
        <Loading label="Looking for the signal" />
      ) : (
        <p>This signal is not among those that are listed: it came with another filter, or belongs to another incident.</p>
      )}
    </Drawer>
  );
}

function Detail({ signal }: { signal: SignalView }) {
  const now = useNow(10_000);
  const { to, search, says } = ownPage(signal);
  const { severity, kind, cluster_id, cluster_name, where, started_at, ended_at, joined_at, reason, likeness } = signal;
  const until = ended_at === null ? now : Date.parse(ended_at);
  return (
    <div className="incidents-signal">
      <SeverityBadge severity={severity} />
      <LinkButton to={to} search={search ?? {}} variant="secondary">
        {says}
      </LinkButton>
      <section>
        <h3>Why it belongs here</h3>
        <p>{reason === null ? "Not shown: it may tell of clusters that you do not see." : sentenceInWords(reason)}</p>
        {likeness === null ? null : <Likeness likeness={likeness} />}
      </section>
      <Facts
        of={[
          ["Kind", KIND_NAMES[kind]],
          ["Cluster", <PageLink key="cluster" to={`/clusters/${cluster_id}`}>{cluster_name ?? cluster_id}</PageLink>],
          ["Where", where.length > 0 ? <Places key="where" places={where} cluster={cluster_id} /> : undefined],
          ["Began", <At key="began" at={started_at} />],
          ["Joined", <At key="joined" at={joined_at} />],
          ["Ended", ended_at === null ? "not yet" : <At key="ended" at={ended_at} />],
          [ended_at === null ? "Lasting" : "Lasted", <span key="lasted" className="numbers">{lasting(until - Date.parse(started_at))}</span>],
        ]}
      />
      <Around signal={signal} now={now} />
    </div>
  );
}

function Around({ signal, now }: { signal: SignalView; now: number }) {
  const range = aroundStart(signal.started_at, now);
  const clusters = [signal.cluster_id];
  const promql = promqlOf(signal);
  const logql = logqlOf(signal);
  return (
    <section>
      <h3>Around its beginning, ± 30 min</h3>
      <p className="incidents-links">
        {promql === undefined ? null : (
          <PageLink to="/observability/metrics" search={{ query: promql, clusters, ...range }}>
            Metrics
          </PageLink>
        )}
        {logql === undefined ? null : (
          <PageLink to="/observability/logs" search={{ query: logql, clusters, ...range }}>
            Logs
          </PageLink>
        )}
        <PageLink to="/events" search={{ cluster_id: signal.cluster_id, ...range }}>
          Events
        </PageLink>
      </p>
    </section>
  );
}

/** How much it has in common with what was there, as a number and a bar. */
export function Likeness({ likeness }: { likeness: number }) {
  const percent = Math.round(likeness * 100);
  return (
    <span className="incidents-likeness" title="How much it had in common with what was there">
      <span className="incidents-share" aria-hidden="true">
        <span style={{ inlineSize: `${percent}%` }} />
      </span>
      <span className="numbers quiet">{percent} % alike</span>
    </span>
  );
}
