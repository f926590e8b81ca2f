import { type Raw } from "@/lib/search";

export interface EventsSearch {}

export function readEventsSearch(_raw: Raw): EventsSearch {
  return {};
}
