import { Button } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { SeverityBadge } from "@/components/badges";
import { ClusterPicker } from "@/components/cluster-picker";
import { SearchField } from "@/components/search-field";
import { cleared, isFiltered, isPast } from "@/features/incidents/list/rows";
import { SEVERITIES, UNSOLVED, type IncidentsSearch } from "@/features/incidents/search";
import { IncidentStateBadge } from "@/features/incidents/shared/state-badge";
import type { IncidentList } from "@/generated/api.schemas";
import { short } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

/** The values with one more, or without it if it was there. */
export function flipped<Value extends string>(values: readonly Value[] | undefined, value: Value): Value[] | undefined {
  const left = (values ?? []).filter((each) => each !== value);
  if (left.length === (values ?? []).length) left.push(value);
  return left.length > 0 ? left : undefined;
}

interface ChipProps {
  pressed: boolean;
  amount: number | undefined;
  onClick: () => void;
  children: ReactNode;
}

function Chip({ pressed, amount, onClick, children }: ChipProps) {
  return (
    <button type="button" className="incidents-chip" aria-pressed={pressed} onClick={onClick}>
      {children} <strong className="numbers">{amount === undefined ? "–" : short(amount)}</strong>
    </button>
  );
}

/** How many there are of each severity and state; pressed, only those are listed. */
export function Chips({ counted }: { counted: IncidentList | undefined }) {
  const search = useSearch<IncidentsSearch>();
  const setSearch = useSetSearch<IncidentsSearch>();
  const { severity, state } = search;
  return (
    <>
      <div className="incidents-chips" role="group" aria-label="Severity">
        {SEVERITIES.map((each) => (
          <Chip
            key={each}
            pressed={severity?.includes(each) ?? false}
            amount={counted?.by_severity[each]}
            onClick={() => setSearch({ severity: flipped(severity, each) })}
          >
            <SeverityBadge severity={each} />
          </Chip>
        ))}
      </div>
      {isPast(search) ? null : (
        <div className="incidents-chips" role="group" aria-label="State">
          {UNSOLVED.map((each) => (
            <Chip
              key={each}
              pressed={state?.includes(each) ?? false}
              amount={counted?.by_state[each]}
              onClick={() => setSearch({ state: flipped(state, each) })}
            >
              <IncidentStateBadge state={each} />
            </Chip>
          ))}
        </div>
      )}
    </>
  );
}

/** Words in the title, and clusters. */
export function FilterBar() {
  const search = useSearch<IncidentsSearch>();
  const setSearch = useSetSearch<IncidentsSearch>();
  return (
    <>
      <SearchField
        label="Find in titles"
        shortcut="/"
        value={search.q ?? ""}
        onChange={(q) => setSearch({ q: q || undefined }, { replace: true })}
      />
      <ClusterPicker
        chosen={search.cluster_id ?? []}
        onChange={(ids) => setSearch({ cluster_id: ids.length > 0 ? ids : undefined })}
      />
      {isFiltered(search) ? (
        <Button variant="link" isInline onClick={() => setSearch(cleared(search))}>
          Clear all filters
        </Button>
      ) : null}
    </>
  );
}
