/** What is looked for, and what of that is on. */

import { Button, Label, LabelGroup, MenuToggle, TextInput } from "@patternfly/react-core";
import { useState, type KeyboardEvent } from "react";

import { ChoiceMenu } from "@/components/choice-menu";
import { SearchField } from "@/components/search-field";
import type { ClustersSearch } from "@/features/clusters/search";
import { ENVIRONMENTS, TYPES } from "@/features/clusters/shared/types";
import type { ClusterState, FleetSummary } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

const STATES: Readonly<Record<ClusterState, string>> = {
  OFFLINE: "Offline",
  DEGRADED: "Degraded",
  UNKNOWN: "Unknown",
  PROVISIONING: "Provisioning",
  ONLINE: "Online",
};

/** Nothing is looked for in particular: undefined for every filter. */
export const NO_FILTERS = {
  name: undefined,
  state: undefined,
  type: undefined,
  environment: undefined,
  region: undefined,
  label: undefined,
  gpu: undefined,
  cnf: undefined,
} as const satisfies ClustersSearch;

interface Chip {
  text: string;
  without: Partial<ClustersSearch>;
}

const orNone = <T,>(values: readonly T[]): T[] | undefined => (values.length > 0 ? [...values] : undefined);

/** Each filter that is on, in words, and the search without it. */
export function chipsOf(search: ClustersSearch): Chip[] {
  const { name, state = [], type = [], environment = [], region, label = [], gpu, cnf } = search;
  const without = <T,>(all: readonly T[], one: T) => orNone(all.filter((each) => each !== one));
  return [
    ...(name ? [{ text: `Name has ${name}`, without: { name: undefined } }] : []),
    ...state.map((each) => ({ text: title(each), without: { state: without(state, each) } })),
    ...type.map((each) => ({ text: TYPES[each], without: { type: without(type, each) } })),
    ...environment.map((each) => ({
      text: ENVIRONMENTS[each],
      without: { environment: without(environment, each) },
    })),
    ...(region ? [{ text: `Region ${region}`, without: { region: undefined } }] : []),
    ...label.map((each) => ({ text: each, without: { label: without(label, each) } })),
    ...(gpu === undefined ? [] : [{ text: gpu ? "With GPUs" : "Without GPUs", without: { gpu: undefined } }]),
    ...(cnf === undefined
      ? []
      : [{ text: cnf ? "Runs network functions" : "No network functions", without: { cnf: undefined } }]),
  ];
}

export function Filters({ summary }: { summary: FleetSummary | undefined }) {
  const search = useSearch<ClustersSearch>();
  const setSearch = useSetSearch<ClustersSearch>();
  const hidden = [search.region, search.gpu, search.cnf, ...(search.label ?? [])].filter(
    (each) => each !== undefined,
  ).length;
  const [more, setMore] = useState(hidden > 0);
  return (
    <>
      <SearchField
        label="Find by name"
        shortcut="/"
        value={search.name ?? ""}
        onChange={(name) => setSearch({ name: name || undefined }, { replace: true })}
      />
      <ChoiceMenu
        label="State"
        of={STATES}
        chosen={search.state ?? []}
        counts={summary?.by_state}
        onChange={(state) => setSearch({ state: orNone(state) })}
      />
      <ChoiceMenu
        label="Type"
        of={TYPES}
        chosen={search.type ?? []}
        counts={summary?.by_type}
        onChange={(type) => setSearch({ type: orNone(type) })}
      />
      <ChoiceMenu
        label="Environment"
        of={ENVIRONMENTS}
        chosen={search.environment ?? []}
        counts={summary?.by_environment}
        onChange={(environment) => setSearch({ environment: orNone(environment) })}
      />
      <MenuToggle variant="plainText" isExpanded={more} onClick={() => setMore(!more)}>
        More filters
      </MenuToggle>
      {more ? <MoreFilters /> : null}
    </>
  );
}

const YES_NO = { true: "Yes", false: "No" } as const;
/** Both answers chosen is the same as none. */
const flagOf = (chosen: readonly ("true" | "false")[]): boolean | undefined =>
  chosen.length === 1 ? chosen[0] === "true" : undefined;
const chosenOf = (flag: boolean | undefined) => (flag === undefined ? [] : [`${flag}` as const]);

function MoreFilters() {
  const search = useSearch<ClustersSearch>();
  const setSearch = useSetSearch<ClustersSearch>();
  return (
    <div className="clusters-more" role="group" aria-label="More filters">
      <SearchField
        label="Region, as it is written"
        value={search.region ?? ""}
        onChange={(region) => setSearch({ region: region || undefined }, { replace: true })}
      />
      <LabelField
        onAdd={(label) => setSearch({ label: [...new Set([...(search.label ?? []), label])] })}
      />
      <ChoiceMenu
        label="Has GPUs"
        of={YES_NO}
        chosen={chosenOf(search.gpu)}
        onChange={(chosen) => setSearch({ gpu: flagOf(chosen) })}
      />
      <ChoiceMenu
        label="Runs network functions"
        of={YES_NO}
        chosen={chosenOf(search.cnf)}
        onChange={(chosen) => setSearch({ cnf: flagOf(chosen) })}
      />
    </div>
  );
}

/** A label is taken by Enter, once it is whole. */
function LabelField({ onAdd }: { onAdd: (label: string) => void }) {
  const [typed, setTyped] = useState("");
  const whole = typed.indexOf("=") > 0;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !whole) return;
    onAdd(typed.trim());
    setTyped("");
  };
  return (
    <TextInput
      className="search-field"
      aria-label="Label as key=value, then Enter"
      placeholder="Label key=value, Enter"
      value={typed}
      validated={typed === "" || whole ? "default" : "warning"}
      onChange={(_, value) => setTyped(value)}
      onKeyDown={onKeyDown}
    />
  );
}

/** The filters that are on, each with a way to take it off. */
export function FilterChips() {
  const search = useSearch<ClustersSearch>();
  const setSearch = useSetSearch<ClustersSearch>();
  const chips = chipsOf(search);
  if (chips.length === 0) return null;
  return (
    <div className="clusters-chips">
      <LabelGroup aria-label="Filters that are on" numLabels={20}>
        {chips.map(({ text, without }) => (
          <Label key={text} variant="outline" onClose={() => setSearch(without)} closeBtnAriaLabel={`Without ${text}`}>
            {text}
          </Label>
        ))}
      </LabelGroup>
      <Button variant="link" isInline onClick={() => setSearch(NO_FILTERS)}>
        Clear all filters
      </Button>
    </div>
  );
}
