import { suggestionsFor } from "@/features/chat/start/suggestions";
import type { PersonaView } from "@/generated/api.schemas";
import { useListIncidents } from "@/generated/api";

interface StartProps {
  persona: PersonaView | undefined;
  clusters: readonly string[];
  isDisabled: boolean;
  onAsk: (question: string) => void;
}

const WORST = { state: ["OPEN", "ACKNOWLEDGED"], sort: "severity", page_size: 2 };

/** Nothing was asked yet: what can be. */
export function Start({ persona, clusters, isDisabled, onAsk }: StartProps) {
  const { data } = useListIncidents({ ...WORST, ...(clusters.length > 0 ? { cluster_id: [...clusters] } : {}) }, { query: { staleTime: 30_000 } });
  const offered = persona === undefined ? [] : suggestionsFor(persona, data?.items ?? []);
  return (
    <div className="chat-start">
      <h2>What do you want to know?</h2>
      <p className="chat-start-text">
        {persona?.description || "Ask in your own words."} It reads what the hub knows with your rights, changes nothing, and shows what each sentence
        rests on.
      </p>
      <ul className="plain chat-offered" aria-label="Suggestions">
        {offered.map(({ says, ask }) => (
          <li key={ask}>
            <button type="button" className="chat-offer" disabled={isDisabled} onClick={() => onAsk(ask)} dir="auto">
              {says}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
