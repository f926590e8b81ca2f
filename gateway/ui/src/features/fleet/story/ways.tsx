import type { IncidentView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink, type Place } from "@/lib/place";
import { wholeTitle } from "@/lib/titles";

/** Clusters that a question is about, which its address has to hold. */
const MOST_CLUSTERS = 20;
/** Its events have one time each, to which the address may be cut. */
const SHOWN_MS = 1_000;

interface Way {
  says: string;
  place: Place & { hash?: string };
}

/** What one may do about an incident from here, each a link that can be shared. */
export function Ways({ incident }: { incident: IncidentView }) {
  const { as_of } = useAsOf();
  const title = wholeTitle(incident.title);
  return (
    <ul className="story-ways">
      {waysOf(incident, as_of === undefined).map(({ says, place: { to, search = {}, hash } }) => (
        <li key={says}>
          <PageLink to={to} search={search} {...(hash === undefined ? {} : { hash })}>
            {says}
            <span className="visually-hidden">: {title}</span>
          </PageLink>
        </li>
      ))}
    </ul>
  );
}

/** What is asked and written is of now alone. */
function waysOf({ id, cluster_ids, known_at }: IncidentView, isNow: boolean): Way[] {
  const page = `/incidents/${id}` as const;
  const ways: Way[] = [{ says: "Cause", place: { to: page, hash: "incidents-cause" } }];
  if (known_at) {
    const as_of = new Date(Date.parse(known_at) + SHOWN_MS).toISOString();
    ways.push({ says: "Replay", place: { to: page, search: { as_of } } });
  }
  if (!isNow) return ways;
  const question = { ask: `What is the root cause of incident ${id}?`, cluster: cluster_ids.slice(0, MOST_CLUSTERS) };
  ways.push(
    { says: "Ask", place: { to: "/chat", search: question } },
    { says: "Report", place: { to: "/reports", search: { report: "new", of: id } } },
  );
  return ways;
}
