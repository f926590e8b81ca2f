/** The list of incidents: read page by page as one scrolls, kept fresh by events. */

import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";

import { UNSOLVED, type IncidentsSearch, type Sort } from "@/features/incidents/search";
import { INCIDENT_EVENTS } from "@/features/incidents/shared/words";
import { listIncidents } from "@/generated/api";
import type { Incident, IncidentList, IncidentView, ListIncidentsParams } from "@/generated/api.schemas";
import { useLiveEvents, type LiveEvent } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PAGE_SIZE = 100;
const PATH = "/api/v1/incidents";

type Pages = InfiniteData<IncidentList>;

/** Only past ones are asked for. */
export const isPast = ({ state }: IncidentsSearch): boolean => state?.includes("RESOLVED") ?? false;

/** What is urgent comes first, of the past the newest. */
export const sortOf = (search: IncidentsSearch): Sort => search.sort ?? (isPast(search) ? "-opened_at" : "severity");

/** What the hub is asked for what the URL says. */
export function paramsOf(search: IncidentsSearch): ListIncidentsParams {
  const { state = UNSOLVED, severity, cluster_id, q } = search;
  return {
    state: [...state],
    ...(severity ? { severity } : {}),
    ...(cluster_id ? { cluster_id } : {}),
    ...(q ? { q } : {}),
    sort: sortOf(search),
    include: ["CAUSE"],
  };
}

export const isFiltered = ({ severity, cluster_id, q, state }: IncidentsSearch): boolean =>
  severity !== undefined || cluster_id !== undefined || q !== undefined || (state?.length === 1 && state[0] !== "RESOLVED");

/** Everything that narrows what is shown, taken back; the tab stays. */
export const cleared = (search: IncidentsSearch): IncidentsSearch => ({
  severity: undefined,
  cluster_id: undefined,
  q: undefined,
  state: isPast(search) ? ["RESOLVED"] : undefined,
});

export function useIncidentRows(search: IncidentsSearch) {
  const client = useQueryClient();
  const asOf = useAsOf();
  const enabled = asOf.as_of === undefined;
  const params = { ...paramsOf(search), ...asOf };
  const query = useInfiniteQuery({
    queryKey: [PATH, params, "pages"],
    queryFn: ({ pageParam, signal }) => listIncidents({ ...params, page: pageParam, page_size: PAGE_SIZE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
  useLiveEvents({ types: INCIDENT_EVENTS, enabled }, (events) => {
    client.setQueriesData<Pages>({ predicate: ({ queryKey }) => isList(queryKey) }, (pages) => withHeads(pages, events));
  });
  useRefreshOn({ types: [...INCIDENT_EVENTS, "RCA_COMPLETE", "CLUSTER_DELETED"], enabled }, [PATH], 1_000);
  return query;
}

const isList = (key: readonly unknown[]) => key[0] === PATH && key[2] === "pages";

/** Every row once: incidents that open while one scrolls move others to the next page. */
export function rowsOf(pages: Pages | undefined): IncidentView[] {
  const rows = new Map<string, IncidentView>();
  for (const { items } of pages?.pages ?? []) {
    for (const row of items) if (!rows.has(row.id)) rows.set(row.id, row);
  }
  return [...rows.values()];
}

/** The list with what events tell of its incidents. New ones come when it is read again. */
export function withHeads(pages: Pages | undefined, events: readonly LiveEvent[]): Pages | undefined {
  if (pages === undefined) return undefined;
  const heads = new Map(events.map(({ payload }) => headOf(payload)).map((head) => [head?.id, head]));
  let changed = false;
  const next = pages.pages.map((page) => {
    if (!page.items.some(({ id }) => heads.has(id))) return page;
    changed = true;
    return { ...page, items: page.items.map((row) => withHead(row, heads.get(row.id))) };
  });
  return changed ? { ...pages, pages: next } : pages;
}

const headOf = (payload: unknown) => (payload as { incident?: Incident }).incident;

/** How the hub begins what stands in place of a title that may speak of clusters that are not seen. */
const NOT_SHOWN = "not shown:";

/** The row as its head is told; numbers of one that is not shown whole are of what is seen: the hub alone counts them. */
export function withHead(row: IncidentView, head: Incident | undefined): IncidentView {
  if (head === undefined) return row;
  const { state, severity, acknowledged_by = null, acknowledged_at = null } = head;
  const { resolved_by = null, resolved_at = null, merged_into = null } = head;
  const said = { state, severity, acknowledged_by, acknowledged_at, resolved_by, resolved_at, merged_into };
  const isWhole = !row.redacted && !head.title.startsWith(NOT_SHOWN);
  if (!isWhole || head.cluster_ids.some((id) => !row.cluster_ids.includes(id))) return { ...row, ...said };
  const { title, signals, lasting, last_signal_at, opened_at, where = [] } = head;
  return { ...row, ...said, title, signals, lasting, last_signal_at, opened_at, where };
}
