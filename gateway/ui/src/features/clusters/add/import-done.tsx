import { Alert, Button } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon, InfoCircleIcon } from "@patternfly/react-icons";

import { LinkButton } from "@/components/link-button";
import { sentence } from "@/features/clusters/shared/sentence";
import type { ImportedCluster, ImportResult } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

interface ImportDoneProps {
  result: ImportResult;
  /** The clusters came without credentials. */
  withoutLogin?: boolean;
  onAgain: () => void;
}

/** What became of each cluster of an import, and what to do next. */
export function ImportDone({ result, withoutLogin = false, onAgain }: ImportDoneProps) {
  const first = result.items.find(({ outcome, cluster_id }) => outcome === "REGISTERED" && cluster_id);
  return (
    <div className="clusters-steps">
      <div aria-live="polite">
        <Alert
          isInline
          component="p"
          variant={result.refused > 0 ? "warning" : "success"}
          title={
            `${plural(result.registered, "cluster")} registered` +
            (result.refused > 0 ? `, ${result.refused} refused` : "")
          }
        />
      </div>
      {result.registered > 0 ? (
        <p>
          {withoutLogin
            ? "They came without credentials: their API servers are not checked until you give some."
            : "They are checked from now on. For metrics, alerts, logs and traces, say where their Prometheus, Alertmanager, Loki and Tempo answer."}
        </p>
      ) : null}
      <ul className="clusters-import is-done plain" aria-label="What became of each">
        {result.items.map((each) => (
          <Became key={each.source} item={each} withoutLogin={withoutLogin} />
        ))}
      </ul>
      <div className="clusters-line">
        {first?.cluster_id && result.registered === 1 ? (
          <LinkButton to={`/clusters/${first.cluster_id}`}>Open {first.name}</LinkButton>
        ) : (
          <LinkButton to="/clusters">See all clusters</LinkButton>
        )}
        <Button variant="link" onClick={onAgain}>
          Add more
        </Button>
      </div>
    </div>
  );
}

function Became({ item, withoutLogin }: { item: ImportedCluster; withoutLogin: boolean }) {
  const { source, name, cluster_id, outcome, message } = item;
  if (outcome !== "REGISTERED" || !cluster_id) {
    const known = outcome === "ALREADY_REGISTERED";
    return (
      <li>
        <span className="clusters-import-source">{source}</span>
        <span className={`clusters-import-said tone-${known ? "info" : "danger"}`}>
          {known ? <InfoCircleIcon /> : <ExclamationCircleIcon />}
          <span>{known ? `Was registered already${name ? ` as ${name}` : ""}` : sentence(message ?? "refused")}</span>
        </span>
      </li>
    );
  }
  return (
    <li>
      <PageLink to={`/clusters/${cluster_id}`}>{name ?? source}</PageLink>
      <span className="clusters-import-said tone-success">
        <CheckCircleIcon />
        <span>
          {"Registered. Next: "}
          <PageLink to={`/clusters/${cluster_id}`} search={{ tab: withoutLogin ? "credentials" : "edit" }}>
            {withoutLogin ? "give it credentials" : "say where its backends answer"}
          </PageLink>
        </span>
      </span>
    </li>
  );
}
