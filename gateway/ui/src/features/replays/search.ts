/** What the page of replays keeps in its URL. */

import { text, type Raw } from "@/lib/search";

export interface ReplaysSearch {
  /** The replay in the drawer; `new`: one that is to be started. */
  replay?: string | undefined;
}

export const readReplaysSearch = (raw: Raw): ReplaysSearch => ({ replay: text(raw["replay"]) });
