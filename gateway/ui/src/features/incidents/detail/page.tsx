import "@/features/incidents/incidents.css";
import "@/features/incidents/detail/detail.css";

import { Suspense, useCallback, useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { lazily, useComingSoon } from "@/components/lazily";
import { LinkButton } from "@/components/link-button";
import { NearButton } from "@/components/neighbourhood/near-link";
import { PageFrame } from "@/components/page-frame";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Actions, type Asking } from "@/features/incidents/detail/actions";
import { Cause } from "@/features/incidents/detail/cause";
import { isTaken, useChange } from "@/features/incidents/detail/change";
import { Head, Subtitle, Trail } from "@/features/incidents/detail/head";
import { NotDone, Notices, Taken } from "@/features/incidents/detail/notices";
import { Replay } from "@/features/incidents/detail/replay/replay";
import { Signals } from "@/features/incidents/detail/signals";
import { MOST_MOVED, SplitBar } from "@/features/incidents/detail/split-bar";
import { Storm } from "@/features/incidents/detail/storm";
import { Timeline } from "@/features/incidents/detail/timeline";
import { useIncident, useSignals, useTimeline } from "@/features/incidents/detail/use-incident";
import type { IncidentSearch } from "@/features/incidents/search";
import { getGetIncidentUrl } from "@/generated/api";
import type { IncidentDetail } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf, useClock } from "@/lib/moment";
import { usePageActions } from "@/lib/page-actions";
import { useGo, usePathParam, useSearch } from "@/lib/place";
import { wholeTitle } from "@/lib/titles";

/** What opens only when it is asked for. */
const LATER = {
  comment: lazily(() => import("@/features/incidents/detail/comment-dialog"), "CommentDialog"),
  merge: lazily(() => import("@/features/incidents/detail/merge-dialog"), "MergeDialog"),
  signal: lazily(() => import("@/features/incidents/detail/signal-drawer"), "SignalDrawer"),
};
const SOON = Object.values(LATER);
const CommentDialog = LATER.comment.Part;
const MergeDialog = LATER.merge.Part;
const SignalDrawer = LATER.signal.Part;

const EMPTY: ReadonlySet<string> = new Set();

/** One incident: what belongs to it and why, what happened, and what may be done. */
export function IncidentPage() {
  const id = usePathParam("incidentId");
  // Another incident is another page: nothing of what was asked or chosen stays.
  return (
    <div key={id} className="incidents-replayed">
      <OneIncident id={id} />
      <Replay id={id} />
    </div>
  );
}

function OneIncident({ id }: { id: string }) {
  const { data, error, refetch } = useIncident(id);
  const { as_of } = useAsOf();
  const gone = error instanceof ApiError && error.status === 404;
  if (gone && (data === undefined || as_of !== undefined)) return <NotThere id={id} />;
  if (data === undefined) {
    return (
      <PageFrame title="Incident" trail={<Trail />}>
        {error ? (
          <Failure error={error} what="The incident" onRetry={() => void refetch()} />
        ) : (
          <Loading lines={10} label="Loading the incident" />
        )}
      </PageFrame>
    );
  }
  return <Shown incident={data} error={error} />;
}

function Shown({ incident, error }: { incident: IncidentDetail; error: Error | null }) {
  const asOf = useAsOf();
  const go = useGo();
  const search = useSearch<IncidentSearch>();
  const timeline = useTimeline(incident.id, asOf);
  const found = useSignals(incident.id, search);
  const [asking, setAsking] = useState<Asking>();
  useComingSoon(SOON);
  const [chosen, setChosen] = useState<ReadonlySet<string>>();
  const change = useChange(incident.id, (answer) => {
    if (!isTaken(answer) && answer.id !== incident.id) go(`/incidents/${answer.id}`);
  });
  const flip = useCallback(
    (id: string) =>
      setChosen((before = EMPTY) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const ask = (what: Asking) => {
    change.reset();
    if (what === "split") setChosen(EMPTY);
    else setAsking(what);
  };
  const close = () => setAsking(undefined);
  usePageActions(
    asOf.as_of === undefined
      ? [
          { name: "ask", title: "Ask the assistant about this incident", words: ["chat", "root cause"], run: () => go("/chat", askedOf(incident)) },
          { name: "report", title: "Report on this incident", words: ["pdf"], run: () => go("/reports", { report: "new", of: incident.id }) },
        ]
      : [],
  );
  return (
    <PageFrame
      title={wholeTitle(incident.title)}
      subtitle={<Subtitle incident={incident} isPending={change.isPending} />}
      trail={<Trail />}
      actions={
        <>
          <Actions incident={incident} isPending={change.isPending} onAsk={ask} />
          {asOf.as_of === undefined ? (
            <>
              <LinkButton to="/chat" variant="link" search={askedOf(incident)}>
                Ask about this
              </LinkButton>
              <LinkButton to="/reports" variant="link" search={{ report: "new", of: incident.id }}>
                Report
              </LinkButton>
            </>
          ) : null}
          <NearButton of={{ kind: "incident", id: incident.id }} />
          <CopyMenu request={{ path: getGetIncidentUrl(incident.id, asOf) }} />
        </>
      }
    >
      <Notices incident={incident} />
      {error ? <InlineFailure error={error} what="The incident could not be read again" /> : null}
      {change.error ? (
        <NotDone error={change.error} what={change.variables.what} onAgain={() => change.mutate(change.variables)} />
      ) : null}
      {change.data && isTaken(change.data) ? <Taken /> : null}
      <Head incident={incident} />
      <Cause incident={incident} />
      {timeline.entries ? <Storm incident={incident} entries={timeline.entries} more={timeline.hasNextPage} /> : null}
      <WithDrawer
        drawer={
          search.signal === undefined || chosen !== undefined ? null : (
            <Suspense fallback={null}>
              <SignalDrawer
                key={search.signal}
                signal={found.signals.find(({ id }) => id === search.signal)}
                isSeeking={found.isSeeking}
              />
            </Suspense>
          )
        }
      >
        <div className="incidents-detail">
          <div className="incidents-parts">
            <div className="incidents-column">
              {chosen === undefined ? null : (
                <SplitBar
                  chosen={chosen}
                  all={incident.signals}
                  listed={Math.min(MOST_MOVED, found.signals.length)}
                  onAll={() => setChosen(new Set(found.signals.slice(0, MOST_MOVED).map(({ id }) => id)))}
                  onSplit={(comment) => {
                    change.mutate({ what: "split", signals: [...chosen], comment });
                    setChosen(undefined);
                  }}
                  onCancel={() => setChosen(undefined)}
                />
              )}
              <Signals incident={incident} found={found} chosen={chosen} onFlip={flip} />
            </div>
            <Timeline incident={incident} timeline={timeline} />
          </div>
        </div>
      </WithDrawer>
      <Suspense fallback={null}>
        {asking === undefined || asking === "split" ? null : asking === "merge" ? (
          <MergeDialog
            incident={incident}
            onClose={close}
            onDo={(other, comment) => {
              change.mutate({ what: "merge", other, comment });
              close();
            }}
          />
        ) : (
          <CommentDialog
            what={asking}
            incident={incident}
            onClose={close}
            onDo={(comment) => {
              change.mutate({ what: asking, comment });
              close();
            }}
          />
        )}
      </Suspense>
    </PageFrame>
  );
}

/** What is written in a new chat; whoever sends it may say it otherwise. */
const askedOf = ({ id }: IncidentDetail) => ({ ask: `What is the root cause of incident ${id}?` });

function NotThere({ id }: { id: string }) {
  const { as_of } = useAsOf();
  const clock = useClock();
  return (
    <PageFrame title="Incident" trail={<Trail />}>
      {as_of === undefined ? (
        <Nothing title="There is no such incident" actions={<LinkButton to="/incidents">All incidents</LinkButton>}>
          The link is wrong, or it is about clusters that you do not see.
        </Nothing>
      ) : (
        <Nothing
          title="Not open yet at that instant"
          actions={
            <LinkButton to={`/incidents/${id}`} search={{ as_of: undefined }}>
              See it as it is now
            </LinkButton>
          }
        >
          At {clock(as_of)} nothing of this incident was known.
        </Nothing>
      )}
    </PageFrame>
  );
}
