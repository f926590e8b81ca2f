import "@/features/reports/reports.css";

import { Button, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { PlusIcon } from "@patternfly/react-icons";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { HistoryTab } from "@/features/reports/list/tab";
import { SchedulesTab } from "@/features/reports/schedules/tab";
import type { ReportsSearch } from "@/features/reports/search";
import { askedOf } from "@/features/reports/shared/use-reports";
import { ReportForm } from "@/features/reports/wizard/form";
import { getListReportSchedulesUrl, getListReportsUrl } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useGo, useSearch, useSetSearch } from "@/lib/place";

const PANEL = "reports-panel";

/** What is told to those who are not in front of this screen: made once, or again and again. */
export function ReportsPage() {
  const search = useSearch<ReportsSearch>();
  const setSearch = useSetSearch<ReportsSearch>();
  const go = useGo();
  const asOf = useAsOf();
  const { tab, report, of } = search;
  const isNow = asOf.as_of === undefined;
  const begin = () => setSearch({ report: "new", of: undefined });
  usePageActions(isNow ? [{ name: "new", title: "New report", run: begin }] : []);
  const start = isNow ? (
    <Button variant="primary" icon={<PlusIcon />} aria-keyshortcuts="+" onClick={begin}>
      New report
    </Button>
  ) : null;
  const path = tab === "schedules" ? getListReportSchedulesUrl({ page_size: 100, ...asOf }) : getListReportsUrl({ ...askedOf(search), page_size: 100, ...asOf });
  return (
    <PageFrame title="Reports" fills actions={<CopyMenu request={{ path }} />}>
      <Tabs
        className="reports-tabs"
        activeKey={tab ?? "history"}
        aria-label="Parts of reports"
        onSelect={(_, key) => setSearch({ tab: key === "schedules" ? "schedules" : undefined })}
      >
        <Tab eventKey="history" tabContentId={PANEL} title={<TabTitleText>History</TabTitleText>} />
        <Tab eventKey="schedules" tabContentId={PANEL} title={<TabTitleText>Schedules</TabTitleText>} />
      </Tabs>
      <WithDrawer
        drawer={
          report === "new" && isNow ? (
            <ReportForm
              key={of}
              incident={of}
              isRepeated={tab === "schedules"}
              onMade={(id) => (id === undefined ? setSearch({ report: undefined, of: undefined }) : go(`/reports/${id}`))}
              onScheduled={() => setSearch({ report: undefined, of: undefined, tab: "schedules" })}
              onClose={() => setSearch({ report: undefined, of: undefined })}
            />
          ) : null
        }
      >
        <div id={PANEL} role="tabpanel" aria-label={tab === "schedules" ? "Schedules" : "History"} className="reports-panel">
          {tab === "schedules" ? <SchedulesTab start={start} /> : <HistoryTab start={start} />}
        </div>
      </WithDrawer>
    </PageFrame>
  );
}
