import { EXAMPLES } from "@/features/observability/metrics/example-queries";

/** Where to begin: questions that any Kubernetes fleet with a Prometheus can answer. */
export function Examples({ onRun }: { onRun: (query: string) => void }) {
  return (
    <section className="metrics-examples" aria-labelledby="metrics-examples">
      <h2 id="metrics-examples">Ask all clusters at once</h2>
      <p className="hint">
        Write PromQL above, press Builder to have it written for you, or begin with one of these.
      </p>
      <ul className="plain">
        {EXAMPLES.map(({ title, query }) => (
          <li key={query}>
            <button type="button" className="metrics-example" onClick={() => onRun(query)}>
              <span>{title}</span>
              <code>{query}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
