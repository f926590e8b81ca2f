import { Button, Label, LabelGroup } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { METHODS, TYPE_NAMES } from "@/components/anomalies/words";
import { ChoiceMenu } from "@/components/choice-menu";
import { ClusterPicker } from "@/components/cluster-picker";
import { SearchField } from "@/components/search-field";
import { CLEARED, isFiltered } from "@/features/anomalies/list/rows";
import type { AnomaliesSearch, State, VerdictOrNone } from "@/features/anomalies/search";
import type { AnomalySeverity } from "@/generated/api.schemas";
import { useSearch, useSetSearch } from "@/lib/place";

const SEVERITY_NAMES: Readonly<Record<AnomalySeverity, string>> = { HIGH: "High", MEDIUM: "Medium", LOW: "Low" };
const STATE_NAMES: Readonly<Record<State, string>> = { OPEN: "Lasts", ENDED: "Has ended" };
const VERDICT_NAMES: Readonly<Record<VerdictOrNone, string>> = { USEFUL: "Useful", NOISE: "Noise", NONE: "Nothing yet" };

const some = <Value,>(chosen: Value[]): Value[] | undefined => (chosen.length > 0 ? chosen : undefined);

/** What is listed of all anomalies; all of it is in the URL. */
export function FilterBar() {
  const search = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  return (
    <>
      <SearchField
        label="Metric, whole name"
        shortcut="/"
        value={search.metric ?? ""}
        onChange={(metric) => setSearch({ metric: metric || undefined }, { replace: true })}
      />
      <ClusterPicker chosen={search.cluster_id ?? []} onChange={(ids) => setSearch({ cluster_id: some(ids) })} />
      <ChoiceMenu label="State" of={STATE_NAMES} chosen={search.state ?? []} onChange={(state) => setSearch({ state: some(state) })} />
      <ChoiceMenu
        label="Severity"
        of={SEVERITY_NAMES}
        chosen={search.severity ?? []}
        onChange={(severity) => setSearch({ severity: some(severity) })}
      />
      <ChoiceMenu
        label="Type"
        of={TYPE_NAMES}
        chosen={search.anomaly_type ?? []}
        onChange={(anomaly_type) => setSearch({ anomaly_type: some(anomaly_type) })}
      />
      <ChoiceMenu
        label="Said of it"
        of={VERDICT_NAMES}
        chosen={search.verdict ?? []}
        onChange={(verdict) => setSearch({ verdict: some(verdict) })}
      />
      <ChoiceMenu
        label="Time"
        of={{ range: "Only the time range of the page" }}
        chosen={search.within ? [search.within] : []}
        onChange={([within]) => setSearch({ within })}
      />
      {isFiltered(search) ? (
        <Button variant="link" isInline onClick={() => setSearch(CLEARED)}>
          Clear all filters
        </Button>
      ) : null}
    </>
  );
}

/** What links have narrowed the list by, which no menu shows. */
export function Narrowed() {
  const { watch_id, label = [], detection_type = [] } = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  const chips: ReactNode[] = label.map((each) => (
    <Label key={each} variant="outline" onClose={() => setSearch({ label: some(label.filter((other) => other !== each)) })}>
      {each}
    </Label>
  ));
  chips.push(
    ...detection_type.map((each) => (
      <Label
        key={each}
        variant="outline"
        onClose={() => setSearch({ detection_type: some(detection_type.filter((other) => other !== each)) })}
      >
        {METHODS[each][0]}
      </Label>
    )),
  );
  if (watch_id !== undefined) {
    chips.unshift(
      <Label key="watch" variant="outline" onClose={() => setSearch({ watch_id: undefined })}>
        watch {watch_id}
      </Label>,
    );
  }
  return chips.length > 0 ? <LabelGroup aria-label="Narrowed by">{chips}</LabelGroup> : null;
}
