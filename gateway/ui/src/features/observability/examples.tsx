import "@/features/observability/examples.css";

import { useId, type ReactNode } from "react";

export interface Example {
  title: string;
  query: string;
}

interface ExamplesProps {
  title: string;
  of: readonly Example[];
  onRun: (query: string) => void;
  /** How else one may begin. */
  children: ReactNode;
}

/** Nothing was asked yet: where to begin, each example one press away. */
export function Examples({ title, of, onRun, children }: ExamplesProps) {
  const id = useId();
  return (
    <section className="examples" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p className="hint">{children}</p>
      <ul className="plain">
        {of.map(({ title: said, query }) => (
          <li key={query}>
            <button type="button" className="examples-one" onClick={() => onRun(query)}>
              <span>{said}</span>
              <code>{query}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
