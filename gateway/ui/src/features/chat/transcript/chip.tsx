import { toolTitle } from "@/features/chat/shared/words";
import { nameOf, placeOf, type Numbered } from "@/features/chat/transcript/evidence";
import { useOpenCall } from "@/features/chat/transcript/open-call";
import { Tip } from "@/features/chat/transcript/tip";
import type { ToolCallView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

interface ChipProps {
  evidence: Numbered;
  calls: ReadonlyMap<string, ToolCallView>;
  /** It says what it is, beside its number. */
  isNamed?: boolean;
}

const KINDS = { TOOL: "What a tool told", EVENT: "Event of the log", QUERY: "Query" } as const;

/** A number that leads to what a claim rests on: the call, the event, or the query on its own page. */
export function Chip({ evidence, calls, isNamed = false }: ChipProps) {
  const { open } = useOpenCall();
  const place = placeOf(evidence, calls);
  const { number, kind, call_id } = evidence;
  const said = `${KINDS[kind]}: ${nameOf(evidence)}${detail(evidence, calls)}`;
  const inside = isNamed ? (
    <>
      <span className="chat-chip-number">{number}</span> <span className="cut">{nameOf(evidence)}</span>
    </>
  ) : (
    number
  );
  const className = isNamed ? "chat-chip is-named" : "chat-chip";
  // What is named says by itself what it is.
  const label = isNamed ? {} : { "aria-label": `Evidence ${number}: ${said}` };
  const shown =
    place !== undefined ? (
      <PageLink {...place} className={className} {...label}>
        {inside}
      </PageLink>
    ) : call_id != null && calls.has(call_id) ? (
      <button type="button" className={className} {...label} onClick={() => open(call_id)}>
        {inside}
      </button>
    ) : (
      <span className={className} tabIndex={0} role="note" {...label}>
        {inside}
      </span>
    );
  return <Tip text={said}>{shown}</Tip>;
}

function detail({ kind, call_id }: Numbered, calls: ReadonlyMap<string, ToolCallView>): string {
  const call = call_id == null ? undefined : calls.get(call_id);
  return kind === "QUERY" && call !== undefined ? `, asked by ${toolTitle(call.tool)}` : "";
}
