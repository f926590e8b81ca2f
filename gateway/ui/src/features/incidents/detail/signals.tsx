import { Button, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { ChoiceMenu } from "@/components/choice-menu";
import { DataTable } from "@/components/data-table";
import { SearchField } from "@/components/search-field";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { signalColumns } from "@/features/incidents/detail/signal-columns";
import type { useSignals } from "@/features/incidents/detail/use-incident";
import type { IncidentSearch } from "@/features/incidents/search";
import { KIND_NAMES } from "@/features/incidents/shared/words";
import type { IncidentDetail, SignalView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ id }: SignalView) => id;
const NONE = { lasting: undefined, kind: undefined, severity: undefined, q: undefined } as const satisfies IncidentSearch;

interface SignalsProps {
  incident: IncidentDetail;
  found: ReturnType<typeof useSignals>;
  /** Those that are chosen to be split off; undefined: none are being chosen. */
  chosen: ReadonlySet<string> | undefined;
  onFlip: (id: string) => void;
}

/** What belongs to the incident, and why. */
export function Signals({ incident, found, chosen, onFlip }: SignalsProps) {
  const search = useSearch<IncidentSearch>();
  const setSearch = useSetSearch<IncidentSearch>();
  const [inList, setInList] = useState(false);
  const { rows, waiting } = useHeld(
    found.signals,
    inList || chosen !== undefined,
    idOf,
    JSON.stringify(found.params),
    !found.isPlaceholderData,
  );
  const columns = useMemo(() => signalColumns(chosen, onFlip), [chosen, onFlip]);
  return (
    <section className="panel incidents-list" aria-labelledby="incidents-signals">
      <div className="toolbar">
        <h2 id="incidents-signals">Signals</h2>
        <span className="quiet numbers" aria-live="polite">
          {found.total === undefined ? "" : countInWords(found.total, incident.signals)}
          {waiting > 0 ? ` · ${plural(waiting, "new one", "new ones")}, shown when the pointer leaves` : ""}
        </span>
      </div>
      <Filters />
      {found.error && found.data ? <InlineFailure error={found.error} what="The signals could not be read again" /> : null}
      {found.data === undefined ? (
        found.error ? (
          <Failure error={found.error} what="The signals" onRetry={() => void found.refetch()} />
        ) : (
          <Loading lines={8} label="Loading the signals" />
        )
      ) : rows.length === 0 ? (
        <NoSignals merged={incident.merged_into !== null} />
      ) : (
        <div
          className={chosen === undefined ? "incidents-rows" : "incidents-rows is-choosing"}
          style={{ blockSize: `min(max(22rem, 54vh), ${3 + Math.max(2, rows.length) * 2.75}rem)` }}
        >
          <DataTable<SignalView>
            label="Signals of the incident"
            rows={rows}
            total={found.total ?? rows.length}
            columns={columns}
            idOf={idOf}
            openId={search.signal}
            onOpen={({ id }) =>
              chosen === undefined ? setSearch({ signal: id }, { replace: search.signal !== undefined }) : onFlip(id)
            }
            onMore={found.hasNextPage && !found.isFetchingNextPage ? () => void found.fetchNextPage() : undefined}
            onHeld={setInList}
            rowClass={({ ended_at }) => (ended_at === null ? undefined : "is-muted")}
          />
        </div>
      )}
    </section>
  );
}

const countInWords = (found: number, all: number) =>
  found < all ? `${plural(found, "signal")} of ${all}` : plural(found, "signal");

function Filters() {
  const search = useSearch<IncidentSearch>();
  const setSearch = useSetSearch<IncidentSearch>();
  const { lasting } = search;
  return (
    <div className="toolbar">
      <SearchField
        label="Find a signal or place"
        shortcut="/"
        value={search.q ?? ""}
        onChange={(q) => setSearch({ q: q || undefined }, { replace: true })}
      />
      <ChoiceMenu
        label="Kind"
        of={KIND_NAMES}
        chosen={search.kind ?? []}
        onChange={(kind) => setSearch({ kind: kind.length > 0 ? kind : undefined })}
      />
      <ToggleGroup isCompact aria-label="Which signals">
        <ToggleGroupItem text="All" isSelected={lasting === undefined} onChange={() => setSearch({ lasting: undefined })} />
        <ToggleGroupItem text="Lasting" isSelected={lasting === "true"} onChange={() => setSearch({ lasting: "true" })} />
        <ToggleGroupItem text="Ended" isSelected={lasting === "false"} onChange={() => setSearch({ lasting: "false" })} />
      </ToggleGroup>
    </div>
  );
}

function NoSignals({ merged }: { merged: boolean }) {
  const { lasting, kind, severity, q } = useSearch<IncidentSearch>();
  const setSearch = useSetSearch<IncidentSearch>();
  if ([lasting, kind, severity, q].every((each) => each === undefined)) {
    return (
      <Nothing title="No signals">
        {merged ? "They belong to the incident that this one was merged into." : "None is known at the instant that is shown."}
      </Nothing>
    );
  }
  return (
    <Nothing
      title="No signal matches"
      actions={
        <Button variant="link" onClick={() => setSearch(NONE)}>
          Show all signals
        </Button>
      }
    >
      The incident has others: the filters above leave none.
    </Nothing>
  );
}
