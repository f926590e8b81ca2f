import { sentenceInWords } from "@/components/causes/sentence";
import { SeenChips } from "@/components/seen/seen-chip";
import { SeenLive } from "@/components/seen/seen-live";
import type { RcaCause, RcaSeen, RcaView } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

const MOST_CLAIMS = 3;
const MOST_CITED = 3;

/** The likeliest cause of what was wrong, with the events and what was seen live that say so; that nothing was wrong is an answer, too. */
export function CauseFound({ analysis, cluster }: { analysis: RcaView; cluster: { id: string; name: string } }) {
  const { causes, is_known, explanation, redacted, signals, live } = analysis;
  const [first, ...others] = causes;
  if (redacted) return <p>Not shown: it may tell of clusters that you do not see.</p>;
  return (
    <div className="explain-cause">
      {first === undefined ? (
        <p>{signals === 0 ? "Nothing was wrong that the log tells of." : sentenceInWords(explanation)}</p>
      ) : (
        <>
          <p>
            <strong>{is_known ? placeInWords(first.entity.place) : "The cause is unknown"}</strong>{" "}
            {is_known ? "" : `best guess: ${placeInWords(first.entity.place)} `}
            <span className="quiet numbers">
              {first.kind}, {Math.round(first.score * 100)} %
            </span>
          </p>
          <p>{sentenceInWords(explanation)}</p>
          <Claims cause={first} seen={live?.seen ?? []} />
          {others.length > 0 ? <p className="hint">{plural(others.length, "other candidate")}, less likely</p> : null}
        </>
      )}
      <SeenLive live={live} clusters={[cluster]} heading="h4" of={cluster.name} />
    </div>
  );
}

/** What speaks for it; each event and each thing that was seen opens. */
function Claims({ cause, seen: all }: { cause: RcaCause; seen: readonly RcaSeen[] }) {
  return (
    <ul className="explain-claims">
      {cause.claims.slice(0, MOST_CLAIMS).map(({ text, cited, is_fact, seen = [], effects_seen = [] }) => (
        <li key={text}>
          {is_fact ? "" : "Hypothesis: "}
          {sentenceInWords(text)}{" "}
          <span className="explain-chips">
            {cited.slice(0, MOST_CITED).map((sequence) => (
              <PageLink key={sequence} to="/events" search={{ event: sequence }}>
                event {sequence}
              </PageLink>
            ))}
            <SeenChips numbers={[...seen, ...effects_seen]} all={all} />
          </span>
        </li>
      ))}
    </ul>
  );
}
