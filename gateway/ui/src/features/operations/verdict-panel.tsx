import { Alert } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon, ExclamationTriangleIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import { DataAge } from "@/components/timestamp";
import { plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

import { allIsWell, type Known, type Problem } from "@/features/operations/verdict";

const SHOWN = 6;

interface VerdictPanelProps {
  known: Known;
  problems: readonly Problem[];
  /** A part of it could not be read, so nothing can be said to be well. */
  error: Error | null;
  isLoading: boolean;
  at: number;
}

/** One sentence, or what is not well with what to do about each. */
export function VerdictPanel({ known, problems, error, isLoading, at }: VerdictPanelProps) {
  const worst = problems[0]?.tone ?? "success";
  const title =
    problems.length > 0
      ? `${plural(problems.length, "thing")} ${problems.length === 1 ? "is" : "are"} not well`
      : error
        ? "It cannot be said whether all is well"
        : allIsWell(known);
  if (isLoading && problems.length === 0) return <p className="quiet">Asking all parts how they are…</p>;
  if (problems.length === 0 && !error) {
    return (
      <div className="ops-verdict" aria-live="polite">
        <Badge tone="success" icon={CheckCircleIcon}>
          {title}
        </Badge>
        <DataAge at={at} />
      </div>
    );
  }
  return (
    <Alert isInline variant={error && problems.length === 0 ? "warning" : worst} title={title} component="h2" aria-live="polite">
      {error ? <p>Not all could be read: {error.message}</p> : null}
      <ul className="plain ops-problems">
        {problems.slice(0, SHOWN).map(({ tone, what, advice, tab }) => (
          <li key={what}>
            <span className={`ops-problem tone-${tone}`}>
              {tone === "danger" ? <ExclamationCircleIcon /> : <ExclamationTriangleIcon />}
              <span>
                <PageLink to="/operations" search={{ tab }}>
                  {what}
                </PageLink>
                {/[.!?]$/.test(what) ? " " : ". "}
                <span className="quiet">{advice}</span>
              </span>
            </span>
          </li>
        ))}
      </ul>
      {problems.length > SHOWN ? <p className="hint">and {problems.length - SHOWN} more, marked below</p> : null}
    </Alert>
  );
}
