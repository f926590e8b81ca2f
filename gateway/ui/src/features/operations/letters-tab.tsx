import { Switch, TextInput } from "@patternfly/react-core";
import { CheckCircleIcon } from "@patternfly/react-icons";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Badge } from "@/components/badges";
import { DataTable, type Column } from "@/components/data-table";
import { WithDrawer } from "@/components/drawer";
import { Failure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { listDeadLetters } from "@/generated/api";
import type { DeadLetterItem } from "@/generated/api.schemas";
import { useHeld } from "@/lib/held";
import { useSearch, useSetSearch } from "@/lib/place";

import { LetterDrawer } from "@/features/operations/letter-drawer";
import type { OperationsSearch } from "@/features/operations/search";
import { SOMETIMES } from "@/features/operations/use-operations";

const COLUMNS: readonly Column<DeadLetterItem>[] = [
  { id: "failed", header: "Failed", width: "7rem", cell: ({ failed_at }) => <Ago at={failed_at} /> },
  {
    id: "error",
    header: "Why",
    width: "minmax(0, 3fr)",
    cell: ({ error }) => <span title={error}>{error}</span>,
  },
  {
    id: "consumer",
    header: "Consumer",
    width: "minmax(0, 1.5fr)",
    from: 45,
    cell: ({ stream, consumer }) => (
      <span className="mono" title={`${stream} ${consumer}`}>
        {stream} {consumer}
      </span>
    ),
  },
  {
    id: "subject",
    header: "Subject",
    width: "minmax(0, 2fr)",
    from: 60,
    cell: ({ subject }) => <span className="mono" title={subject}>{subject}</span>,
  },
  {
    id: "retried",
    header: "State",
    width: "6rem",
    from: 30,
    cell: ({ retried }) => (retried ? <Badge tone="neutral" icon={CheckCircleIcon}>Retried</Badge> : "Open"),
  },
];
const idOf = ({ id }: DeadLetterItem) => String(id);

/** What could not be handled, oldest first; each to be retried or given up. */
export function LettersTab() {
  const search = useSearch<OperationsSearch>();
  const setSearch = useSetSearch<OperationsSearch>();
  const { stream, consumer, retried } = search;
  const wanted = { stream, consumer, retried, limit: 100 };
  const letters = useInfiniteQuery({
    queryKey: ["/api/v1/dead-letters", "all", wanted],
    queryFn: ({ pageParam, signal }) => listDeadLetters({ ...known(wanted), cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: SOMETIMES,
  });
  const [pointed, setPointed] = useState(false);
  const all = letters.data?.pages.flatMap(({ items }) => items) ?? [];
  const { rows } = useHeld(all, pointed, idOf, JSON.stringify(wanted), !letters.isPlaceholderData);
  const isFiltered = stream !== undefined || consumer !== undefined;
  return (
    <div className="ops-fills">
      <div className="toolbar" role="search" aria-label="Filter the dead letters" data-filter>
        <TextInput
          className="ops-filter is-stream"
          aria-label="Stream"
          placeholder="Stream: CMD, EVT, HTTP"
          value={stream ?? ""}
          onChange={(_, value) => setSearch({ stream: value.trim() || undefined }, { replace: true })}
        />
        <TextInput
          className="ops-filter"
          aria-label="Consumer"
          placeholder="Consumer"
          value={consumer ?? ""}
          onChange={(_, value) => setSearch({ consumer: value.trim() || undefined }, { replace: true })}
        />
        <Switch
          id="ops-retried"
          label="Also those that were retried"
          isChecked={retried === true}
          onChange={(_, checked) => setSearch({ retried: checked || undefined })}
        />
      </div>
      <WithDrawer
        drawer={
          search.letter === undefined ? null : (
            <LetterDrawer id={search.letter} onClose={() => setSearch({ letter: undefined })} />
          )
        }
      >
        {rows.length > 0 ? (
          <DataTable
            label="Dead letters, oldest first"
            rows={rows}
            columns={COLUMNS}
            idOf={idOf}
            onOpen={({ id }) => setSearch({ letter: id }, { replace: search.letter !== undefined })}
            openId={search.letter === undefined ? undefined : String(search.letter)}
            onMore={letters.hasNextPage && !letters.isFetching ? () => void letters.fetchNextPage() : undefined}
            onHeld={setPointed}
            rowClass={({ retried }) => (retried ? "is-muted" : undefined)}
          />
        ) : letters.error ? (
          <Failure error={letters.error} what="The dead letters" onRetry={() => void letters.refetch()} />
        ) : letters.isPending || letters.isPlaceholderData ? (
          <Loading />
        ) : (
          <Nothing
            title={isFiltered ? "No dead letter passes the filters" : "No dead letters"}
            icon={isFiltered ? undefined : CheckCircleIcon}
          >
            {isFiltered ? "Names must match exactly." : "Nothing waits to be retried or dropped."}
          </Nothing>
        )}
      </WithDrawer>
    </div>
  );
}

/** Without what is not asked: the URL has nothing of it then. */
function known<T extends object>(wanted: T): Partial<T> {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as Partial<T>;
}
