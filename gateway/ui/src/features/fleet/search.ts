import { type Raw } from "@/lib/search";

export interface FleetSearch {}

export function readFleetSearch(_raw: Raw): FleetSearch {
  return {};
}
