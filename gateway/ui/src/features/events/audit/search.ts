/** What the audit page reads from its URL; filters are named as in the API. */

import { AUDITED } from "@/features/events/audit/types";
import type { EventName } from "@/generated/api.schemas";
import { number, someOf, text, uuid, type Raw } from "@/lib/search";

/** What is shown; what is left out does not restrict. */
export interface AuditFilter {
  /** The whole name, as it stands in the log. */
  actor?: string | undefined;
  event_type?: EventName[] | undefined;
  cluster_id?: string | undefined;
}

export interface AuditSearch extends AuditFilter {
  /** The sequence of the event that is open beside the list. */
  event?: number | undefined;
}

export const NO_FILTER: Readonly<Record<keyof AuditFilter, undefined>> = {
  actor: undefined,
  event_type: undefined,
  cluster_id: undefined,
};

export function readAuditSearch(raw: Raw): AuditSearch {
  const event = number(raw["event"]);
  return {
    actor: text(raw["actor"]),
    event_type: someOf(raw["event_type"], AUDITED),
    cluster_id: uuid(raw["cluster_id"]),
    event: event !== undefined && Number.isSafeInteger(event) && event > 0 ? event : undefined,
  };
}
