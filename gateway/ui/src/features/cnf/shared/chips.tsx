/** The filters that are on, each with a way to take it off. */

import { Button, Label, LabelGroup } from "@patternfly/react-core";

import { useClusters } from "@/components/use-clusters";
import { FILTERS_OF, NO_FILTERS, type CnfSearch, type Filters, type Tab } from "@/features/cnf/search";
import { CLOCKS, WORKLOADS } from "@/features/cnf/shared/states";
import { TYPES } from "@/features/cnf/shared/types";
import { useSearch, useSetSearch } from "@/lib/place";

interface Chip {
  text: string;
  without: Filters;
}

/** Each filter of the tab that is on, in words, and the search without it. */
export function chipsOf(tab: Tab, search: Filters, nameOf: (cluster: string) => string): Chip[] {
  const each = <Name extends keyof Filters, Value extends string>(
    name: Name,
    values: readonly Value[] | undefined,
    said: (value: Value) => string,
  ): Chip[] =>
    (values ?? []).map((value) => {
      const rest = values!.filter((other) => other !== value);
      return { text: said(value), without: { [name]: rest.length > 0 ? rest : undefined } };
    });
  const all: Record<keyof Filters, Chip[]> = {
    cluster_id: each("cluster_id", search.cluster_id, (id) => `Cluster ${nameOf(id)}`),
    node_name: each("node_name", search.node_name, (node) => `Node ${node}`),
    q: search.q ? [{ text: `Has ${search.q}`, without: { q: undefined } }] : [],
    namespace: search.namespace ? [{ text: `Namespace ${search.namespace}`, without: { namespace: undefined } }] : [],
    cnf_type: each("cnf_type", search.cnf_type, (type) => TYPES[type][0]),
    state: each("state", search.state, (state) => WORKLOADS[state][0]),
    clock_state: each("clock_state", search.clock_state, (state) => CLOCKS[state][0]),
    exhausted: search.exhausted ? [{ text: "None free", without: { exhausted: undefined } }] : [],
    dropping: search.dropping ? [{ text: "Drops packets", without: { dropping: undefined } }] : [],
  };
  return FILTERS_OF[tab].flatMap((name) => all[name]);
}

export function Chips({ tab }: { tab: Tab }) {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const clusters = useClusters();
  const chips = chipsOf(tab, search, (id) => clusters.get(id)?.name ?? id.slice(0, 8));
  if (chips.length === 0) return null;
  return (
    <div className="cnf-chips">
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
