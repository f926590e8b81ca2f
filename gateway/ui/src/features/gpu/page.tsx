/** GPUs of the fleet: what is wrong with them, how they are used, and by whom. */

import "@/features/gpu/drawer.css";
import "@/features/gpu/gpu.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { Suspense, useMemo } from "react";

import { WithDrawer } from "@/components/drawer";
import { lazily, useComingSoon } from "@/components/lazily";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { useTabInView } from "@/components/use-tab-in-view";
import { Headline } from "@/features/gpu/headline";
import { useLiveGpus } from "@/features/gpu/live-samples";
import { countMarks } from "@/features/gpu/map/fleet";
import { NoGpus } from "@/features/gpu/no-gpus";
import { OverviewTab } from "@/features/gpu/overview-tab";
import { readNodeKey, TABS, type GpuSearch, type Tab as TabName } from "@/features/gpu/search";
import { useMap, useSummary } from "@/features/gpu/use-gpu";
import type { GpuSummary } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Who only looks at the picture does not wait for them. */
const LATER = {
  nodes: lazily(() => import("@/features/gpu/nodes/nodes-tab"), "NodesTab"),
  processes: lazily(() => import("@/features/gpu/processes-tab"), "ProcessesTab"),
  history: lazily(() => import("@/features/gpu/history/history-tab"), "HistoryTab"),
  thresholds: lazily(() => import("@/features/gpu/thresholds-tab"), "ThresholdsTab"),
  node: lazily(() => import("@/features/gpu/node/node-drawer"), "NodeDrawer"),
  explain: lazily(() => import("@/features/gpu/explain/explain-gpus"), "ExplainGpus"),
};
const SOON = Object.values(LATER);
const NodesTab = LATER.nodes.Part;
const ProcessesTab = LATER.processes.Part;
const HistoryTab = LATER.history.Part;
const ThresholdsTab = LATER.thresholds.Part;
const NodeDrawer = LATER.node.Part;
const ExplainGpus = LATER.explain.Part;

const TITLES: Readonly<Record<TabName | "overview", string>> = {
  overview: "Overview",
  nodes: "Nodes",
  processes: "Processes",
  history: "History",
  thresholds: "Thresholds",
};
const NONE: readonly string[] = [];
/** What belongs to one tab alone goes with it; where one looks stays. */
const LEFT: GpuSearch = { show: undefined, view: undefined, sort: undefined, q: undefined, stale: undefined, attribution: undefined, gpu_uuid: undefined, raised: undefined, explain: undefined };

export function GpuPage() {
  const { tab = "overview", cluster_id = NONE, namespace } = useSearch<GpuSearch>();
  const { as_of } = useAsOf();
  useLiveGpus(cluster_id, as_of === undefined);
  useComingSoon(SOON);
  const { data: summary, error, refetch } = useSummary();
  const none = summary?.nodes === 0 && summary.lost === 0 && cluster_id.length === 0 && namespace === undefined;
  const whole = tab === "overview" || tab === "history" || none || summary === undefined;
  return (
    <PageFrame
      title="GPUs"
      fills={!whole}
      subtitle={summary && !none ? tab === "overview" ? <FullHeadline summary={summary} /> : <Headline summary={summary} stale={undefined} /> : undefined}
    >
      {error && summary ? <InlineFailure error={error} what="The figures could not be read again" /> : null}
      {summary === undefined ? (
        error ? (
          <Failure error={error} what="The GPUs" onRetry={() => void refetch()} />
        ) : (
          <Loading lines={10} label="Loading the GPUs" />
        )
      ) : none ? (
        <NoGpus />
      ) : (
        <>
          <Parts tab={tab} />
          <div id="gpu-panel" role="tabpanel" aria-label={TITLES[tab]} className={whole ? "gpu-tab is-whole" : "gpu-tab"}>
            <WithDrawer drawer={<Beside tab={tab} />}>
              {tab === "overview" ? <OverviewTab summary={summary} /> : null}
              <Suspense fallback={<Loading lines={10} label={`Loading ${TITLES[tab]}`} />}>
                {tab === "nodes" ? <NodesTab /> : null}
                {tab === "processes" ? <ProcessesTab /> : null}
                {tab === "history" ? <HistoryTab summary={summary} /> : null}
                {tab === "thresholds" ? <ThresholdsTab /> : null}
              </Suspense>
            </WithDrawer>
          </div>
        </>
      )}
    </PageFrame>
  );
}

/** What is open beside the tab; an explanation of the charts stands in for the node until it is closed. */
function Beside({ tab }: { tab: TabName | "overview" }) {
  const { open, of, explain } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const node = readNodeKey(open);
  const charts = open ?? (tab === "history" ? of : undefined);
  const explained = explain === charts ? readNodeKey(explain) : undefined;
  if (explained !== undefined) {
    return (
      <Suspense fallback={null}>
        <ExplainGpus node={explained} onClose={() => setSearch({ explain: undefined })} />
      </Suspense>
    );
  }
  return node === undefined ? null : (
    <Suspense fallback={null}>
      <NodeDrawer key={open} node={node} />
    </Suspense>
  );
}

/** With how many GPUs report, which the map tells. */
function FullHeadline({ summary }: { summary: GpuSummary }) {
  const { data } = useMap();
  const stale = useMemo(() => data && countMarks(data).stale, [data]);
  return <Headline summary={summary} stale={stale} />;
}

function Parts({ tab }: { tab: TabName | "overview" }) {
  const setSearch = useSetSearch<GpuSearch>();
  const go = (key: string | number) =>
    setSearch({ ...LEFT, open: undefined, gpu: undefined, tab: key === "overview" ? undefined : (key as TabName) });
  const place = useTabInView(tab);
  return (
    <div ref={place}>
      <Tabs activeKey={tab} aria-label="Parts of GPUs" onSelect={(_, key) => go(key)}>
        {(["overview", ...TABS] as const).map((name) => (
          <Tab key={name} eventKey={name} tabContentId="gpu-panel" title={<TabTitleText>{TITLES[name]}</TabTitleText>} />
        ))}
      </Tabs>
    </div>
  );
}
