/** Traces of the fleet: searched, mapped, and one of them whole. */

import "@/features/observability/traces/traces.css";
import "@/features/observability/traces/scatter.css";
import "@/features/observability/traces/waterfall.css";
import "@/features/observability/traces/span.css";
import "@/features/observability/traces/service-map.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { LibraryButton } from "@/features/observability/library/library-button";
import { LibraryDrawer } from "@/features/observability/library/library-drawer";
import { LIBRARIES } from "@/features/observability/library/store";
import { Found } from "@/features/observability/traces/found";
import { MapView } from "@/features/observability/traces/map/map-view";
import { NO_PARTS } from "@/features/observability/traces/traceql";
import { TraceView } from "@/features/observability/traces/trace-view";
import { askedTraceql, LIMIT } from "@/features/observability/traces/use-traces";
import type { TracesSearch } from "@/features/observability/search";
import { useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { frozen } from "@/lib/time";

const VIEW = "traces-view";

export function TracesPage() {
  const { trace } = useSearch<TracesSearch>();
  return trace === undefined ? <Overview /> : <TraceView key={trace} id={trace} />;
}

function Overview() {
  const { view } = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  return (
    <PageFrame
      title="Traces"
      fills
      actions={
        view === "map" ? (
          <CopyMenu />
        ) : (
          <>
            <LibraryButton />
            <Copy />
          </>
        )
      }
    >
      <Tabs
        activeKey={view ?? "search"}
        onSelect={(_, key) => setSearch({ view: key === "map" ? "map" : undefined })}
        aria-label="Traces"
      >
        <Tab eventKey="search" tabContentId={VIEW} title={<TabTitleText>Search</TabTitleText>} />
        <Tab eventKey="map" tabContentId={VIEW} title={<TabTitleText>Service map</TabTitleText>} />
      </Tabs>
      <div id={VIEW} role="tabpanel" aria-label={view === "map" ? "Service map" : "Search"} className="traces-view">
        {view === "map" ? <MapView /> : <Search />}
      </div>
    </PageFrame>
  );
}

function Search() {
  const { library, ...search } = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  const [round, setRound] = useState(0);
  const again = () => setRound(round + 1);
  const traceql = askedTraceql(search);
  const run = (query: string) => {
    LIBRARIES.traceql.getState().again(query);
    if (query === search.query) again();
    else setSearch({ ...NO_PARTS, query });
  };
  return (
    <WithDrawer
      drawer={
        library === undefined ? null : (
          <LibraryDrawer tab={library} language="traceql" query={traceql === "{}" ? "" : traceql} onRun={run} />
        )
      }
    >
      <Found round={round} onAgain={again} />
    </WithDrawer>
  );
}

function Copy() {
  const search = useSearch<TracesSearch>();
  const { from, to } = frozen(useRange(), useNow(60_000));
  const traceql = askedTraceql(search);
  const body = { traceql, cluster_ids: search.clusters ?? [], start_time: from, end_time: to, limit: LIMIT };
  return (
    <CopyMenu
      query={{ name: "TraceQL", text: traceql }}
      request={{ method: "POST", path: "/api/v1/traces/search", body }}
    />
  );
}
