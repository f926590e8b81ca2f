import { Button, Label, LabelGroup } from "@patternfly/react-core";

import { useClusters } from "@/components/use-clusters";
import { CLEARED, flipped, isFiltered, type ListName } from "@/features/alerts/filters/asked";
import { NO_NAMESPACE, type AlertsSearch, type Filters } from "@/features/alerts/search";
import { title } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

const NAMED: readonly (readonly [ListName, string])[] = [
  ["cluster_id", "Cluster"],
  ["namespace", "Namespace"],
  ["alertname", "Alert"],
  ["label", "Label"],
];

/** The filters that are on, each with a way to take it back. Those with a control of their own are told there. */
export function Chosen() {
  const search = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const clusters = useClusters();
  if (!isFiltered(search)) return null;
  const words = (name: ListName, value: string) => {
    if (name === "cluster_id") return clusters.get(value)?.name ?? value.slice(0, 8);
    if (name === "namespace" && value === NO_NAMESPACE) return "none";
    return value;
  };
  return (
    <div className="alerts-filters" role="group" aria-label="Filters that are on">
      {NAMED.map(([name, called]) =>
        search[name] === undefined ? null : (
          <LabelGroup key={name} categoryName={called} numLabels={5}>
            {search[name].map((value) => (
              <Label
                key={value}
                variant="outline"
                textMaxWidth="20rem"
                closeBtnAriaLabel={`Take back ${called.toLowerCase()} ${words(name, value)}`}
                onClose={() => setSearch({ [name]: flipped(search[name], value) } as Filters)}
              >
                {words(name, value)}
              </Label>
            ))}
          </LabelGroup>
        ),
      )}
      {search.severity ? <span className="quiet">{search.severity.map(title).join(" and ")} only</span> : null}
      {search.fingerprint ? (
        <Label
          variant="outline"
          closeBtnAriaLabel="Take back: occurrences of one alert"
          onClose={() => setSearch({ fingerprint: undefined })}
        >
          Occurrences of one alert
        </Label>
      ) : null}
      <Button variant="link" isInline onClick={() => setSearch(CLEARED)}>
        Clear all filters
      </Button>
    </div>
  );
}
