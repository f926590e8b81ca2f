/** A turn as it is being answered: what the stream has told so far. Pure. */

import type { ChatMessageView, ToolCallView, ToolStatus } from "@/generated/api.schemas";

export interface LiveStep {
  round: number;
  text: string;
  calls: ToolCallView[];
}

export interface LiveTurn {
  /** The question's id, once the hub has said it. */
  id: string | undefined;
  steps: readonly LiveStep[];
  /** Words were missed: what comes is told whole in a moment. */
  isMissingWords: boolean;
}

export type Frame =
  | { name: "message_start"; turn_id: string; round: number }
  | { name: "tool_use"; turn_id: string; call_id: string; tool: string; arguments: Record<string, unknown>; round: number }
  | {
      name: "tool_result";
      turn_id: string;
      call_id: string;
      tool: string;
      status: ToolStatus;
      code: string | null;
      result: unknown;
      latency_ms: number | null;
    }
  | { name: "content_delta"; turn_id: string; text: string; at: number; reset: boolean }
  | { name: "message_complete"; message: ChatMessageView }
  | { name: "cancelled"; turn_id: string }
  | { name: "error"; code: string; message: string };

const NAMES = new Set<string>([
  "message_start",
  "tool_use",
  "tool_result",
  "content_delta",
  "message_complete",
  "cancelled",
  "error",
] satisfies Frame["name"][]);

export const NEW_TURN: LiveTurn = { id: undefined, steps: [], isMissingWords: false };

/** Undefined for what this page does not know: a hub may be newer. */
export function frameOf(name: string, data: string): Frame | undefined {
  if (!NAMES.has(name)) return undefined;
  return { name, ...(JSON.parse(data) as object) } as Frame;
}

/** What was told of a question before one came to it. */
export function turnOf({ turn_id, steps }: ChatMessageView): LiveTurn {
  return { id: turn_id, steps: steps.map(({ round, text, calls }) => ({ round, text, calls })), isMissingWords: false };
}

/** The turn after a frame; one of another turn begins anew. */
export function after(turn: LiveTurn, frame: Frame): LiveTurn {
  if (!("turn_id" in frame)) return turn;
  const mine = turn.id === undefined || turn.id === frame.turn_id ? { ...turn, id: frame.turn_id } : { ...NEW_TURN, id: frame.turn_id };
  switch (frame.name) {
    case "message_start":
      return withStep(mine, frame.round);
    case "tool_use":
      return called(mine, frame);
    case "tool_result":
      return answered(mine, frame);
    case "content_delta":
      return said(mine, frame);
    default:
      return mine;
  }
}

type Of<Name extends Frame["name"]> = Extract<Frame, { name: Name }>;

function withStep(turn: LiveTurn, round: number): LiveTurn {
  if (turn.steps.some((step) => step.round === round)) return turn;
  const steps = [...turn.steps, { round, text: "", calls: [] }].toSorted((a, b) => a.round - b.round);
  return { ...turn, steps, isMissingWords: false };
}

function changed(turn: LiveTurn, round: number, change: (step: LiveStep) => LiveStep): LiveTurn {
  return { ...turn, steps: turn.steps.map((step) => (step.round === round ? change(step) : step)) };
}

function called(turn: LiveTurn, { call_id, tool, arguments: asked, round }: Of<"tool_use">): LiveTurn {
  return changed(withStep(turn, round), round, (step) => {
    // After a break it is told again.
    if (step.calls.some(({ id }) => id === call_id)) return step;
    const call: ToolCallView = { id: call_id, tool, arguments: asked, status: null, code: null, result: null, latency_ms: null, sequence: null };
    return { ...step, calls: [...step.calls, call] };
  });
}

function answered(turn: LiveTurn, frame: Of<"tool_result">): LiveTurn {
  const { call_id, tool, status, code, result, latency_ms } = frame;
  const told = { status, code, result, latency_ms };
  const step = turn.steps.findLast(({ calls }) => calls.some(({ id }) => id === call_id)) ?? turn.steps.at(-1);
  // That it was called has been missed, and so have its arguments.
  if (step === undefined) return answered(withStep(turn, 1), frame);
  return changed(turn, step.round, ({ calls, ...rest }) => ({
    ...rest,
    calls: calls.some(({ id }) => id === call_id)
      ? calls.map((call) => (call.id === call_id ? { ...call, ...told } : call))
      : [...calls, { id: call_id, tool, arguments: {}, sequence: null, ...told }],
  }));
}

/** Words come before the calls of their step: after calls they are another step's. */
function said(turn: LiveTurn, { text, at, reset }: Of<"content_delta">): LiveTurn {
  const last = turn.steps.at(-1);
  if (last === undefined || last.calls.length > 0) return said(withStep(turn, (last?.round ?? 0) + 1), { name: "content_delta", turn_id: turn.id!, text, at, reset });
  if (reset || at === 0) return { ...changed(turn, last.round, (step) => ({ ...step, text })), isMissingWords: false };
  if (at !== characters(last.text)) return { ...turn, isMissingWords: at > characters(last.text) };
  return { ...changed(turn, last.round, (step) => ({ ...step, text: step.text + text })), isMissingWords: false };
}

/** As the hub counts them: a character beyond the first plane is one. */
const characters = (text: string): number => (/[\ud800-\udbff]/.test(text) ? [...text].length : text.length);
