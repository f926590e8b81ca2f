/** A cluster for tests of the home. */

import type { ClusterInFleet } from "@/generated/api.schemas";

export const cluster = (name: string, more: Partial<ClusterInFleet> = {}): ClusterInFleet => ({
  id: name,
  name,
  display_name: null,
  cluster_type: "SPOKE",
  environment: "LAB",
  region: null,
  state: "ONLINE",
  health_score: 100,
  connectivity: "CONNECTED",
  last_error: null,
  changed_at: "2026-01-31T12:00:00Z",
  ...more,
});
