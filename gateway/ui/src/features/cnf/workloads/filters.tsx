import { ChoiceMenu } from "@/components/choice-menu";
import { isNarrowed, TYPES, WORKLOAD_STATES, type CnfSearch } from "@/features/cnf/search";
import { NamespaceField } from "@/features/cnf/shared/namespace-field";
import { named } from "@/features/cnf/shared/names";
import { WORKLOADS } from "@/features/cnf/shared/states";
import { TYPES as NAMED } from "@/features/cnf/shared/types";
import type { CnfWorkloadList } from "@/generated/api.schemas";
import { useSearch, useSetSearch } from "@/lib/place";

const STATES = named(WORKLOAD_STATES, (state) => WORKLOADS[state][0]);
const KINDS = named(TYPES, (type) => NAMED[type].join(": "));

/** `counts`: over the chosen clusters, so they are told only where nothing else narrows the list. */
export function WorkloadFilters({ counts }: { counts: Pick<CnfWorkloadList, "by_state" | "by_type"> | undefined }) {
  const search = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const told = isNarrowed("workloads", { ...search, state: undefined, cnf_type: undefined }) ? undefined : counts;
  return (
    <>
      <ChoiceMenu
        label="Type"
        of={KINDS}
        chosen={search.cnf_type ?? []}
        counts={search.state ? undefined : told && { ...told.by_type }}
        onChange={(types) => setSearch({ cnf_type: types.length > 0 ? types : undefined })}
      />
      <ChoiceMenu
        label="State"
        of={STATES}
        chosen={search.state ?? []}
        counts={search.cnf_type ? undefined : told && { ...told.by_state }}
        onChange={(states) => setSearch({ state: states.length > 0 ? states : undefined })}
      />
      <NamespaceField />
    </>
  );
}
