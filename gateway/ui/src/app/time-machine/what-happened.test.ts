import { expect, test } from "vitest";

import { whatHappened } from "@/app/time-machine/what-happened";

test.each([
  [
    { event_type: "ALERT_FIRED", cluster_name: "edge-3", payload: { alert: { alertname: "KubeNodeNotReady" } } },
    "Alert fired: KubeNodeNotReady on edge-3",
  ],
  [
    {
      event_type: "CLUSTER_STATUS_CHANGED",
      cluster_name: "edge-3",
      payload: { old_status: { state: "ONLINE" }, new_status: { state: "OFFLINE" } },
    },
    "Cluster status changed: ONLINE → OFFLINE on edge-3",
  ],
  [{ event_type: "CLUSTER_DELETED", cluster_name: null, payload: null }, "Cluster deleted"],
])("%j", (event, said) => expect(whatHappened(event)).toBe(said));
