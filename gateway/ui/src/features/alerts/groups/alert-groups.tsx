import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { SeverityBadge } from "@/components/badges";
import { DataTable, type Column } from "@/components/data-table";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { atTime, type Asked } from "@/features/alerts/filters/asked";
import { COUNTED_EACH_MS } from "@/features/alerts/filters/use-facets";
import { filterOf, valueOf } from "@/features/alerts/groups/group-filter";
import { ALERT_EVENTS } from "@/features/alerts/list/loaded";
import { NoAlerts } from "@/features/alerts/list/no-alerts";
import { AgoInRow, RowTimes } from "@/features/alerts/list/row-time";
import { SEVERITIES, type AlertsSearch } from "@/features/alerts/search";
import { listAlertGroups } from "@/generated/api";
import type { AlertGroup } from "@/generated/api.schemas";
import { count, title } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useSearch, useSetSearch } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const KEY = "alert groups";
const PAGE = 100;
const CALLED: Readonly<Record<string, string>> = {
  alertname: "Alert",
  cluster_id: "Cluster",
  namespace: "Namespace",
  severity: "Severity",
  state: "State",
};

interface AlertGroupsProps {
  asked: Asked;
  by: string;
  live: boolean;
}

/** Alerts that have the same value together; a group leads to its alerts. */
export function AlertGroups({ asked, by, live }: AlertGroupsProps) {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const [held, setHeld] = useState(false);
  useRefreshOn({ types: ALERT_EVENTS, enabled: live }, [KEY], COUNTED_EACH_MS);
  const groups = useInfiniteQuery({
    queryKey: [KEY, by, asked.params, asked.range ?? null],
    queryFn: ({ pageParam, signal }) => {
      const now = asked.params.as_of ? Date.parse(asked.params.as_of) : Date.now();
      const params = { ...atTime(asked, now), by: [by], page: pageParam, page_size: PAGE };
      return listAlertGroups(params, { signal });
    },
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
  const idOf = (group: AlertGroup) => group.key[by] ?? "";
  const all = useMemo(() => unique(groups.data?.pages.flatMap(({ items }) => items) ?? [], by), [groups.data, by]);
  const list = JSON.stringify([by, asked]);
  const { rows } = useHeld(all, held, idOf, list, !groups.isPlaceholderData);
  const columns = useMemo(() => columnsOf(by), [by]);

  if (groups.error && !groups.data) {
    return <Failure error={groups.error} what="The groups" onRetry={() => void groups.refetch()} />;
  }
  if (!groups.data) return <Loading lines={10} label="Loading groups" />;
  if (rows.length === 0) return groups.isPlaceholderData ? <Loading lines={10} label="Loading groups" /> : <NoAlerts />;
  return (
    <div className="alerts-list">
      {groups.error ? <InlineFailure error={groups.error} what="The groups could not be read again" /> : null}
      {groups.data.pages[0]?.at_least ? (
        <p className="hint">Grouped over the newest 10,000 alerts: there may be more.</p>
      ) : null}
      <RowTimes>
        <DataTable
          key={by}
          label="Groups of alerts"
          rows={rows}
          columns={columns}
          idOf={idOf}
          total={groups.data.pages[0]?.total ?? rows.length}
          onOpen={(group) => {
            const filter = filterOf(by, idOf(group), search);
            if (filter !== undefined) setSearch({ ...filter, group: undefined });
          }}
          onMore={groups.hasNextPage && !groups.isFetching ? () => void groups.fetchNextPage() : undefined}
          onHeld={setHeld}
        />
      </RowTimes>
    </div>
  );
}

/** Groups may change places between two pages. */
function unique(groups: readonly AlertGroup[], by: string): AlertGroup[] {
  return [...new Map(groups.map((group) => [group.key[by], group])).values()];
}

function columnsOf(by: string): readonly Column<AlertGroup>[] {
  return [
    {
      id: "value",
      header: CALLED[by] ?? by.replace(/^label:/, ""),
      width: "minmax(9rem, 3fr)",
      cell: (group) => {
        const { words, none } = valueOf(by, group);
        return <span className={none ? "quiet" : "alerts-name"}>{words}</span>;
      },
    },
    {
      id: "count",
      header: "Alerts",
      width: "5rem",
      cell: (group) => <strong className="numbers">{count(group.count)}</strong>,
    },
    ...SEVERITIES.map(
      (severity): Column<AlertGroup> => ({
        id: severity,
        header: title(severity),
        width: "6.5rem",
        from: 45,
        cell: ({ by_severity }) =>
          by_severity[severity] === 0 ? (
            <span className="quiet">–</span>
          ) : (
            <span className="alerts-mark">
              <SeverityBadge severity={severity} />
              <span className="numbers">{count(by_severity[severity])}</span>
            </span>
          ),
      }),
    ),
    {
      id: "newest",
      header: "Newest",
      width: "7rem",
      from: 30,
      cell: ({ newest_starts_at }) => <AgoInRow at={newest_starts_at} />,
    },
  ];
}
