import type { ReactNode } from "react";

import { count } from "@/lib/format";
import { PageLink, type Place } from "@/lib/place";

interface CardProps {
  title: string;
  figure: string;
  place: Place;
  children: ReactNode;
}

/** A figure that leads to the list that it counts, and the parts that it is made of. */
export function Card({ title, figure, place, children }: CardProps) {
  return (
    <article className="panel fleet-card">
      <PageLink to={place.to} search={place.search ?? {}} className="fleet-card-head">
        <span className="fleet-card-title">{title}</span>
        <span className="fleet-card-figure numbers">{figure}</span>
      </PageLink>
      <div className="fleet-card-parts">{children}</div>
    </article>
  );
}

interface PartProps {
  place: Place;
  figure: number;
  /** There may be more. */
  atLeast?: boolean;
  children: ReactNode;
}

export const Part = ({ place, figure, atLeast = false, children }: PartProps) => (
  <PageLink to={place.to} search={place.search ?? {}} className="fleet-part">
    <strong className="numbers">
      {count(figure)}
      {atLeast ? "+" : ""}
    </strong>{" "}
    {children}
  </PageLink>
);
