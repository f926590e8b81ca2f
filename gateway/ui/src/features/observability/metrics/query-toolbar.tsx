/** What holds for all queries of the page: who is asked, how answers are put together and shown. */

import { FormSelect, FormSelectOption, Switch, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";

import { ClusterPicker } from "@/components/cluster-picker";
import { LiveToggle } from "@/components/live-toggle";
import type { Aggregation } from "@/generated/api.schemas";
import { MOST_MARKS, type Marks } from "@/features/observability/metrics/alert-marks";
import { OFFERED, writtenStep } from "@/features/observability/metrics/step";
import { useStep } from "@/features/observability/metrics/use-step";
import { NO_CLUSTERS, type MetricsSearch } from "@/features/observability/search";
import { useSearch, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

const COMBINED: readonly [Aggregation, string][] = [
  ["MERGE", "Each cluster by itself"],
  ["SUM", "Sum of all clusters"],
  ["AVG", "Average of all clusters"],
  ["MAX", "Highest of all clusters"],
  ["MIN", "Lowest of all clusters"],
];

interface QueryToolbarProps {
  /** Milliseconds between readings; undefined: what is shown does not change. */
  every: number | undefined;
  paused: boolean;
  onPause: (paused: boolean) => void;
  marks: Marks;
}

export function QueryToolbar({ every, paused, onPause, marks }: QueryToolbarProps) {
  const { clusters = NO_CLUSTERS, agg = "MERGE", view = "chart", step } = useSearch<MetricsSearch>();
  const setSearch = useSetSearch<MetricsSearch>();
  const { automatic } = useStep();
  return (
    <div className="toolbar">
      <ClusterPicker
        chosen={clusters}
        onChange={(chosen) => setSearch({ clusters: chosen.length > 0 ? chosen : undefined })}
      />
      <FormSelect
        className="metrics-select"
        aria-label="Answers of several clusters"
        value={agg}
        onChange={(_, value) => setSearch({ agg: value === "MERGE" ? undefined : (value as Aggregation) })}
      >
        {COMBINED.map(([value, label]) => (
          <FormSelectOption key={value} value={value} label={label} />
        ))}
      </FormSelect>
      <ToggleGroup aria-label="Shown as">
        {(["chart", "table"] as const).map((each) => (
          <ToggleGroupItem
            key={each}
            buttonId={`metrics-${each}`}
            text={each === "chart" ? "Chart" : "Table"}
            isSelected={view === each}
            onChange={() => setSearch({ view: each === "chart" ? undefined : each })}
          />
        ))}
      </ToggleGroup>
      {view === "chart" ? (
        <FormSelect
          className="metrics-select"
          aria-label="Step between points"
          value={step ?? ""}
          onChange={(_, value) => setSearch({ step: value === "" ? undefined : value })}
        >
          <FormSelectOption value="" label={`Step: auto (${writtenStep(automatic)})`} />
          {[...new Set([...OFFERED, ...(step ? [step] : [])])].map((each) => (
            <FormSelectOption key={each} value={each} label={`Step: ${each}`} />
          ))}
        </FormSelect>
      ) : null}
      {view === "chart" ? <MarksSwitch {...marks} /> : null}
      <div className="toolbar-end">
        {every === undefined ? null : (
          <LiveToggle live={`Refreshing every ${lasting(every)}`} paused={paused} waiting={0} onChange={onPause} />
        )}
      </div>
    </div>
  );
}

/** Whether alerts are marked, and how far what is marked is not all. */
function MarksSwitch({ more, failed }: Marks) {
  const { marks } = useSearch<MetricsSearch>();
  const setSearch = useSetSearch<MetricsSearch>();
  return (
    <>
      <Switch
        id="metrics-marks"
        label="Mark alerts"
        isChecked={marks !== "off"}
        onChange={(_, on) => setSearch({ marks: on ? undefined : "off" }, { replace: true })}
      />
      <span className="hint" role="status">
        {failed ? "Alerts could not be read" : more ? `the newest ${MOST_MARKS}` : ""}
      </span>
    </>
  );
}
