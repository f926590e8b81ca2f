/** What the page of chats reads from its URL. */

import { list, text, uuid, type Raw } from "@/lib/search";

export interface ChatSearch {
  /** A question that is written, and not sent. */
  ask?: string | undefined;
  /** Clusters that it is about. */
  cluster?: string[] | undefined;
  /** Whom it is asked of. */
  persona?: string | undefined;
}

const PERSONA = /^[a-z][a-z0-9-]{2,30}[a-z0-9]$/;

export function readChatSearch(raw: Raw): ChatSearch {
  const persona = text(raw["persona"]);
  const clusters = list(raw["cluster"])?.flatMap((each) => uuid(each) ?? []);
  return {
    ask: text(raw["ask"])?.slice(0, 16_000),
    cluster: clusters && clusters.length > 0 ? clusters.slice(0, 100) : undefined,
    persona: persona !== undefined && PERSONA.test(persona) ? persona : undefined,
  };
}
