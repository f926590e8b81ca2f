import { CheckCircleIcon, ExclamationCircleIcon } from "@patternfly/react-icons";

import { SPOKEN } from "@/features/clusters/shared/health";
import { sentence } from "@/features/clusters/shared/sentence";
import type { Check } from "@/generated/api.schemas";

/** How long a check took: `7 ms`, `1.2 s`. */
export function latency(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.max(1, Math.round(milliseconds))} ms`;
}

interface ChecksListProps {
  checks: readonly Check[];
  /** Why one fails is told elsewhere. */
  terse?: boolean;
}

/** Each endpoint that is checked: whether it is well, how fast, and if not, what to do. */
export function ChecksList({ checks, terse = false }: ChecksListProps) {
  if (checks.length === 0) return <p className="quiet">Nothing of it is checked.</p>;
  return (
    <ul className="clusters-checks plain">
      {checks.map(({ name, healthy, latency_ms, error, advice, answered }) => (
        <li key={name} className={healthy ? "tone-success" : "tone-danger"}>
          {healthy ? <CheckCircleIcon /> : <ExclamationCircleIcon />}
          <span className="clusters-check-name">{SPOKEN[name]}</span>
          <span className="quiet numbers">
            {answered === false ? "no answer" : `${healthy ? "healthy" : "fails"}, ${latency(latency_ms)}`}
          </span>
          {error && !terse ? (
            <span className="clusters-check-error">
              {sentence(error)} {advice ? <span className="quiet">{sentence(advice)}</span> : null}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
