import "@/features/operations/operations.css";

import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";

import { NotYours } from "@/components/not-yours";
import { PageFrame } from "@/components/page-frame";
import { Failure, Loading } from "@/components/states";
import { useTabInView } from "@/components/use-tab-in-view";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

import { ClientsTab } from "@/features/operations/clients-tab";
import { CommandsTab } from "@/features/operations/commands-tab";
import { Documents } from "@/features/operations/documents";
import { HealthTab } from "@/features/operations/health-tab";
import { LettersTab } from "@/features/operations/letters-tab";
import { ProjectionsTab } from "@/features/operations/projections-tab";
import { TABS, type OperationsSearch, type Tab as TabName } from "@/features/operations/search";
import { StreamsTab } from "@/features/operations/streams-tab";
import { useOperations } from "@/features/operations/use-operations";
import { problems } from "@/features/operations/verdict";
import { VerdictPanel } from "@/features/operations/verdict-panel";

const TITLES: Readonly<Record<TabName, string>> = {
  health: "Health",
  projections: "Projections",
  streams: "Streams & consumers",
  letters: "Dead letters",
  clients: "Clients",
  commands: "Commands",
};

/** How the platform itself is; for administrators of all clusters. */
export function OperationsPage() {
  const { me, rules } = useRights();
  if (rules) return <Operations />;
  return (
    <PageFrame title="Operations">
      {me === undefined ? (
        <Loading />
      ) : (
        <NotYours>
          Here administrators of all clusters see how the platform itself is: its processes, projections, streams and what
          could not be handled. If the fleet, its alerts or events look wrong or old, tell one of them.
        </NotYours>
      )}
    </PageFrame>
  );
}

function Operations() {
  const { tab = "health" } = useSearch<OperationsSearch>();
  const place = useTabInView(tab);
  const setSearch = useSetSearch<OperationsSearch>();
  const { as_of } = useAsOf();
  const { known, error, isLoading, at, retry } = useOperations(true);
  const found = problems(known);
  const worse = (name: TabName) => found.filter((problem) => problem.tab === name).length;
  return (
    <PageFrame
      title="Operations"
      subtitle={as_of ? "The platform as it is now: of its own past nothing is kept" : "The platform itself"}
      actions={<Documents />}
    >
      <VerdictPanel known={known} problems={found} error={error} isLoading={isLoading} at={at} />
      <div ref={place}>
        <Tabs
          activeKey={tab}
          aria-label="Parts of operations"
          onSelect={(_, key) => setSearch({ tab: key === "health" ? undefined : (key as TabName), letter: undefined })}
        >
          {TABS.map((name) => (
            <Tab
              key={name}
              eventKey={name}
              tabContentId={`ops-${name}`}
              title={
                <TabTitleText>
                  {TITLES[name]}
                  {worse(name) > 0 ? <span className="ops-count">{worse(name)}</span> : null}
                </TabTitleText>
              }
            />
          ))}
        </Tabs>
      </div>
      <section className="ops-tab" id={`ops-${tab}`} role="tabpanel" aria-label={TITLES[tab]}>
        {tab === "health" ? (
          known.report ? (
            <HealthTab report={known.report} />
          ) : error ? (
            <Failure error={error} what="The hub's health" onRetry={retry} />
          ) : (
            <Loading />
          )
        ) : null}
        {tab === "projections" ? <ProjectionsTab /> : null}
        {tab === "streams" ? <StreamsTab /> : null}
        {tab === "letters" ? <LettersTab /> : null}
        {tab === "clients" ? <ClientsTab /> : null}
        {tab === "commands" ? <CommandsTab /> : null}
      </section>
    </PageFrame>
  );
}
