import { useMemo } from "react";

import { DataTable } from "@/components/data-table";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { ANOMALY_COLUMNS } from "@/features/anomalies/list/columns";
import { FilterBar, Narrowed } from "@/features/anomalies/list/filters";
import { NoAnomalies } from "@/features/anomalies/list/no-anomalies";
import { rowsOf, type useAnomalyRows } from "@/features/anomalies/list/rows";
import type { AnomaliesSearch } from "@/features/anomalies/search";
import type { AnomalyView } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useGo, useSearch, useSetSearch } from "@/lib/place";

interface AnomaliesTabProps {
  query: ReturnType<typeof useAnomalyRows>;
  rows: readonly AnomalyView[];
  /** The list must not move now. */
  onHeld: (held: boolean) => void;
}

const idOf = ({ id }: AnomalyView) => id;

/** What behaved as it did not before, the newest first. */
export function AnomaliesTab({ query, rows, onHeld }: AnomaliesTabProps) {
  const { sort } = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  const go = useGo();
  const counted = query.data?.pages[0];
  const total = useMemo(() => counted?.total ?? rowsOf(query.data).length, [counted, query.data]);
  return (
    <>
      <div className="toolbar">
        <FilterBar />
        <span className="toolbar-end quiet numbers" aria-live="polite">
          {counted && total > 0 ? (counted.total_at_least ? `${count(total)}+ anomalies` : plural(total, "anomaly", "anomalies")) : ""}
        </span>
      </div>
      <Narrowed />
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      {query.data === undefined && query.error ? (
        <Failure error={query.error} what="The anomalies" onRetry={() => void query.refetch()} />
      ) : query.data === undefined || (rows.length === 0 && query.isPlaceholderData) ? (
        <Loading lines={10} label="Loading anomalies" />
      ) : rows.length === 0 ? (
        <NoAnomalies />
      ) : (
        <div className="anomalies-rows" aria-busy={query.isPlaceholderData}>
          <DataTable<AnomalyView>
            label="Anomalies"
            rows={rows}
            total={total}
            columns={ANOMALY_COLUMNS}
            idOf={idOf}
            onOpen={({ id }) => go(`/anomalies/${id}`)}
            sort={sort === "severity" ? "-severity" : "-detected_at"}
            onSort={(by) => setSearch({ sort: by.endsWith("severity") ? "severity" : undefined })}
            onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
            onHeld={onHeld}
            rowClass={({ feedback }) => (feedback?.verdict === "NOISE" ? "is-muted" : undefined)}
          />
        </div>
      )}
    </>
  );
}
