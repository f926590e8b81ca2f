/** Reports for tests, and a hub that has them. */

import { http, HttpResponse } from "msw";

import type { Recurring, ReportRequest, ReportView, ScheduleView } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";

export const ID = "00000000-0000-4000-8000-e00000000001";
export const INCIDENT = "00000000-0000-4000-8000-e00000000002";
export const SCHEDULE = "00000000-0000-4000-8000-e00000000003";
export const CLUSTER = "00000000-0000-4000-8000-e00000000004";

export const report = (changed: Partial<ReportView> = {}): ReportView => ({
  id: ID,
  title: "The week in short",
  report_type: "EXECUTIVE_SUMMARY",
  format: "HTML",
  status: "READY",
  cluster_scope: [],
  time_range: { start: "2026-01-24T12:00:00Z", end: "2026-01-31T12:00:00Z" },
  incident_id: null,
  schedule_id: null,
  generated_by: "ada",
  created_at: "2026-01-31T12:00:00Z",
  changed_at: "2026-01-31T12:00:05Z",
  expires_at: "2026-05-01T12:00:00Z",
  size_bytes: 2048,
  sha256: "0".repeat(64),
  gaps: 0,
  model: null,
  code: null,
  reason: null,
  ...changed,
});

const UNREAD = { size_bytes: null, sha256: null, gaps: null } as const;
export const running = (changed: Partial<ReportView> = {}) => report({ status: "RUNNING", ...UNREAD, ...changed });
export const failed = (changed: Partial<ReportView> = {}) =>
  report({ status: "FAILED", ...UNREAD, code: "QUERY_TIMEOUT", reason: "it took more than 120 s; ask for less", ...changed });

export const schedule = (changed: Partial<ScheduleView> = {}): ScheduleView => ({
  id: SCHEDULE,
  title: "Monday's summary",
  report_type: "EXECUTIVE_SUMMARY",
  format: "PDF",
  cluster_scope: [],
  cron: "0 7 * * MON",
  period_days: 7,
  scheduled_by: "ada",
  created_at: "2026-01-01T12:00:00Z",
  expires_at: "2100-01-01T12:00:00Z",
  ...changed,
});

/** A hub with these; what it was asked comes back as it grows. */
export function answering(reports: ReportView[], schedules: ScheduleView[] = []) {
  const heard = { asked: [] as ReportRequest[], scheduled: [] as Recurring[], deleted: [] as string[], lists: [] as string[] };
  const has = { reports, schedules };
  const page = <Item>(items: Item[]) => HttpResponse.json({ items, total: items.length, page: 1, page_size: 50, total_pages: 1 });
  hub.use(
    http.get("*/api/v1/fleet/health", () => HttpResponse.json({ items: [{ id: CLUSTER, name: "edge-3", state: "ONLINE" }] })),
    http.get("*/api/v1/reports/schedules", () => page(has.schedules)),
    http.post("*/api/v1/reports/schedules", async ({ request }) => {
      heard.scheduled.push((await request.json()) as Recurring);
      has.schedules = [schedule()];
      return HttpResponse.json(has.schedules[0], { status: 201 });
    }),
    http.delete("*/api/v1/reports/schedules/:id", ({ params }) => {
      heard.deleted.push(String(params["id"]));
      has.schedules = [];
      return new HttpResponse(null, { status: 204 });
    }),
    http.get("*/api/v1/reports/:id/download", ({ params }) => {
      const one = has.reports.find(({ id }) => id === params["id"]);
      return one?.format === "JSON" ? HttpResponse.text('{"title":"The week"}') : HttpResponse.text("# The week\n\nAll *well*.");
    }),
    http.get("*/api/v1/reports/:id", ({ params }) => {
      const one = has.reports.find(({ id }) => id === params["id"]);
      if (one !== undefined) return HttpResponse.json(one);
      return HttpResponse.json({ error: { code: "REPORT_NOT_FOUND", message: "there is no such report", details: {}, trace_id: "t" } }, { status: 404 });
    }),
    http.get("*/api/v1/reports", ({ request }) => {
      heard.lists.push(new URL(request.url).search);
      return page(has.reports);
    }),
    http.post("*/api/v1/reports", async ({ request }) => {
      heard.asked.push((await request.json()) as ReportRequest);
      has.reports = [running({ status: "QUEUED" })];
      return HttpResponse.json(has.reports[0], { status: 201 });
    }),
    http.delete("*/api/v1/reports/:id", ({ params }) => {
      heard.deleted.push(String(params["id"]));
      has.reports = has.reports.filter(({ id }) => id !== params["id"]);
      return new HttpResponse(null, { status: 204 });
    }),
  );
  return { heard, has };
}
