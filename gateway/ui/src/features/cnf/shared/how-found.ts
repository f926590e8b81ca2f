/** How each area is found, for whoever sees nothing and expects something. */

import type { Tab } from "@/features/cnf/search";

export const HOW_FOUND: Readonly<Record<Tab, string>> = {
  workloads:
    "Pods are found by what they and their namespaces are called (du, cu, upf, amf, smf), by their labels, or as they use virtual functions: from the API server, or from the metrics of kube-state-metrics.",
  clocks:
    "Clocks are found by the metrics of the PTP operator (openshift_ptp_…); where there are none, by pmc in the pods of linuxptp.",
  functions:
    "Resources are found by the objects of the SR-IOV network operator and what nodes offer of them, or by the metrics of kube-state-metrics.",
  ports: "Ports are found by metrics of DPDK, or by dpdk-telemetry in pods of network functions.",
};
