/** What the page of reports keeps in its URL; names are those of the API wherever it has one. */

import { ReportStatus, ReportType } from "@/generated/api.schemas";
import { list, oneOf, someOf, text, uuid, type Raw } from "@/lib/search";

export interface ReportsSearch {
  tab?: "schedules" | undefined;
  report_type?: ReportType[] | undefined;
  status?: ReportStatus[] | undefined;
  cluster_id?: string[] | undefined;
  /** Only what this schedule has made. */
  schedule_id?: string | undefined;
  /** `new`: one that is to be asked for. */
  report?: "new" | undefined;
  /** The incident that the new one is about. */
  of?: string | undefined;
}

export function readReportsSearch(raw: Raw): ReportsSearch {
  return {
    tab: oneOf(raw["tab"], ["schedules"]),
    report_type: someOf(raw["report_type"], Object.values(ReportType)),
    status: someOf(raw["status"], Object.values(ReportStatus)),
    cluster_id: list(raw["cluster_id"]),
    schedule_id: uuid(raw["schedule_id"]),
    report: text(raw["report"]) === "new" ? "new" : undefined,
    of: uuid(raw["of"]),
  };
}
