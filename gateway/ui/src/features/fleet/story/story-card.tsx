import { SearchIcon } from "@patternfly/react-icons";

import type { Tone } from "@/components/badges";
import { causeInWords } from "@/components/causes/words";
import { Ago } from "@/components/timestamp";
import { someOf } from "@/features/fleet/some-of";
import { Evidence } from "@/features/fleet/story/evidence";
import { ReachFigures } from "@/features/fleet/story/reach-figures";
import { Ways } from "@/features/fleet/story/ways";
import { ToneIcon } from "@/features/fleet/tone-icon";
import type { IncidentView, Severity } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useNow } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { titleInWords } from "@/lib/titles";

const TONES: Readonly<Record<Severity, Tone>> = { CRITICAL: "danger", WARNING: "warning", INFO: "info" };

/** An incident as a story: what, why, how far it reaches, what says so, and where to go from here. */
export function StoryCard({ incident }: { incident: IncidentView }) {
  const { severity, opened_at, reach, cause } = incident;
  return (
    <li className={`story is-${TONES[severity]}`}>
      <ToneIcon tone={TONES[severity]} />
      <div className="story-body">
        <div className="story-head">
          <Title incident={incident} />
          <span className="story-since quiet">
            <span className="visually-hidden">Began </span>
            <Ago at={opened_at} />
          </span>
        </div>
        <CauseLine incident={incident} />
        <div className="story-facts">
          {reach ? <ReachFigures reach={reach} /> : null}
          <Ways incident={incident} />
        </div>
        <div className="story-facts">
          <Evidence incident={incident.id} told={cause?.told ?? null} />
          <span className="story-standing quiet">{standing(incident)}</span>
        </div>
      </div>
    </li>
  );
}

/** The one link that takes the whole card. */
function Title({ incident: { id, title, clusters } }: { incident: IncidentView }) {
  const { text, full } = titleInWords(title);
  const names = clusters.map(({ id, name }) => name ?? id.slice(0, 8));
  return (
    <h3 className="story-title">
      <span title={title}>
        <PageLink to={`/incidents/${id}`} className="story-open" {...(text === full ? {} : { "aria-label": full })}>
          {text}
        </PageLink>
      </span>{" "}
      <span className="story-where">
        on {names.length > 2 ? `${plural(names.length, "cluster")}: ${someOf(names.slice(0, 2), names.length)}` : names.join(" and ")}
      </span>
    </h3>
  );
}

function CauseLine({ incident: { cause, changed_at } }: { incident: IncidentView }) {
  const now = useNow(60_000);
  const { lead, what, confidence, isKnown } = causeInWords(cause, changed_at, now);
  return (
    <p className={isKnown ? "story-cause" : "story-cause quiet"}>
      <SearchIcon />
      <span>
        {lead}
        {what === undefined ? null : (
          <>
            {" "}
            <strong>{what}</strong>
          </>
        )}
        {confidence === undefined ? null : <span className="numbers">, {confidence}</span>}
      </span>
    </p>
  );
}

/** `8 of 12 signals last · ada works on it`. */
function standing({ signals, lasting, acknowledged_by: by }: IncidentView): string {
  const amount =
    lasting === 0
      ? `${signals === 1 ? "its signal has" : `all ${count(signals)} signals have`} ended`
      : lasting === signals
        ? `${plural(signals, "signal")}, ${signals === 1 ? "" : "all "}still there`
        : `${count(lasting)} of ${count(signals)} signals last`;
  return by === null ? amount : `${amount} · ${by} works on it`;
}
