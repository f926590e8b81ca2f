import { CheckCircleIcon, ExclamationCircleIcon } from "@patternfly/react-icons";

import { SPOKEN } from "@/features/clusters/shared/health";
import { sentence } from "@/features/clusters/shared/sentence";
import type { Validation } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";

/** What each endpoint said of a login, and what to do where it did not take it. */
export function ValidationList({ of }: { of: readonly Validation[] }) {
  return (
    <ul className="clusters-checks plain">
      {of.map(({ name, valid, error, advice, missing = [] }) => (
        <li key={name} className={valid ? "tone-success" : "tone-danger"}>
          {valid ? <CheckCircleIcon /> : <ExclamationCircleIcon />}
          <span className="clusters-check-name">{SPOKEN[name]}</span>
          <span className="quiet">{valid ? "accepted" : "not accepted"}</span>
          {error || missing.length > 0 ? (
            <span className="clusters-check-error">
              {error ? sentence(error) : ""}
              {missing.length > 0 ? ` Missing: ${missing.join(", ")}.` : ""}{" "}
              {advice ? <span className="quiet">{sentence(advice)}</span> : null}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** What the endpoints said, where a login was refused for that. */
export function validationIn(error: Error | null): readonly Validation[] {
  const told = error instanceof ApiError ? error.details["validation"] : undefined;
  return Array.isArray(told) ? (told as Validation[]) : [];
}
