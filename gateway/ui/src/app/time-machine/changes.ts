import { FOLDED } from "@/lib/live";

/** What has changed the fleet: of all that is told, not the traces that come in by the hundred. */
export const CHANGES = FOLDED.filter((name) => name !== "TRACE_RECEIVED");
