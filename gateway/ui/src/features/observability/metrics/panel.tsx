/** One query: its text or its form, what came of it, and who has not answered. */

import { Button } from "@patternfly/react-core";
import { useState } from "react";

import type { Zoom } from "@/components/chart/use-zoom";
import { QueryEditor } from "@/components/query-editor/query-editor";
import { useDraft } from "@/features/observability/draft";
import { QueryBuilder } from "@/features/observability/metrics/builder/query-builder";
import { useLibrary } from "@/features/observability/metrics/library/store";
import { PanelMenu } from "@/features/observability/metrics/panel-menu";
import { RunButton } from "@/features/observability/metrics/run-button";
import { Result } from "@/features/observability/metrics/results/result";
import { refusalOf } from "@/features/observability/metrics/results/refusal";
import { useMetrics } from "@/features/observability/metrics/use-metrics";
import { useStep } from "@/features/observability/metrics/use-step";
import { NO_CLUSTERS, type MetricsSearch } from "@/features/observability/search";
import { useAsOf, useRange } from "@/lib/moment";
import { useSearch } from "@/lib/place";
import { isRelative } from "@/lib/time";

interface PanelProps {
  letter: string;
  /** As it was asked last. */
  query: string;
  /** There is no other. */
  alone: boolean;
  paused: boolean;
  zoom: Zoom;
  onActive: () => void;
  onRun: (query: string) => void;
  onRemove: (() => void) | undefined;
}

/** More often nobody has to look, and nobody has to answer. */
const LEAST_EVERY_MS = 15_000;

export function Panel({ letter, query, alone, paused, zoom, onActive, onRun, onRemove }: PanelProps) {
  const { clusters = NO_CLUSTERS, agg, view = "chart" } = useSearch<MetricsSearch>();
  const range = useRange();
  const { as_of } = useAsOf();
  const { step } = useStep();
  const [draft, setDraft] = useDraft(query);
  const [building, setBuilding] = useState(false);
  const again = useLibrary((library) => library.again);
  const live = !paused && as_of === undefined && isRelative(range.to);
  const every = live ? Math.max(LEAST_EVERY_MS, view === "chart" ? step : 0) : false;
  const reading = useMetrics({ query, clusters, agg, range, step, view, every });
  const run = (text: string) => {
    const asked = text.trim();
    again(asked);
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
        <Result query={query} view={view} reading={reading} range={range} step={step} zoom={zoom} />
      )}
    </section>
  );
}
