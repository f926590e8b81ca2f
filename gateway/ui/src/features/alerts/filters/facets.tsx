import { Button } from "@patternfly/react-core";
import { useState } from "react";

import { Drawer } from "@/components/drawer";
import { InlineFailure } from "@/components/states";
import { Choices } from "@/features/alerts/filters/choices";
import { flipped } from "@/features/alerts/filters/asked";
import { NO_NAMESPACE, type AlertsSearch, type Filters } from "@/features/alerts/search";
import type { AlertFacets, FacetCount } from "@/generated/api.schemas";
import { short, title } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

type FacetName = "state" | "cluster_id" | "namespace" | "alertname";
const FACETS: readonly (readonly [FacetName, string])[] = [
  ["state", "State"],
  ["alertname", "Alert"],
  ["cluster_id", "Cluster"],
  ["namespace", "Namespace"],
];
const SHOWN = 7;

interface FacetsProps {
  facets: AlertFacets | undefined;
  error: Error | null;
  /** There is room beside the list; without, it lies over everything else, with the choices too. */
  wide: boolean;
  onClose: () => void;
}

/** How the alerts spread; a value that is clicked becomes a filter. */
export function Facets({ facets, error, wide, onClose }: FacetsProps) {
  const { tab } = useSearch<AlertsSearch>();
  const counts = (
    <>
      {error && !facets ? <InlineFailure error={error} what="The counts could not be read" /> : null}
      {facets?.at_least ? <p className="hint">Counted over 10,000 of them: there may be more.</p> : null}
      {FACETS.filter(([name]) => name !== "state" || tab !== "history").map(([name, called]) => (
        <Facet key={name} name={name} called={called} facets={facets} />
      ))}
    </>
  );
  if (!wide) {
    return (
      <Drawer title="Filters" label="Filters" onClose={onClose}>
        <div className="toolbar">
          <Choices />
        </div>
        {counts}
      </Drawer>
    );
  }
  return (
    <aside id="alerts-facets" className="alerts-facets" aria-label="Filters" tabIndex={0}>
      {counts}
    </aside>
  );
}

function Facet({ name, called, facets }: { name: FacetName; called: string; facets: AlertFacets | undefined }) {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const [all, setAll] = useState(false);
  const chosen: readonly string[] = search[name] ?? [];
  const counted = withChosen(facets?.[name] ?? [], name, chosen);
  const shown = all ? counted : counted.slice(0, Math.max(SHOWN, chosen.length));
  return (
    <section className="alerts-facet">
      <h2>{called}</h2>
      {facets !== undefined && counted.length === 0 ? <p className="hint">None</p> : null}
      <ul className="plain">
        {shown.map((each) => {
          const value = name === "namespace" && each.value === "" ? NO_NAMESPACE : each.value;
          return (
            <li key={value}>
              <button
                type="button"
                className="alerts-facet-value"
                aria-pressed={chosen.includes(value)}
                onClick={() => setSearch({ [name]: flipped(chosen, value) } as Filters)}
              >
                <span className="cut" title={wordsOf(name, each)}>
                  {wordsOf(name, each)}
                </span>{" "}
                <span className="numbers quiet">
                  {Number.isNaN(each.count) ? "" : `${short(each.count)}${facets?.at_least ? "+" : ""}`}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {counted.length > shown.length ? (
        <Button variant="link" isInline size="sm" onClick={() => setAll(true)}>
          {counted.length - shown.length} more
        </Button>
      ) : null}
    </section>
  );
}

interface Counted extends FacetCount {
  name?: string | null;
}

/** What is chosen comes first, also where few or none have it: it must be seen to be taken back. */
function withChosen(counted: readonly Counted[], name: FacetName, chosen: readonly string[]): Counted[] {
  const isChosen = ({ value }: Counted) =>
    chosen.includes(name === "namespace" && value === "" ? NO_NAMESPACE : value);
  const known = counted.filter(isChosen);
  const unknown = chosen
    .map((value) => (name === "namespace" && value === NO_NAMESPACE ? "" : value))
    .filter((value) => !known.some((each) => each.value === value))
    .map((value) => ({ value, count: Number.NaN }));
  return [...known, ...unknown, ...counted.filter((each) => !isChosen(each))];
}

function wordsOf(name: FacetName, { value, name: cluster }: Counted): string {
  if (name === "state") return title(value);
  if (name === "cluster_id") return cluster ?? value.slice(0, 8);
  return value === "" ? "No namespace" : value;
}
