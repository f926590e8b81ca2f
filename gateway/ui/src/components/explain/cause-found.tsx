import type { RcaView } from "@/generated/api.schemas";
import { placeInWords, plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

const MOST_CLAIMS = 3;
const MOST_CITED = 3;

/** The likeliest cause of what was wrong, with the events that say so; that nothing was wrong is an answer, too. */
export function CauseFound({ analysis }: { analysis: RcaView }) {
  const { causes, is_known, explanation, redacted, signals } = analysis;
  const [first, ...others] = causes;
  if (redacted) return <p>Not shown: it may tell of clusters that you do not see.</p>;
  if (first === undefined) {
    return <p>{signals === 0 ? "Nothing was wrong that the log tells of." : explanation}</p>;
  }
  return (
    <div className="explain-cause">
      <p>
        <strong>{is_known ? placeInWords(first.entity.place) : "The cause is unknown"}</strong>{" "}
        {is_known ? "" : `best guess: ${placeInWords(first.entity.place)} `}
        <span className="quiet numbers">
          {first.kind}, {Math.round(first.score * 100)} %
        </span>
      </p>
      <p>{explanation}</p>
      <ul className="explain-claims">
        {first.claims.slice(0, MOST_CLAIMS).map(({ text, cited, is_fact }) => (
          <li key={text}>
            {is_fact ? "" : "Hypothesis: "}
            {text}{" "}
            {cited.slice(0, MOST_CITED).map((sequence) => (
              <PageLink key={sequence} to="/events" search={{ event: sequence }}>
                event {sequence}
              </PageLink>
            ))}
          </li>
        ))}
      </ul>
      {others.length > 0 ? <p className="hint">{plural(others.length, "other candidate")}, less likely</p> : null}
    </div>
  );
}
