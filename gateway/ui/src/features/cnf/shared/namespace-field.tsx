import { SearchField } from "@/components/search-field";
import type { CnfSearch } from "@/features/cnf/search";
import { useSearch, useSetSearch } from "@/lib/place";

/** Left out where there is no room: the search finds namespaces too, by a part of their names. */
export function NamespaceField() {
  const { namespace } = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  return (
    <div className="cnf-namespace">
      <SearchField
        label="Namespace, in full"
        value={namespace ?? ""}
        onChange={(name) => setSearch({ namespace: name || undefined }, { replace: true })}
      />
    </div>
  );
}
