import type { ReactNode } from "react";

/** One of the answers of an explanation. */
export function ExplainPart({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="explain-part" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
