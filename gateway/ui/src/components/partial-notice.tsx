import "@/components/partial-notice.css";

import { Alert, Button } from "@patternfly/react-core";

import type { ClusterMissing } from "@/generated/api.schemas";
import { plural, words } from "@/lib/format";

interface PartialNoticeProps {
  queried: number;
  answered: number;
  missing: readonly ClusterMissing[];
  warnings?: readonly string[];
  onRetry?: () => void;
}

/** Who has not answered, and why, in one line that unfolds; nothing if all have. */
export function PartialNotice({ queried, answered, missing, warnings = [], onRetry }: PartialNoticeProps) {
  if (missing.length === 0 && warnings.length === 0) return null;
  return (
    <Alert
      className="partial-notice"
      isInline
      isExpandable
      toggleAriaLabel="Which, and why"
      component="p"
      variant={answered === 0 && missing.length > 0 ? "danger" : "warning"}
      title={
        missing.length === 0
          ? plural(warnings.length, "warning")
          : `${answered} of ${plural(queried, "cluster")} answered: ${told(missing)}`
      }
      actionClose={
        onRetry && missing.length > 0 ? (
          <Button variant="link" isInline onClick={onRetry}>
            Ask again
          </Button>
        ) : undefined
      }
    >
      <div className="partial-notice-why" role="group" aria-label="Which, and why" tabIndex={0}>
        <ul className="plain">
          {missing.map(({ cluster_id, cluster_name, reason }) => (
            <li key={cluster_id}>
              <strong>{cluster_name}</strong>: {reason}
            </li>
          ))}
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      </div>
    </Alert>
  );
}

/** One by its name, several by what has happened to them: `2 timeout, 1 unreachable`. */
function told(missing: readonly ClusterMissing[]): string {
  const [first, ...others] = missing;
  if (first && others.length === 0) return `${first.cluster_name} (${words(first.code)})`;
  const reasons = Map.groupBy(missing, ({ code }) => code);
  return [...reasons].map(([code, clusters]) => `${clusters.length} ${words(code)}`).join(", ");
}
