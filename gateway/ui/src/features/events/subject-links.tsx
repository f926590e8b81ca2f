import { PageLink } from "@/lib/place";

import type { LogEvent } from "@/features/events/event";

/** To what the event is about, where it has a page. */
export function SubjectLinks({ event }: { event: LogEvent }) {
  const { payload, cluster_id } = event;
  const alert = (payload?.["alert"] as { id?: unknown } | undefined)?.id;
  const trace = payload?.["trace_id"];
  return (
    <>
      {typeof alert === "string" ? (
        <PageLink to="/alerts" search={{ alert }}>
          Open the alert
        </PageLink>
      ) : null}
      {typeof trace === "string" ? (
        <PageLink
          to="/observability/traces"
          search={{ trace, clusters: cluster_id === null ? undefined : [cluster_id] }}
        >
          Open the trace
        </PageLink>
      ) : null}
      {cluster_id !== null && event.event_type !== "CLUSTER_DELETED" ? (
        <PageLink to={`/clusters/${cluster_id}`}>Open the cluster</PageLink>
      ) : null}
    </>
  );
}
