import { type Raw } from "@/lib/search";

export interface AlertsSearch {}

export function readAlertsSearch(_raw: Raw): AlertsSearch {
  return {};
}
