import { PageLink } from "@/lib/place";

/** The way back to the list. */
export function Trail() {
  return (
    <nav className="clusters-trail" aria-label="Where this is">
      <PageLink to="/clusters">Clusters</PageLink> <span aria-hidden>›</span>
    </nav>
  );
}
