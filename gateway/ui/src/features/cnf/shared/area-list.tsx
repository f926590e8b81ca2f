/** A tab's list in all its states: rows, none, none that match, not read. */

import { Button } from "@patternfly/react-core";
import { NetworkIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { isNarrowed, NO_FILTERS, type CnfSearch, type Tab } from "@/features/cnf/search";
import { HOW_FOUND } from "@/features/cnf/shared/how-found";
import { TITLES } from "@/features/cnf/shared/names";
import type { Listed } from "@/features/cnf/shared/use-listed";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

interface AreaListProps<Row extends { stale: boolean }> {
  tab: Tab;
  list: Listed<Row>;
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  drawer: ReactNode;
  /** Figures over all that match. */
  totals?: ReactNode;
}

export function AreaList<Row extends { stale: boolean }>(props: AreaListProps<Row>) {
  const { tab, list, columns, idOf, drawer, totals } = props;
  const { query, rows, total } = list;
  const { open } = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  return (
    <>
      {query.error && query.data ? (
        <InlineFailure error={query.error} what="The list could not be read again" />
      ) : null}
      <WithDrawer drawer={drawer}>
        {query.data === undefined ? (
          query.error ? (
            <Failure error={query.error} what={TITLES[tab]} onRetry={() => void query.refetch()} />
          ) : (
            <Loading lines={12} label={`Loading ${TITLES[tab]}`} />
          )
        ) : rows.length === 0 ? (
          <None tab={tab} />
        ) : (
          <DataTable<Row>
            label={`${TITLES[tab]}, worst first`}
            rows={rows}
            total={total}
            columns={columns}
            idOf={idOf}
            openId={open}
            onOpen={(row) => setSearch({ open: idOf(row) }, { replace: open !== undefined })}
            onMore={query.hasNextPage && !query.isFetching ? () => void query.fetchNextPage() : undefined}
            onHeld={list.onHeld}
            rowClass={({ stale }) => (stale ? "is-muted" : undefined)}
          />
        )}
      </WithDrawer>
      <p className="hint numbers" aria-live="polite">
        {total > 0 ? (
          <>
            {rows.length < total ? `${count(rows.length)} of ` : null}
            {plural(total, NOUNS[tab])}, worst first
            {totals ? <> · {totals}</> : null}
          </>
        ) : null}
      </p>
    </>
  );
}

const NOUNS: Readonly<Record<Tab, string>> = {
  workloads: "workload",
  clocks: "clock",
  functions: "resource",
  ports: "port",
};

function None({ tab }: { tab: Tab }) {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const { as_of } = useAsOf();
  if (isNarrowed(tab, search) || search.cluster_id !== undefined) {
    return (
      <Nothing
        title={`No ${NOUNS[tab]} matches`}
        actions={
          <Button variant="link" onClick={() => setSearch(NO_FILTERS)}>
            Clear all filters
          </Button>
        }
      >
        None has all of what the filters ask for.
      </Nothing>
    );
  }
  return (
    <Nothing title={as_of === undefined ? `No ${NOUNS[tab]} found` : `No ${NOUNS[tab]} then`} icon={NetworkIcon}>
      {HOW_FOUND[tab]}
    </Nothing>
  );
}
