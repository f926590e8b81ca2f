import { evidenceInWords } from "@/components/causes/words";
import { SourceMark } from "@/components/seen/seen-chip";
import { bestPlace } from "@/components/seen/words";
import type { RcaEvidence, RcaTold } from "@/generated/api.schemas";
import { PageLink, type Place } from "@/lib/place";

/** What speaks for the cause, each kind once; each leads to the event or the query that shows it. */
export function Evidence({ incident, told }: { incident: string; told: RcaTold | null }) {
  if (told === null || told.evidence.length === 0) return null;
  const kinds = [...new Map(told.evidence.toReversed().map((each) => [evidenceInWords(each), each])).values()].toReversed();
  const more = told.claims - kinds.length;
  return (
    <ul className="story-evidence" aria-label="What speaks for it">
      {kinds.map((each) => (
        <li key={each.text}>
          <Chip evidence={each} />
        </li>
      ))}
      {more > 0 ? (
        <li>
          <PageLink to={`/incidents/${incident}`} hash="incidents-cause" aria-label={`${more} more that speak for it`}>
            +{more}
          </PageLink>
        </li>
      ) : null}
    </ul>
  );
}

function Chip({ evidence }: { evidence: RcaEvidence }) {
  const { text, is_fact, seen } = evidence;
  const place = placeOf(evidence);
  const said = is_fact ? text : `Hypothesis: ${text}`;
  const word = seen === null ? evidenceInWords(evidence) : <SourceMark backend={seen.backend}>{evidenceInWords(evidence)}</SourceMark>;
  return (
    <span title={said}>
      {place === undefined ? (
        <span className="story-chip">{word}</span>
      ) : (
        <PageLink to={place.to} search={place.search ?? {}} className="story-chip">
          {word}
          <span className="visually-hidden">: {said}</span>
        </PageLink>
      )}
    </span>
  );
}

function placeOf({ sequence, seen }: RcaEvidence): Place | undefined {
  if (sequence !== null) return { to: "/events", search: { event: sequence } };
  return seen === null ? undefined : bestPlace(seen);
}
