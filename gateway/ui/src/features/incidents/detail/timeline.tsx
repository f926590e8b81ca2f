import {
  CheckCircleIcon,
  CompressArrowsAltIcon,
  ExpandArrowsAltIcon,
  FireIcon,
  HistoryIcon,
  PlusCircleIcon,
  RedoIcon,
  UserCheckIcon,
} from "@patternfly/react-icons";
import { Button } from "@patternfly/react-core";
import { useMemo, type ComponentType } from "react";

import type { Tone } from "@/components/badges";
import { InlineFailure, Loading } from "@/components/states";
import { linesOf, movedInWords, saidOf, sumOf, whyOf, whyOfAll, type Line } from "@/features/incidents/detail/lines";
import type { useTimeline } from "@/features/incidents/detail/use-incident";
import { lastingInWords } from "@/features/incidents/shared/words";
import type { IncidentDetail, TimelineEntry } from "@/generated/api.schemas";
import { useClock } from "@/lib/moment";
import { PageLink } from "@/lib/place";

type Look = readonly [Tone, ComponentType];

const LOOKS: Readonly<Record<string, Look>> = {
  INCIDENT_OPENED: ["danger", FireIcon],
  INCIDENT_ACKNOWLEDGED: ["info", UserCheckIcon],
  INCIDENT_RESOLVED: ["success", CheckCircleIcon],
  INCIDENT_REOPENED: ["danger", RedoIcon],
  INCIDENT_MERGED: ["info", CompressArrowsAltIcon],
  INCIDENT_SPLIT: ["info", ExpandArrowsAltIcon],
};
const CAME: Look = ["warning", PlusCircleIcon];
const WENT: Look = ["success", CheckCircleIcon];

interface TimelineProps {
  incident: IncidentDetail;
  timeline: ReturnType<typeof useTimeline>;
}

/** Every decision about the incident with its reason, newest first. */
export function Timeline({ incident, timeline }: TimelineProps) {
  const { entries, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = timeline;
  const lines = useMemo(() => entries && linesOf(entries), [entries]);
  return (
    <section className="panel incidents-timeline" aria-labelledby="incidents-timeline">
      <h2 id="incidents-timeline">What happened</h2>
      {error ? <InlineFailure error={error} what="The timeline could not be read" /> : null}
      {error ? (
        <Button variant="secondary" size="sm" onClick={() => void refetch()}>
          Try again
        </Button>
      ) : null}
      {lines ? (
        <ol className="incidents-lines" tabIndex={0} aria-label="What happened, newest first">
          {lines.map((line, at) => (
            <LineOf key={line.id} line={line} incident={incident} isFirst={!hasNextPage && at === lines.length - 1} before={lines[at + 1]} />
          ))}
        </ol>
      ) : error ? null : (
        <Loading lines={6} label="Loading what happened" />
      )}
      {hasNextPage ? (
        <Button variant="link" isInline isDisabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? "Reading …" : "Read what was before"}
        </Button>
      ) : null}
    </section>
  );
}

interface LineProps {
  line: Line;
  incident: IncidentDetail;
  isFirst: boolean;
  /** The one before it in time. */
  before: Line | undefined;
}

function LineOf({ line: { entries }, incident, isFirst, before }: LineProps) {
  const clock = useClock();
  const [newest] = entries as [TimelineEntry];
  const moved = sumOf(entries);
  const [tone, Icon] = LOOKS[newest.event_type] ?? (moved.added + moved.resumed > 0 ? CAME : WENT);
  const isNewDay = before !== undefined && clock(before.entries[0]!.at).slice(0, 10) !== clock(newest.at).slice(0, 10);
  const day = isFirst || isNewDay ? clock(newest.at).slice(0, 10) : undefined;
  return (
    <li className="incidents-line">
      <span className={`incidents-mark tone-${tone}`} aria-hidden="true">
        <Icon />
      </span>
      <div className="incidents-line-main">
        {entries.length > 1 ? (
          <Many entries={entries} />
        ) : (
          <One entry={newest} incident={incident} isFirst={isFirst} />
        )}
      </div>
      <div className="incidents-line-end quiet">
        {day === undefined ? null : <span className="incidents-day numbers">{day}</span>}
        <time dateTime={newest.at} title={clock(newest.at)} className="numbers">
          {clock(newest.at).slice(11, entries.length > 1 ? 16 : 19)}
        </time>
        <AsItWas incident={incident} at={newest.at} />
      </div>
    </li>
  );
}

function One({ entry, incident, isFirst }: { entry: TimelineEntry; incident: IncidentDetail; isFirst: boolean }) {
  const why = whyOf(entry);
  return (
    <>
      <span className="incidents-said">
        {saidOf(entry, incident.merged_into, isFirst)}
        {entry.other_id === null ? null : (
          <>
            {" "}
            <PageLink to={`/incidents/${entry.other_id}`}>See the other one</PageLink>
          </>
        )}
      </span>
      {why ? <span className="incidents-why">{why}</span> : null}
      <Then entry={entry} />
    </>
  );
}

/** How many there were after it. */
function Then({ entry: { signals, lasting, redacted } }: { entry: TimelineEntry }) {
  if (redacted) return <span className="hint">Why is not shown: it may tell of clusters that you do not see.</span>;
  if (signals === null || lasting === null || signals === 0) return null;
  return <span className="hint numbers">{lastingInWords(signals, lasting)}</span>;
}

function thenOf({ signals, lasting }: TimelineEntry): string {
  return signals === null || lasting === null ? "" : `${lastingInWords(signals, lasting)} · `;
}

function Many({ entries }: { entries: readonly TimelineEntry[] }) {
  const clock = useClock();
  const { first, others } = whyOfAll(entries);
  return (
    <>
      <span className="incidents-said">{movedInWords(sumOf(entries))}</span>
      {first ? <span className="incidents-why">{first}</span> : null}
      <details className="incidents-many">
        <summary>
          {thenOf(entries[0]!)} {entries.length} changes{others > 0 ? `, ${others + 1} reasons` : ""}
        </summary>
        <ol>
          {entries.map((entry) => (
            <li key={entry.sequence}>
              <time dateTime={entry.at} className="numbers quiet">
                {clock(entry.at).slice(11, 19)}
              </time>{" "}
              {movedInWords(sumOf([entry]))}
              {whyOf(entry) ? <span className="quiet">: {whyOf(entry)}</span> : null}
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

/** The incident just after this, by the time machine: the log's times are cut to microseconds. */
function AsItWas({ incident, at }: { incident: IncidentDetail; at: string }) {
  const clock = useClock();
  return (
    <PageLink
      to={`/incidents/${incident.id}`}
      search={{ as_of: new Date(Date.parse(at) + 1).toISOString() }}
      className="incidents-as-of"
      aria-label={`As it was at ${clock(at)}`}
    >
      <HistoryIcon />
    </PageLink>
  );
}
