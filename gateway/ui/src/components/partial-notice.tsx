import { Alert, Button, ExpandableSection } from "@patternfly/react-core";

import type { ClusterMissing } from "@/generated/api.schemas";
import { plural, words } from "@/lib/format";

interface PartialNoticeProps {
  queried: number;
  answered: number;
  missing: readonly ClusterMissing[];
  warnings?: readonly string[];
  onRetry?: () => void;
}

/** Who has not answered, and why; nothing if all have. */
export function PartialNotice({ queried, answered, missing, warnings = [], onRetry }: PartialNoticeProps) {
  if (missing.length === 0 && warnings.length === 0) return null;
  const reasons = Map.groupBy(missing, ({ code }) => code);
  const told = [...reasons].map(([code, clusters]) => `${clusters.length} ${words(code)}`).join(", ");
  return (
    <Alert
      isInline
      component="p"
      variant={answered === 0 && missing.length > 0 ? "danger" : "warning"}
      title={
        missing.length === 0
          ? plural(warnings.length, "warning")
          : `${answered} of ${plural(queried, "cluster")} answered: ${told}`
      }
      actionLinks={
        onRetry && missing.length > 0 ? (
          <Button variant="link" isInline onClick={onRetry}>
            Ask again
          </Button>
        ) : undefined
      }
    >
      <ExpandableSection toggleText="Which, and why">
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
      </ExpandableSection>
    </Alert>
  );
}
