import "@/features/incidents/detail/cause.css";

import { OutlinedQuestionCircleIcon } from "@patternfly/react-icons";
import { useEffect, useRef } from "react";

import { Badge } from "@/components/badges";
import { sentenceInWords } from "@/components/causes/sentence";
import { entityOfPlace } from "@/components/neighbourhood/entity";
import { NearButton } from "@/components/neighbourhood/near-link";
import { Snippet } from "@/components/snippet";
import { InlineFailure, Loading } from "@/components/states";
import { At } from "@/components/timestamp";
import { useMayChange } from "@/features/incidents/detail/change";
import { CausalGraph } from "@/features/incidents/detail/graph/causal-graph";
import { GuardedButton } from "@/features/incidents/detail/guarded-button";
import { SeenChips } from "@/components/seen/seen-chip";
import { SeenLive } from "@/components/seen/seen-live";
import { InWords } from "@/features/incidents/detail/in-words";
import { useCause, useLookAgain } from "@/features/incidents/detail/use-cause";
import type { IncidentDetail, NamedCluster, RcaCause, RcaClaim, RcaSeen, RcaView } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

const ID = "incidents-cause";
const MOST_CLAIMS = 6;
const MOST_CHIPS = 4;

/** What may be behind an incident, with the events that say so, and what to do next. */
export function Cause({ incident }: { incident: IncidentDetail }) {
  const { analysis, none, error } = useCause(incident.id);
  const whole = useRef<HTMLElement>(null);
  useEffect(() => {
    // Whoever comes by a link to it comes before there is anything to scroll to.
    if (location.hash === `#${ID}`) whole.current?.scrollIntoView();
  }, []);
  return (
    <section ref={whole} className="panel incidents-cause" aria-labelledby={ID}>
      <div className="incidents-storm-head">
        <h2 id={ID}>What is behind it</h2>
        {analysis === undefined ? null : (
          <span className="quiet">
            looked at <At at={analysis.analysed_at} />, by {plural(analysis.signals, "signal")}
          </span>
        )}
        <LookAgain incident={incident} isFirst={none} />
      </div>
      {error ? <InlineFailure error={error} what="The cause could not be read" /> : null}
      {analysis !== undefined ? (
        <Found analysis={analysis} clusters={incident.clusters} />
      ) : none ? (
        <p className="hint">The hub has not looked for a cause yet.</p>
      ) : error ? null : (
        <Loading lines={3} label="Loading the cause" />
      )}
      <InWords incident={incident.id} />
    </section>
  );
}

function LookAgain({ incident, isFirst }: { incident: IncidentDetail; isFirst: boolean }) {
  const { may, notNow } = useMayChange(incident);
  const look = useLookAgain(incident.id);
  if (!may) return null;
  return (
    <span className="incidents-look">
      <GuardedButton variant="link" isInline whyNot={notNow} isDisabled={look.isPending} onClick={() => look.mutate()}>
        {look.isPending ? "Looking …" : isFirst ? "Look for the cause" : "Look again"}
      </GuardedButton>
      {look.error ? <InlineFailure error={look.error} what="The cause was not looked for" /> : null}
    </span>
  );
}

function Found({ analysis, clusters }: { analysis: RcaView; clusters: readonly NamedCluster[] }) {
  const [first, ...others] = analysis.causes;
  if (analysis.redacted) return <p>Not shown: it may tell of clusters that you do not see.</p>;
  return (
    <>
      {first === undefined ? null : <Verdict cause={first} isKnown={analysis.is_known} />}
      <p>{sentenceInWords(analysis.explanation)}</p>
      {first === undefined ? null : <Evidence cause={first} seen={analysis.live?.seen ?? []} />}
      <SeenLive live={analysis.live} clusters={clusters} />
      <CausalGraph key={analysis.id} analysis={analysis} clusters={clusters} />
      {others.length === 0 ? null : (
        <details className="incidents-many">
          <summary>{plural(others.length, "other candidate")}</summary>
          <ol>
            {others.map((cause) => (
              <li key={`${cause.entity.cluster_id}/${cause.entity.place}`}>
                {placeInWords(cause.entity.place)} <span className="quiet numbers">{sureness(cause)}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
      <Next actions={analysis.actions ?? []} />
    </>
  );
}

const sureness = ({ kind, score }: RcaCause): string => `${kind}, ${Math.round(score * 100)} %`;

function Verdict({ cause, isKnown }: { cause: RcaCause; isKnown: boolean }) {
  const { place, cluster_id } = cause.entity;
  const around = entityOfPlace(place, cluster_id);
  return (
    <p className="incidents-verdict">
      <strong>{isKnown ? placeInWords(place) : "The cause is unknown"}</strong>
      {isKnown ? null : <span>best guess: {placeInWords(place)}</span>}
      <span className="quiet numbers">{sureness(cause)}</span>
      {around === undefined ? null : <NearButton of={around} />}
    </p>
  );
}

/** What was observed of it, and what may have followed; what is not borne out is marked. */
function Evidence({ cause, seen }: { cause: RcaCause; seen: readonly RcaSeen[] }) {
  const shown = cause.claims.slice(0, MOST_CLAIMS);
  const doubts = cause.doubts ?? [];
  return (
    <>
      <ul className="incidents-claims" aria-label="What speaks for it">
        {shown.map((claim) => (
          <li key={claim.text}>
            {claim.is_fact ? null : (
              <Badge tone="neutral" icon={OutlinedQuestionCircleIcon}>
                Hypothesis
              </Badge>
            )}
            <span>{sentenceInWords(claim.text)}</span>
            <Chips claim={claim} live={seen} />
          </li>
        ))}
      </ul>
      {cause.claims.length > shown.length ? <p className="hint">and {cause.claims.length - shown.length} more of the kind</p> : null}
      {doubts.length === 0 ? null : <p className="hint">Against it: {doubts.map(sentenceInWords).join("; ")}.</p>}
    </>
  );
}

/** The events that a claim cites, and what was seen live; each opens. */
function Chips({ claim, live }: { claim: RcaClaim; live: readonly RcaSeen[] }) {
  const { cited, effects = [], seen = [], effects_seen = [] } = claim;
  const all = [...cited.slice(0, MOST_CHIPS), ...effects.slice(0, MOST_CHIPS)];
  const left = cited.length + effects.length - all.length;
  return (
    <span className="incidents-chips">
      {[...new Set(all)].map((sequence) => (
        <PageLink key={sequence} to="/events" search={{ event: sequence }}>
          event {sequence}
        </PageLink>
      ))}
      {left > 0 ? <span className="quiet">and {left} more</span> : null}
      <SeenChips numbers={[...seen, ...effects_seen]} all={live} />
    </span>
  );
}

function Next({ actions }: { actions: NonNullable<RcaView["actions"]> }) {
  if (actions.length === 0) return null;
  return (
    <details className="incidents-many">
      <summary>What to do next</summary>
      <ol className="incidents-steps">
        {actions.map(({ text, command = "" }) => (
          <li key={text}>
            {text}
            {command === "" ? null : <Snippet label={`Command: ${text}`} text={command} isCommand />}
          </li>
        ))}
      </ol>
    </details>
  );
}
