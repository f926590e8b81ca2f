import { expect, test } from "vitest";

import { whatHappened } from "@/lib/what-happened";

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
  [
    {
      event_type: "GPU_XID_ERROR",
      cluster_name: "edge-3",
      payload: { node_name: "gpu-1", gpu_uuid: "GPU-0", gpu_index: 3, xid: 79, description: "GPU has fallen off the bus" },
    },
    "XID 79 on GPU 3 on gpu-1: GPU has fallen off the bus, in edge-3",
  ],
  [
    {
      event_type: "CNF_STATUS_CHANGED",
      cluster_name: "edge-3",
      payload: { area: "PTP", name: "worker-1/ens1f0", old_state: "LOCKED", new_state: "HOLDOVER" },
    },
    "Clock ens1f0 on worker-1: locked → holdover, in edge-3",
  ],
  [{ event_type: "GPU_DISAPPEARED", cluster_name: "edge-3", payload: null }, "GPU disappeared on edge-3"],
  [{ event_type: "CLUSTER_DELETED", cluster_name: null, payload: null }, "Cluster deleted"],
])("%j", (event, said) => expect(whatHappened(event)).toBe(said));
