/** One query: its text or its form, what came of it, and who has not answered. */

import { Button } from "@patternfly/react-core";
import { useState } from "react";

import type { Annotation } from "@/components/chart/chart";
import type { Zoom } from "@/components/chart/use-zoom";
import { QueryEditor } from "@/components/query-editor/query-editor";
import { useDraft } from "@/features/observability/draft";
import { QueryBuilder } from "@/features/observability/metrics/builder/query-builder";
import { LIBRARIES } from "@/features/observability/library/store";
import { PanelMenu } from "@/features/observability/metrics/panel-menu";
import { RunButton } from "@/features/observability/run-button";
import { Result } from "@/features/observability/metrics/results/result";
import { refusalOf } from "@/components/query-editor/refusal";
import { useMetrics } from "@/features/observability/metrics/use-metrics";
import { useStep } from "@/features/observability/metrics/use-step";
import { NO_CLUSTERS, type MetricsSearch } from "@/features/observability/search";
import { useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

interface PanelProps {
  letter: string;
  /** As it was asked last. */
  query: string;
  /** There is no other. */
  alone: boolean;
  /** Milliseconds after which it is asked again by itself; false: not at all. */
  every: number | false;
  zoom: Zoom;
  marks: readonly Annotation[];
  onActive: () => void;
  onRun: (query: string) => void;
  onRemove: (() => void) | undefined;
}

export function Panel({ letter, query, alone, every, zoom, marks, onActive, onRun, onRemove }: PanelProps) {
  const { clusters = NO_CLUSTERS, agg, view = "chart" } = useSearch<MetricsSearch>();
  const setSearch = useSetSearch<MetricsSearch>();
  const range = useRange();
  const { step } = useStep();
  const [draft, setDraft] = useDraft(query);
  const [building, setBuilding] = useState(false);
  const reading = useMetrics({ query, clusters, agg, range, step, view, every });
  const run = (text: string) => {
    const asked = text.trim();
    if (asked === "" && query === "") return;
    LIBRARIES.promql.getState().again(asked);
    if (asked === query) reading.read();
    else onRun(asked);
  };
  const label = `Query ${letter}`;
  return (
    <section className="panel metrics-panel" aria-label={label} onFocus={onActive}>
      <div className="metrics-ask">
        {alone ? null : (
          <span className="metrics-letter" aria-hidden="true">
            {letter}
          </span>
        )}
        <div className="metrics-editor" data-filter>
          <QueryEditor
            language="promql"
            label={`${label} in PromQL`}
            placeholder="PromQL, for example: sum by (namespace) (container_memory_working_set_bytes)"
            value={draft}
            onChange={setDraft}
            onRun={run}
            clusters={clusters}
            error={draft === query ? refusalOf(reading.error) : undefined}
          />
        </div>
        <div className="metrics-buttons">
          <RunButton
            isWaiting={reading.isWaiting}
            isDisabled={draft.trim() === ""}
            onRun={() => run(draft)}
            onCancel={reading.cancel}
          />
          <Button variant="secondary" aria-expanded={building} onClick={() => setBuilding(!building)}>
            Builder
          </Button>
          <PanelMenu label={label} query={draft.trim()} onRemove={onRemove} />
        </div>
      </div>
      {building ? (
        <QueryBuilder
          clusters={clusters}
          onUse={(text) => {
            setBuilding(false);
            setDraft(text);
            run(text);
          }}
        />
      ) : null}
      {query === "" ? null : (
        <Result
          view={view}
          reading={reading}
          range={range}
          step={step}
          zoom={zoom}
          marks={marks}
          onExplain={() => setSearch({ explain: letter, library: undefined })}
        />
      )}
    </section>
  );
}
