/** What lists show without a filter, said in the address: a page's default view then does not change what was counted. */

import type { AlertState, IncidentState } from "@/generated/api.schemas";

export const OPEN_INCIDENTS: Readonly<{ state: readonly IncidentState[] }> = { state: ["OPEN", "ACKNOWLEDGED"] };
export const FIRING_ALERTS: Readonly<{ state: readonly AlertState[] }> = { state: ["FIRING"] };
