import type { ReactNode } from "react";

import type { Thing } from "@/components/neighbourhood/entity";
import { logsOf, metricsOf, tracesOf } from "@/components/neighbourhood/queries";
import { useGetCluster } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { PageLink, type Path } from "@/lib/place";

interface WaysProps {
  thing: Thing;
  /** Another time than that of the page: around the beginning of an alert. */
  range?: { from: string; to: string } | undefined;
  /** Said beside the heading: which time that is. */
  when?: string | undefined;
  /** Of the thing that one came from: the rule of an alert. */
  more?: readonly (readonly [says: string, query: string])[];
  /** The lines of that, where they are told more exactly. */
  logs?: string | undefined;
}

/** Its metrics, logs and traces: each opens with the question written and the cluster chosen. */
export function Ways({ thing, range, when, more = [], logs = logsOf(thing) }: WaysProps) {
  const clusters = [thing.cluster];
  const has = useGetCluster(thing.cluster, useAsOf()).data?.capabilities;
  const metrics = [...more, ...metricsOf(thing)];
  const traces = tracesOf(thing);
  const link = (to: Path, says: string, search: object) => (
    <PageLink key={says} to={to} search={{ ...search, clusters, ...range }}>
      {says}
    </PageLink>
  );
  return (
    <section className="near-group" aria-label="Look at">
      <h3>Look at {when === undefined ? null : <span className="near-when">{when}</span>}</h3>
      <dl className="near-ways">
        <Way name="Logs" whyNot={has?.has_loki === false ? "The cluster has no Loki." : logs === undefined ? "Lines are found by namespace and pod: hop to one." : undefined}>
          {link("/observability/logs", "Its lines", { query: logs })}
        </Way>
        <Way name="Traces" whyNot={has?.has_tempo === false ? "The cluster has no Tempo." : traces === undefined ? "Spans do not name it: hop to a pod." : undefined}>
          {link("/observability/traces", "Its traces", traces ?? {})}
        </Way>
        <Way name="Metrics" whyNot={has?.has_prometheus === false ? "The cluster has no Prometheus." : metrics.length === 0 ? "None that are known by its name." : undefined}>
          {metrics.map(([says, query]) => link("/observability/metrics", says, { query: [query] }))}
        </Way>
      </dl>
    </section>
  );
}

function Way({ name, whyNot, children }: { name: string; whyNot: string | undefined; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{whyNot === undefined ? children : <span className="quiet">{whyNot}</span>}</dd>
    </div>
  );
}
