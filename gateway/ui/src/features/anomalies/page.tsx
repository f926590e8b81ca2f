import "@/features/anomalies/anomalies.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { Suspense, useMemo, useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { lazily, useComingSoon } from "@/components/lazily";
import { LiveToggle } from "@/components/live-toggle";
import { PageFrame } from "@/components/page-frame";
import { Loading } from "@/components/states";
import { rowsOf, useAnomalyRows } from "@/features/anomalies/list/rows";
import { AnomaliesTab } from "@/features/anomalies/list/tab";
import type { AnomaliesSearch } from "@/features/anomalies/search";
import { getListAnomaliesUrl, getListWatchesUrl } from "@/generated/api";
import type { AnomalyView } from "@/generated/api.schemas";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

/** Who looks at what was found does not wait for it. */
const WATCHES = lazily(() => import("@/features/anomalies/watches/tab"), "WatchesTab");
const SOON = [WATCHES];
const WatchesTab = WATCHES.Part;
const PANEL = "anomalies-panel";
const idOf = ({ id }: AnomalyView) => id;

/** What behaves as it did not before, and what is looked at for that. */
export function AnomaliesPage() {
  const { tab } = useSearch<AnomaliesSearch>();
  useComingSoon(SOON);
  return tab === "watches" ? <Watches /> : <Anomalies />;
}

function Anomalies() {
  const search = useSearch<AnomaliesSearch>();
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  const query = useAnomalyRows(search);
  const all = useMemo(() => rowsOf(query.data), [query.data]);
  const { rows, waiting } = useHeld(all, paused || inList, idOf, JSON.stringify(query.params), !query.isPlaceholderData);
  return (
    <PageFrame
      title="Anomalies"
      fills
      actions={
        <>
          <CopyMenu request={{ path: getListAnomaliesUrl({ ...query.params, page_size: 100 }) }} />
          <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} />
        </>
      }
    >
      <Parts />
      <div id={PANEL} role="tabpanel" aria-label="Anomalies" className="anomalies-panel">
        <AnomaliesTab query={query} rows={rows} onHeld={setInList} />
      </div>
    </PageFrame>
  );
}

function Watches() {
  const asOf = useAsOf();
  return (
    <PageFrame title="Anomalies" fills actions={<CopyMenu request={{ path: getListWatchesUrl({ page_size: 100, ...asOf }) }} />}>
      <Parts />
      <div id={PANEL} role="tabpanel" aria-label="Watches" className="anomalies-panel">
        <Suspense fallback={<Loading lines={10} label="Loading watches" />}>
          <WatchesTab />
        </Suspense>
      </div>
    </PageFrame>
  );
}

function Parts() {
  const { tab = "anomalies" } = useSearch<AnomaliesSearch>();
  const setSearch = useSetSearch<AnomaliesSearch>();
  return (
    <Tabs
      className="anomalies-tabs"
      activeKey={tab}
      aria-label="Parts of anomalies"
      onSelect={(_, key) => setSearch({ tab: key === "watches" ? "watches" : undefined, watch: undefined })}
    >
      <Tab eventKey="anomalies" tabContentId={PANEL} title={<TabTitleText>Anomalies</TabTitleText>} />
      <Tab eventKey="watches" tabContentId={PANEL} title={<TabTitleText>Watches</TabTitleText>} />
    </Tabs>
  );
}
