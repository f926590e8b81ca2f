/** Reports and their schedules, as they come, are made and go. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { ReportsSearch } from "@/features/reports/search";
import { listReports, listReportSchedules } from "@/generated/api";
import type { ListReportsParams, ReportProgress } from "@/generated/api.schemas";
import { live, useLiveEvents } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { useRefreshOn } from "@/lib/refresh";

const PATH = "/api/v1/reports";
const SCHEDULES = "/api/v1/reports/schedules";
const PAGE = 50;
const EVENTS = ["REPORT_REQUESTED", "REPORT_STARTED", "REPORT_GENERATED", "REPORT_FAILED", "REPORT_DELETED"];
const SCHEDULE_EVENTS = ["REPORT_SCHEDULED", "REPORT_UNSCHEDULED"];
const TELEMETRY = ["REPORT_PROGRESS"] as const;
/** Of more reports than that nobody follows the progress at once. */
const MOST_FOLLOWED = 100;

export type Listed = Pick<ListReportsParams, "report_type" | "status" | "cluster_id" | "schedule_id">;

export const askedOf = ({ report_type, status, cluster_id, schedule_id }: ReportsSearch): Listed => ({
  ...(report_type ? { report_type } : {}),
  ...(status ? { status } : {}),
  ...(cluster_id ? { cluster_id } : {}),
  ...(schedule_id ? { schedule_id: [schedule_id] } : {}),
});

/** While shown, what is read of reports is read again when something has become of one. */
export function useFreshReports(): void {
  const { as_of } = useAsOf();
  useRefreshOn({ types: EVENTS, enabled: as_of === undefined }, [PATH]);
}

export function useReports(asked: Listed) {
  const asOf = useAsOf();
  useFreshReports();
  return useInfiniteQuery({
    queryKey: [PATH, asked, asOf, "pages"],
    queryFn: ({ pageParam, signal }) => listReports({ ...asked, page: pageParam, page_size: PAGE, ...asOf }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

export function useSchedules() {
  const asOf = useAsOf();
  useRefreshOn({ types: SCHEDULE_EVENTS, enabled: asOf.as_of === undefined }, [SCHEDULES]);
  return useInfiniteQuery({
    queryKey: [SCHEDULES, asOf, "pages"],
    queryFn: ({ pageParam, signal }) => listReportSchedules({ page: pageParam, page_size: PAGE, ...asOf }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

/** Has them read again. */
export function useReadReports(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: ({ queryKey: [key] }) => typeof key === "string" && key.startsWith(PATH) });
}

/** How far those are that are being made, by id, as the stream has told it since one looks; `enabled`: one is. */
export function useProgress(enabled: boolean): ReadonlyMap<string, ReportProgress> {
  const [told, setTold] = useState<ReadonlyMap<string, ReportProgress>>(() => new Map());
  useEffect(() => (enabled ? live.subscribe("reports page: progress", { event_types: [...TELEMETRY] }) : undefined), [enabled]);
  useLiveEvents({ types: TELEMETRY, enabled }, (events) =>
    setTold((before) => {
      const next = new Map(before);
      for (const { payload } of events) {
        const progress = payload as unknown as ReportProgress;
        // At the end, so that the oldest go.
        next.delete(progress.report_id);
        next.set(progress.report_id, progress);
      }
      return new Map([...next].slice(-MOST_FOLLOWED));
    }),
  );
  return told;
}
