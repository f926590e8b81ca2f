/** Metrics: PromQL for many clusters at once, one panel for each query, with one crosshair. */

import "@/features/observability/metrics/metrics.css";

import { Button } from "@patternfly/react-core";
import { PlusCircleIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { useZoom } from "@/components/chart/use-zoom";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { LibraryButton } from "@/features/observability/library/library-button";
import { LibraryDrawer } from "@/features/observability/library/library-drawer";
import { useAlertMarks } from "@/features/observability/metrics/alert-marks";
import { ExplainPanel } from "@/features/observability/metrics/explain-panel";
import { MetricExamples } from "@/features/observability/metrics/examples";
import { Panel } from "@/features/observability/metrics/panel";
import { QueryToolbar } from "@/features/observability/metrics/query-toolbar";
import { useEvery } from "@/features/observability/metrics/use-every";
import { LETTERS, usePanels } from "@/features/observability/metrics/use-panels";
import type { MetricsSearch } from "@/features/observability/search";
import { useSearch, useSetSearch } from "@/lib/place";

export function MetricsPage() {
  const { library, explain, view } = useSearch<MetricsSearch>();
  const setSearch = useSetSearch<MetricsSearch>();
  const { panels, isBlank, put, add, remove } = usePanels();
  const [paused, setPaused] = useState(false);
  const [active, setActive] = useState(0);
  const rhythm = useEvery();
  const every = paused || rhythm === undefined ? false : rhythm;
  const marks = useAlertMarks(every);
  const zoom = useZoom();
  const current = Math.min(active, panels.length - 1);
  const explained = view === "table" ? "" : panels[LETTERS.findIndex((letter) => letter === explain)] ?? "";
  return (
    <PageFrame
      title="Metrics"
      actions={<LibraryButton />}
    >
      <QueryToolbar every={rhythm} paused={paused} onPause={setPaused} marks={marks} />
      <WithDrawer
        drawer={
          library === undefined ? (
            explained === "" ? null : (
              <ExplainPanel query={explained} onClose={() => setSearch({ explain: undefined })} />
            )
          ) : (
            <LibraryDrawer
              tab={library}
              language="promql"
              into={panels.length > 1 ? LETTERS[current] : undefined}
              onRun={(query) => put(current, query)}
              onAdd={panels.length < LETTERS.length && !isBlank ? (query) => put(panels.length, query) : false}
            />
          )
        }
      >
        {panels.map((query, index) => (
          <Panel
            key={index}
            letter={LETTERS[index]!}
            query={query}
            alone={panels.length === 1}
            every={every}
            marks={marks.marks}
            zoom={zoom}
            onActive={() => setActive(index)}
            onRun={(text) => put(index, text)}
            onRemove={panels.length > 1 ? () => remove(index) : undefined}
          />
        ))}
        {isBlank && panels.length === 1 ? <MetricExamples onRun={(query) => put(0, query)} /> : null}
        {!isBlank && panels.length < LETTERS.length ? (
          <div>
            <Button variant="link" icon={<PlusCircleIcon />} onClick={add}>
              Add a query
            </Button>
          </div>
        ) : null}
      </WithDrawer>
    </PageFrame>
  );
}
