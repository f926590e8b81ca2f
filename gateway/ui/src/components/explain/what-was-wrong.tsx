import { Button } from "@patternfly/react-core";
import { useState } from "react";

import { CauseFound } from "@/components/explain/cause-found";
import type { Window } from "@/components/explain/differences";
import { LONGEST_MS, useWrong, type Looked } from "@/components/explain/use-wrong";
import { InlineFailure } from "@/components/states";
import { count, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";
import { useRights } from "@/lib/rights";

const FEW = 6;
/** That are looked at by one click. */
const MOST = 20;

export interface ExplainedCluster {
  id: string;
  name: string;
}

interface WhatWasWrongProps {
  /** Those in which most differs first. */
  clusters: readonly ExplainedCluster[];
  window: Window;
}

/** For each cluster: what was wrong there in the window, as the log of events tells it, when somebody asks. */
export function WhatWasWrong({ clusters, window }: WhatWasWrongProps) {
  const { operates, me } = useRights();
  const { looked, isLooking, look } = useWrong(window);
  const [all, setAll] = useState(false);
  const mine = clusters.filter(({ id }) => operates(id));
  const whyNot = me === undefined ? "" : whyNotOf(clusters, mine, window);
  const shown = all ? clusters : clusters.slice(0, FEW);
  const open = mine.filter(({ id }) => !["found", "looking"].includes(looked.get(id)?.state ?? "")).slice(0, MOST);
  return (
    <section className="explain-part" aria-label="What was wrong there">
      <header className="explain-head">
        <h3>What was wrong there</h3>
        {whyNot === "" && open.length > 1 ? (
          <Button variant="link" isInline isDisabled={isLooking} onClick={() => void look(open.map(({ id }) => id))}>
            Look at {open.length < mine.length ? `${count(open.length)} of them` : `all ${count(open.length)}`}
          </Button>
        ) : null}
      </header>
      {whyNot === "" ? null : <p className="hint">{whyNot}</p>}
      <ul className="plain explain-clusters">
        {shown.map((cluster) => (
          <li key={cluster.id}>
            <div className="explain-head">
              <PageLink to={`/clusters/${cluster.id}`}>{cluster.name}</PageLink>
              <EventsThen cluster={cluster} window={window} />
              {whyNot === "" && operates(cluster.id) ? (
                <LookButton looked={looked.get(cluster.id)} isDisabled={isLooking} name={cluster.name} onLook={() => void look([cluster.id])} />
              ) : null}
              {whyNot === "" && me !== undefined && !operates(cluster.id) ? <span className="hint">needs an operator of this cluster</span> : null}
            </div>
            <div aria-live="polite">
              <LookedAt looked={looked.get(cluster.id)} cluster={cluster} />
            </div>
          </li>
        ))}
      </ul>
      {shown.length < clusters.length ? (
        <Button variant="link" isInline onClick={() => setAll(true)}>
          and {plural(clusters.length - shown.length, "other cluster")}
        </Button>
      ) : null}
    </section>
  );
}

/** Why nobody can look here now; empty: somebody can. */
function whyNotOf(clusters: readonly ExplainedCluster[], mine: readonly ExplainedCluster[], { start, end }: Window): string {
  if (clusters.length === 0) return "No series of the chart is of one cluster alone: show each cluster's own series, or choose clusters, to look into one.";
  if (end - start > LONGEST_MS) return "The log is looked through for a day at most: choose a shorter window.";
  if (mine.length === 0) return "To look for causes one has to be an operator of the cluster: it is written down as an analysis. Ask an administrator.";
  return "";
}

interface LookButtonProps {
  looked: Looked | undefined;
  isDisabled: boolean;
  name: string;
  onLook: () => void;
}

function LookButton({ looked, isDisabled, name, onLook }: LookButtonProps) {
  if (looked?.state === "found") return null;
  const said = looked === undefined ? "Look" : looked.state === "looking" ? "Looking …" : "Look again";
  return (
    <Button variant="link" isInline isDisabled={isDisabled} aria-label={`${said} at ${name}`} onClick={onLook}>
      {said}
    </Button>
  );
}

/** All that the log tells of the cluster in the window. */
function EventsThen({ cluster: { id, name }, window: { start, end } }: { cluster: ExplainedCluster; window: Window }) {
  const [from, to] = [new Date(start).toISOString(), new Date(end).toISOString()];
  return (
    <PageLink to="/events" search={{ cluster_id: id, from, to }} aria-label={`Events of ${name} in that time`}>
      Events
    </PageLink>
  );
}

function LookedAt({ looked, cluster }: { looked: Looked | undefined; cluster: ExplainedCluster }) {
  switch (looked?.state) {
    case "found":
      return <CauseFound analysis={looked.analysis} cluster={cluster} />;
    case "failed":
      return <InlineFailure error={looked.error} what="What was wrong could not be looked for" />;
    case "taken":
      return <p className="hint">The hub goes on looking; look again in a moment.</p>;
    default:
      return null;
  }
}
