/** The list of anomalies: read on as one scrolls, kept fresh by events. */

import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";

import { ANOMALY_EVENTS } from "@/components/anomalies/words";
import type { AnomaliesSearch } from "@/features/anomalies/search";
import { listAnomalies } from "@/generated/api";
import type { Anomaly, AnomalyList, AnomalyView, ListAnomaliesParams } from "@/generated/api.schemas";
import { useLiveEvents, type LiveEvent } from "@/lib/live";
import { resolveRange, useAsOf, useNow, useRange } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PAGE_SIZE = 100;
const PATH = "/api/v1/anomalies";

type Pages = InfiniteData<AnomalyList>;

/** What the hub is asked for what the URL says; `range`: milliseconds of the page's time range. */
export function paramsOf(search: AnomaliesSearch, range: { start: number; end: number }): ListAnomaliesParams {
  const { state, severity, anomaly_type, detection_type, verdict, cluster_id, metric, watch_id, label, within, sort } = search;
  return {
    ...(state ? { state } : {}),
    ...(severity ? { severity } : {}),
    ...(anomaly_type ? { anomaly_type } : {}),
    ...(detection_type ? { detection_type } : {}),
    ...(verdict ? { verdict } : {}),
    ...(cluster_id ? { cluster_id } : {}),
    ...(metric ? { metric: [metric] } : {}),
    ...(watch_id ? { watch_id: [watch_id] } : {}),
    ...(label ? { label } : {}),
    ...(within ? { from: new Date(range.start).toISOString(), to: new Date(range.end).toISOString() } : {}),
    ...(sort ? { sort } : {}),
  };
}

/** Everything that narrows what is shown, taken back. */
export const CLEARED: AnomaliesSearch = {
  state: undefined,
  severity: undefined,
  anomaly_type: undefined,
  detection_type: undefined,
  verdict: undefined,
  cluster_id: undefined,
  metric: undefined,
  watch_id: undefined,
  label: undefined,
  within: undefined,
};

export const isFiltered = (search: AnomaliesSearch): boolean =>
  (Object.keys(CLEARED) as (keyof AnomaliesSearch)[]).some((name) => search[name] !== undefined);

export function useAnomalyRows(search: AnomaliesSearch) {
  const client = useQueryClient();
  const asOf = useAsOf();
  const enabled = asOf.as_of === undefined;
  // A range that moves is asked anew each minute, not with each event.
  const range = resolveRange(useRange(), useNow(60_000));
  const params = { ...paramsOf(search, range), ...asOf };
  const query = useInfiniteQuery({
    queryKey: [PATH, params, "pages"],
    queryFn: ({ pageParam, signal }) =>
      listAnomalies({ ...params, page_size: PAGE_SIZE, ...pageParam }, { signal }),
    initialPageParam: {} as { cursor?: string; page?: number },
    getNextPageParam: ({ next_cursor, page, total_pages }) =>
      next_cursor !== null ? { cursor: next_cursor } : search.sort && page < total_pages ? { page: page + 1 } : undefined,
    placeholderData: keepPreviousData,
  });
  useLiveEvents({ types: ANOMALY_EVENTS, enabled }, (events) => {
    client.setQueriesData<Pages>({ predicate: ({ queryKey }) => isList(queryKey) }, (pages) => withTold(pages, events));
  });
  useRefreshOn({ types: [...ANOMALY_EVENTS, "CLUSTER_DELETED"], enabled }, [PATH], 1_000);
  return { ...query, params };
}

const isList = (key: readonly unknown[]) => key[0] === PATH && key[2] === "pages";

/** Every row once: what comes while one scrolls moves others to the next page. */
export function rowsOf(pages: Pages | undefined): AnomalyView[] {
  const rows = new Map<string, AnomalyView>();
  for (const { items } of pages?.pages ?? []) {
    for (const row of items) if (!rows.has(row.id)) rows.set(row.id, row);
  }
  return [...rows.values()];
}

/** The list with what events tell of its anomalies. New ones come when it is read again. */
export function withTold(pages: Pages | undefined, events: readonly LiveEvent[]): Pages | undefined {
  if (pages === undefined) return undefined;
  const told = new Map(events.map(anomalyOf).map((anomaly) => [anomaly?.id, anomaly]));
  if (!pages.pages.some(({ items }) => items.some(({ id }) => told.has(id)))) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.map((row) => withAnomaly(row, told.get(row.id))) })),
  };
}

export const anomalyOf = ({ payload }: LiveEvent) => (payload as { anomaly?: Anomaly }).anomaly;

/** The row as an event tells it; what people said of it the hub alone knows. */
export function withAnomaly(row: AnomalyView, told: Anomaly | undefined): AnomalyView {
  if (told === undefined) return row;
  const ended_at = told.ended_at ?? row.ended_at ?? null;
  return { ...row, ...told, ended_at, state: ended_at === null ? "OPEN" : "ENDED" };
}
