import { Examples } from "@/features/observability/examples";
import { EXAMPLES } from "@/features/observability/metrics/example-queries";

/** Where to begin: questions that any Kubernetes fleet with a Prometheus can answer. */
export function MetricExamples({ onRun }: { onRun: (query: string) => void }) {
  return (
    <Examples title="Ask all clusters at once" of={EXAMPLES} onRun={onRun}>
      Write PromQL above, press Builder to have it written for you, or begin with one of these.
    </Examples>
  );
}
