import { scoreTone } from "@/features/clusters/shared/health";

/** The score as a number with a bar; a dash where nothing is known. */
export function HealthScore({ score }: { score: number | null | undefined }) {
  if (score === null || score === undefined) return <span className="quiet">no score</span>;
  return (
    <span className={`clusters-score is-${scoreTone(score)} numbers`} title={`Health score ${score} of 100`}>
      <span>{score}</span>
      <span className="clusters-score-bar" aria-hidden>
        <span style={{ inlineSize: `${score}%` }} />
      </span>
    </span>
  );
}
