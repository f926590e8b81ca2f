/** What of chats the OpenAPI document has no name for. */

import type { Claim } from "@/generated/api.schemas";

export type Evidence = NonNullable<Claim["evidence"]>[number];

/** What a tool has told, as the result of a call. */
export interface ToolAnswer {
  tool: string;
  data: unknown;
  cut?: Cut[];
  /** Arguments that give what follows. */
  next?: Record<string, unknown> | null;
}

/** Something that was left out for its size. */
export interface Cut {
  path: string;
  shown: number;
  of: number;
  unit: "entries" | "characters" | "points";
}
