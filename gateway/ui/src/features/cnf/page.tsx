import "@/features/cnf/cnf.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { NetworkIcon } from "@patternfly/react-icons";

import { Suspense } from "react";

import { lazily, useComingSoon } from "@/components/lazily";
import { PageFrame } from "@/components/page-frame";
import { Loading, Nothing } from "@/components/states";
import { useTabInView } from "@/components/use-tab-in-view";
import { TABS, type CnfSearch, type Tab as TabName } from "@/features/cnf/search";
import { Headline } from "@/features/cnf/shared/headline-links";
import { MissingNotice } from "@/features/cnf/shared/missing-notice";
import { TITLES } from "@/features/cnf/shared/names";
import { badOn, isEmpty, missingOf, useOverview, type Overview } from "@/features/cnf/shared/overview";
import { useFresh } from "@/features/cnf/shared/use-fresh";
import { WorkloadsTab } from "@/features/cnf/workloads/tab";
import { LinkButton } from "@/components/link-button";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Who looks at the workloads does not wait for them. */
const LATER = {
  clocks: lazily(() => import("@/features/cnf/clocks/tab"), "ClocksTab"),
  functions: lazily(() => import("@/features/cnf/functions/tab"), "FunctionsTab"),
  ports: lazily(() => import("@/features/cnf/ports/tab"), "PortsTab"),
};
const SOON = Object.values(LATER);
const ClocksTab = LATER.clocks.Part;
const FunctionsTab = LATER.functions.Part;
const PortsTab = LATER.ports.Part;
const ALL: readonly string[] = [];

/** Network functions of telco clusters: do they run, are they in time, do they have what they need. */
export function CnfPage() {
  const { tab = "workloads", cluster_id } = useSearch<CnfSearch>();
  const setSearch = useSetSearch<CnfSearch>();
  const overview = useOverview(cluster_id);
  useFresh(cluster_id ?? ALL);
  useComingSoon(SOON);
  const place = useTabInView(tab);
  if (cluster_id === undefined && isEmpty(overview)) return <NoFunctions overview={overview} />;
  const bad = badOn(overview);
  return (
    <PageFrame title="Network functions" fills subtitle={<Headline of={overview} />}>
      <div ref={place}>
        <Tabs
          activeKey={tab}
          aria-label="Parts of network functions"
          onSelect={(_, key) =>
            setSearch({ tab: key === "workloads" ? undefined : (key as Exclude<TabName, "workloads">), open: undefined, explain: undefined })
          }
        >
          {TABS.map((name) => (
            <Tab
              key={name}
              eventKey={name}
              tabContentId={`cnf-${name}`}
              title={
                <TabTitleText>
                  {TITLES[name]}
                  {bad[name] > 0 ? <span className="cnf-count" title="Not well">{count(bad[name])}</span> : null}
                </TabTitleText>
              }
            />
          ))}
        </Tabs>
      </div>
      <section className="cnf-tab" id={`cnf-${tab}`} role="tabpanel" aria-label={TITLES[tab]}>
        <MissingNotice tab={tab} missing={missingOf(overview, tab)} />
        {tab === "workloads" ? <WorkloadsTab overview={overview} /> : null}
        <Suspense fallback={<Loading lines={10} label={`Loading ${TITLES[tab]}`} />}>
          {tab === "clocks" ? <ClocksTab overview={overview} /> : null}
          {tab === "functions" ? <FunctionsTab /> : null}
          {tab === "ports" ? <PortsTab /> : null}
        </Suspense>
      </section>
    </PageFrame>
  );
}

function NoFunctions({ overview }: { overview: Overview }) {
  const { as_of } = useAsOf();
  return (
    <PageFrame title="Network functions">
      {TABS.map((tab) => (
        <MissingNotice key={tab} tab={tab} missing={missingOf(overview, tab)} />
      ))}
      <Nothing
        title={as_of === undefined ? "No network functions found" : "No network functions then"}
        icon={NetworkIcon}
        actions={
          <LinkButton to="/clusters" variant="secondary">
            See what clusters have
          </LinkButton>
        }
      >
        Every cluster is looked through for pods, clocks, virtual functions and DPDK ports of network functions: by its
        API server where there are credentials, and by its Prometheus. A far-edge cluster is asked for metrics only.
      </Nothing>
    </PageFrame>
  );
}
