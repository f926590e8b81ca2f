import { Button } from "@patternfly/react-core";
import { useRef, useState } from "react";

import { DataTable } from "@/components/data-table";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { OPEN, PAST, isOver } from "@/features/alerts/list/columns";
import { NoAlerts } from "@/features/alerts/list/no-alerts";
import { RowTimes } from "@/features/alerts/list/row-time";
import { PAGE, type AlertRows } from "@/features/alerts/list/use-alert-rows";
import type { AlertsSearch } from "@/features/alerts/search";
import type { AlertView } from "@/generated/api.schemas";
import { count } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ id }: AlertView) => id;
const fade = (alert: AlertView) =>
  isOver(alert) || alert.silenced || alert.inhibited ? "is-muted" : undefined;

interface AlertListProps {
  list: AlertRows;
  /** What is listed, whenever: another list begins at its top. */
  place: string;
  onHeld: (held: boolean) => void;
  /** Shows what is new: the list is read no more. */
  onRelease: () => void;
}

/** Alerts that are open, or past ones, newest first. */
export function AlertList({ list, place, onHeld, onRelease }: AlertListProps) {
  const { tab, alert } = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const { first, rows, waiting } = list;
  const frame = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(place);
  if (shown !== place && !first.isPlaceholderData) setShown(place);

  if (first.error && !first.data) {
    return <Failure error={first.error} what="The alerts" onRetry={() => void first.refetch()} />;
  }
  if (!first.data) return <Loading lines={10} label="Loading alerts" />;
  // That another question had no answer says nothing of this one.
  if (rows.length === 0) return first.isPlaceholderData ? <Loading lines={10} label="Loading alerts" /> : <NoAlerts />;
  const past = tab === "history";
  const toTop = () => {
    frame.current?.querySelector("[role=table]")?.scrollTo({ top: 0 });
    onRelease();
  };
  return (
    <div ref={frame} className="alerts-list alerts-rows" aria-busy={first.isPlaceholderData}>
      {first.error ? <InlineFailure error={first.error} what="The list could not be read again" /> : null}
      <RowTimes>
        <DataTable
          key={shown}
          label={past ? "Past alerts" : "Alerts"}
          rows={rows}
          columns={past ? PAST : OPEN}
          idOf={idOf}
          total={first.data.total}
          onOpen={({ id }) => setSearch({ alert: id }, { replace: alert !== undefined })}
          openId={alert}
          onMore={list.moreError ? undefined : list.more}
          onHeld={onHeld}
          rowClass={past ? undefined : fade}
        />
      </RowTimes>
      <div aria-live="polite" className="alerts-news">
        {waiting > 0 ? (
          <Button variant="primary" size="sm" onClick={toTop}>
            {count(waiting)}
            {waiting >= PAGE ? "+" : ""} new
          </Button>
        ) : null}
      </div>
      {list.moreError ? (
        <div className="alerts-more-error">
          <InlineFailure error={list.moreError} what="Older alerts could not be read" />
          <Button variant="secondary" size="sm" onClick={list.more}>
            Read older alerts again
          </Button>
        </div>
      ) : null}
    </div>
  );
}
