/** Every report that is kept: found, read, deleted. */

import { Button } from "@patternfly/react-core";
import { FileAltIcon } from "@patternfly/react-icons";
import { useMemo, useState, type ReactNode } from "react";

import { ChoiceMenu } from "@/components/choice-menu";
import { ClusterPicker } from "@/components/cluster-picker";
import { DataTable } from "@/components/data-table";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { reportColumns } from "@/features/reports/list/columns";
import type { ReportsSearch } from "@/features/reports/search";
import { DeleteDialog } from "@/features/reports/shared/delete-dialog";
import { useMayOf } from "@/features/reports/shared/rights";
import { askedOf, useProgress, useReports } from "@/features/reports/shared/use-reports";
import { isOver, statusesSaid, TYPES, typesSaid } from "@/features/reports/shared/words";
import { ReportType, type ReportView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useGo, useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ id }: ReportView) => id;
const ALL = { report_type: undefined, status: undefined, cluster_id: undefined, schedule_id: undefined };

/** `start`: the button that begins a new one. */
export function HistoryTab({ start }: { start: ReactNode }) {
  const search = useSearch<ReportsSearch>();
  const go = useGo();
  const asked = askedOf(search);
  const query = useReports(asked);
  const { as_of } = useAsOf();
  const mayOf = useMayOf();
  const [deleting, setDeleting] = useState<ReportView>();
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const isFiltered = Object.keys(asked).length > 0;
  const progress = useProgress(as_of === undefined && rows.some((row) => !isOver(row)));
  const columns = useMemo(() => reportColumns({ progress, may: mayOf, onDelete: setDeleting }), [progress, mayOf]);
  return (
    <>
      <Filters total={total} start={rows.length > 0 || isFiltered ? start : null} />
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      {query.data === undefined ? (
        query.error ? (
          <Failure error={query.error} what="The reports" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={6} label="Loading the reports" />
        )
      ) : rows.length > 0 ? (
        <div className="reports-rows">
          <DataTable
            label="Reports"
            rows={rows}
            columns={columns}
            idOf={idOf}
            total={total}
            onOpen={({ id }) => go(`/reports/${id}`)}
            onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
          />
        </div>
      ) : isFiltered ? (
        <NoneFits />
      ) : (
        <NoneYet start={start} />
      )}
      {deleting ? (
        <DeleteDialog
          what="report"
          id={deleting.id}
          title={deleting.title}
          onDone={() => setDeleting(undefined)}
          onClose={() => setDeleting(undefined)}
        />
      ) : null}
    </>
  );
}

function Filters({ total, start }: { total: number; start: ReactNode }) {
  const { report_type = [], status = [], cluster_id = [], schedule_id } = useSearch<ReportsSearch>();
  const setSearch = useSetSearch<ReportsSearch>();
  const some = <Value,>(chosen: Value[]) => (chosen.length > 0 ? chosen : undefined);
  return (
    <div className="toolbar">
      <ChoiceMenu label="Type" of={typesSaid} chosen={report_type} onChange={(chosen) => setSearch({ report_type: some(chosen) })} />
      <ChoiceMenu label="Status" of={statusesSaid} chosen={status} onChange={(chosen) => setSearch({ status: some(chosen) })} />
      <ClusterPicker chosen={cluster_id} onChange={(chosen) => setSearch({ cluster_id: some(chosen) })} />
      {schedule_id === undefined ? null : <span className="hint">Of one schedule</span>}
      {report_type.length + status.length + cluster_id.length > 0 || schedule_id !== undefined ? (
        <Button variant="link" isInline onClick={() => setSearch(ALL)}>
          Show all
        </Button>
      ) : null}
      <span className="toolbar-end">
        <span className="quiet numbers" aria-live="polite">
          {total > 0 ? plural(total, "report") : ""}
        </span>
        {start}
      </span>
    </div>
  );
}

function NoneFits() {
  const setSearch = useSetSearch<ReportsSearch>();
  return (
    <Nothing
      title="No report passes the filters"
      actions={
        <Button variant="link" onClick={() => setSearch(ALL)}>
          Show all
        </Button>
      }
    >
      Others may be there.
    </Nothing>
  );
}

/** What reports are for. */
function NoneYet({ start }: { start: ReactNode }) {
  const { as_of } = useAsOf();
  if (as_of !== undefined) return <Nothing title="There was no report yet">None was kept at the instant that is shown.</Nothing>;
  return (
    <Nothing title="No report was made yet" icon={FileAltIcon} actions={start ?? undefined}>
      <span className="reports-none">
        A report tells those who are not in front of this screen what happened, and stays as it was made.
        <span className="reports-kinds">
          {Object.values(ReportType).map((type) => (
            <span key={type}>
              <strong>{TYPES[type].said}</strong> {TYPES[type].who.toLowerCase()}
            </span>
          ))}
        </span>
      </span>
    </Nothing>
  );
}
