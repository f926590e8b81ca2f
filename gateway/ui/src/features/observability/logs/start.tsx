import { Button } from "@patternfly/react-core";

import { Examples, type Example } from "@/features/observability/examples";

/** Queries that work on any cluster with logs by namespace. */
const EXAMPLES: readonly Example[] = [
  { title: "Errors of all namespaces", query: '{namespace=~".+"} |~ "(?i)error|fatal|panic"' },
  {
    title: "Ingress and API errors (HTTP 5xx)",
    query: '{namespace=~"openshift-ingress|ingress-nginx|openshift-apiserver"} |~ " 5[0-9]{2} "',
  },
  {
    title: "Out of memory, evicted, failed mounts",
    query: '{namespace=~".+"} |~ "(?i)oom|out of memory|evict|failedmount"',
  },
  {
    title: "Errors per namespace, as a chart",
    query: 'sum by (namespace) (count_over_time({namespace=~".+"} |~ "(?i)error|fatal|panic" [5m]))',
  },
];

/** Nothing was asked yet: ways to begin. */
export function Start({ onRun, onBrowse }: { onRun: (query: string) => void; onBrowse: () => void }) {
  return (
    <Examples title="Read the logs of all clusters at once" of={EXAMPLES} onRun={onRun}>
      Write LogQL above,{" "}
      <Button variant="link" isInline onClick={onBrowse}>
        choose by labels
      </Button>
      , or begin with one of these.
    </Examples>
  );
}
