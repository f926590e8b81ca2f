import { PageLink } from "@/lib/place";

/** The fleet just before and just after the log took an event, by the time machine. */
export function Moment({ at }: { at: string }) {
  const logged = Date.parse(at);
  const when = (instant: number) => ({ as_of: new Date(instant).toISOString(), to: undefined });
  return (
    <span className="events-moment">
      <PageLink to="/" search={when(logged - 1)}>
        Just before
      </PageLink>
      <span className="quiet" aria-hidden="true">
        ·
      </span>
      <PageLink to="/" search={when(logged + 1)}>
        Just after
      </PageLink>
    </span>
  );
}
