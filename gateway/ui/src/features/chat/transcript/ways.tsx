import { thingOf } from "@/features/chat/transcript/evidence";
import type { ChatMessageView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Where an answer about one incident leads: to it, and to a report on it. */
export function Ways({ answer }: { answer: ChatMessageView }) {
  const id = incidentOf(answer);
  if (id === undefined) return null;
  return (
    <nav className="chat-ways" aria-label="From here">
      <PageLink to={`/incidents/${id}`}>The incident</PageLink>
      <PageLink to="/reports" search={{ report: "new", of: id }}>
        Report on it
      </PageLink>
    </nav>
  );
}

/** The incident that tools were asked about, or that claims rest on; undefined for none, and for several. */
export function incidentOf({ steps, claims }: Pick<ChatMessageView, "steps" | "claims">): string | undefined {
  const asked = steps.flatMap(({ calls }) => calls).map(({ arguments: { incident_id } }) => incident_id);
  const rests = claims.flatMap(({ evidence = [] }) => evidence.map(thingOf)).filter((thing) => thing?.kind === "incident");
  const ids = new Set([...asked, ...rests.map((thing) => thing?.id)].filter((id) => typeof id === "string" && UUID.test(id)));
  const [only] = ids;
  return ids.size === 1 ? (only as string) : undefined;
}
