import { Button } from "@patternfly/react-core";

import { Nothing } from "@/components/states";

/** Queries that work on any cluster with logs by namespace. */
const EXAMPLES: readonly (readonly [string, string])[] = [
  ["Errors of all namespaces", '{namespace=~".+"} |~ "(?i)error|fatal|panic"'],
  ["Ingress and API errors (HTTP 5xx)", '{namespace=~"openshift-ingress|ingress-nginx|openshift-apiserver"} |~ " 5[0-9]{2} "'],
  ["Out of memory, evicted, failed mounts", '{namespace=~".+"} |~ "(?i)oom|out of memory|evict|failedmount"'],
  ["Errors per namespace, as a chart", 'sum by (namespace) (count_over_time({namespace=~".+"} |~ "(?i)error|fatal|panic" [5m]))'],
];

/** Nothing was asked yet: ways to begin. */
export function Start({ onRun, onBrowse }: { onRun: (query: string) => void; onBrowse: () => void }) {
  return (
    <Nothing
      title="Which lines?"
      actions={
        <Button variant="secondary" onClick={onBrowse}>
          Choose by labels
        </Button>
      }
    >
      Write LogQL above, choose labels, or begin with one of these:
      <ul className="plain logs-examples">
        {EXAMPLES.map(([name, query]) => (
          <li key={name}>
            <Button variant="link" isInline onClick={() => onRun(query)}>
              {name}
            </Button>
            <code className="logs-example quiet">{query}</code>
          </li>
        ))}
      </ul>
    </Nothing>
  );
}
