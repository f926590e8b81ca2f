import { Button } from "@patternfly/react-core";

import type { GraphNode } from "@/features/incidents/detail/graph/graph";
import { SeenChips } from "@/components/seen/seen-chip";
import { momentInWords } from "@/components/seen/words";
import type { IncidentSearch } from "@/features/incidents/search";
import type { RcaMoment, RcaSeen } from "@/generated/api.schemas";
import { placeInWords } from "@/lib/format";
import { useClock } from "@/lib/moment";
import { PageLink, useSetSearch } from "@/lib/place";

const MOST = 12;

interface NodeDetailProps {
  node: GraphNode;
  cluster: string;
  /** All that was seen live: moments name it by its number. */
  live: readonly RcaSeen[];
  onClose: () => void;
}

/** What happened to one entity of the graph, and the way to its signals. */
export function NodeDetail({ node: { entity, moments }, cluster, live, onClose }: NodeDetailProps) {
  const clock = useClock();
  const setSearch = useSetSearch<IncidentSearch>();
  const { place, cluster_id } = entity;
  const isAll = place === "cluster";
  const showSignals = () => {
    setSearch({ q: isAll ? undefined : place, lasting: undefined, kind: undefined, severity: undefined });
    document.getElementById("incidents-signals")?.scrollIntoView({ block: "start" });
  };
  const shown = moments.slice(0, MOST);
  return (
    <section className="incidents-graph-detail" aria-label={`What happened to ${placeInWords(place)}`} aria-live="polite">
      <header className="incidents-storm-head">
        <h4>{isAll ? `All of ${cluster}` : placeInWords(place)}</h4>
        <PageLink to={`/clusters/${cluster_id}`}>{cluster}</PageLink>
        <Button variant="link" isInline onClick={showSignals}>
          {isAll ? "Show the signals" : "Show its signals"}
        </Button>
        <Button variant="link" isInline onClick={onClose}>
          Close
        </Button>
      </header>
      {shown.length === 0 ? (
        <p className="hint">The analysis tells of no moment of it.</p>
      ) : (
        <ol className="incidents-graph-moments">
          {shown.map((moment) => (
            <li key={`${moment.sequence} ${moment.seen}`}>
              <time dateTime={moment.at} className="numbers quiet" title={clock(moment.at)}>
                {clock(moment.at).slice(11, 19)}
              </time>{" "}
              {momentInWords(moment)} <Source moment={moment} live={live} />
            </li>
          ))}
        </ol>
      )}
      {moments.length > shown.length ? <p className="hint">and {moments.length - shown.length} later ones</p> : null}
    </section>
  );
}

/** What told of it: an event, or what was seen live. */
function Source({ moment: { sequence, seen }, live }: { moment: RcaMoment; live: readonly RcaSeen[] }) {
  if (sequence === null) return seen == null ? null : <SeenChips numbers={[seen]} all={live} />;
  return (
    <PageLink to="/events" search={{ event: sequence }}>
      event {sequence}
    </PageLink>
  );
}
