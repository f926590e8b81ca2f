import { keepPreviousData } from "@tanstack/react-query";

import type { Column } from "@/components/data-table";
import { Failure, Loading, Nothing } from "@/components/states";
import { At } from "@/components/timestamp";
import { HeldTable } from "@/features/clusters/detail/held-table";
import { useListEvents } from "@/generated/api";
import type { ClusterView, CnfStatusChanged, EventRecord } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { gpuTold, isGpuFact } from "@/lib/gpus";
import { useAsOf } from "@/lib/moment";
import { functionTold } from "@/lib/network-functions";
import { PageLink, useGo } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const SHOWN = 100;

/** The words of an event that tell most: its reason, or the name of what it is about. */
export function gist({ event_type, payload }: EventRecord): string {
  if (payload !== null && isGpuFact(event_type)) return gpuTold(event_type, payload);
  if (payload !== null && event_type === "CNF_STATUS_CHANGED") {
    return functionTold(payload as unknown as CnfStatusChanged);
  }
  const told = payload ?? {};
  const of = (name: string): unknown => {
    const inner = told["alert"];
    return told[name] ?? (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[name] : undefined);
  };
  const changed = Array.isArray(told["changed_fields"]) ? `changed: ${told["changed_fields"].join(", ")}` : undefined;
  const moved = told["new_state"] ? `${title(String(told["old_state"]))} → ${title(String(told["new_state"]))}` : undefined;
  return [moved, of("alertname"), changed, of("reason")]
    .filter((each) => typeof each === "string" && each !== "")
    .join(": ");
}

const COLUMNS: Column<EventRecord>[] = [
  { id: "at", header: "When", width: "11.5rem", cell: ({ timestamp }) => <At at={timestamp} /> },
  { id: "type", header: "What", width: "minmax(9rem, 1fr)", cell: ({ event_type }) => title(event_type) },
  {
    id: "gist",
    header: "Details",
    width: "minmax(10rem, 2fr)",
    from: 45,
    cell: (event) => <span title={gist(event)}>{gist(event)}</span>,
  },
  { id: "actor", header: "By", width: "8rem", from: 60, cell: ({ actor }) => <span className="quiet">{actor}</span> },
];

/** What happened to this cluster, the newest first. */
export function EventsTab({ cluster }: { cluster: ClusterView }) {
  const asOf = useAsOf();
  const go = useGo();
  const query = useListEvents(
    { cluster_id: cluster.id, order: "desc", limit: SHOWN, ...asOf },
    { query: { placeholderData: keepPreviousData } },
  );
  useRefreshOn({ cluster: cluster.id, enabled: asOf.as_of === undefined }, ["/api/v1/events"]);
  if (query.data === undefined) {
    return query.error ? (
      <Failure error={query.error} what="The events" onRetry={() => void query.refetch()} />
    ) : (
      <Loading />
    );
  }
  const { items, next_cursor } = query.data;
  if (items.length === 0) return <Nothing title="Nothing has happened yet">No event of this cluster is in the log.</Nothing>;
  return (
    <>
      <p className="clusters-line">
        <span>{next_cursor ? `The newest ${items.length}` : "All of its events"}</span>
        <PageLink to="/events" search={{ cluster_id: cluster.id }}>
          Filter and follow them in Events
        </PageLink>
      </p>
      <HeldTable
        label={`Events of ${cluster.name}`}
        rows={items}
        columns={COLUMNS}
        idOf={({ event_id }) => event_id}
        onOpen={({ sequence }) => go("/events", { cluster_id: cluster.id, event: sequence ?? undefined })}
      />
    </>
  );
}
