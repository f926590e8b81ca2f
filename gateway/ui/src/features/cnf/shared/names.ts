/** What the parts of network functions are called here, and in the hub. */

import type { CnfArea } from "@/generated/api.schemas";
import type { Tab } from "@/features/cnf/search";

export const TITLES: Readonly<Record<Tab, string>> = {
  workloads: "Workloads",
  clocks: "Clocks",
  functions: "Virtual functions",
  ports: "DPDK ports",
};

export const AREAS: Readonly<Record<Tab, CnfArea>> = {
  workloads: "WORKLOAD",
  clocks: "PTP",
  functions: "SRIOV",
  ports: "DPDK",
};

/** Where each tab's rows are read. */
export const PATHS: Readonly<Record<Tab, string>> = {
  workloads: "/api/v1/cnf/workloads",
  clocks: "/api/v1/cnf/ptp/status",
  functions: "/api/v1/cnf/sriov/status",
  ports: "/api/v1/cnf/dpdk/stats",
};

export const SOURCES = {
  KUBERNETES: "objects of the API server",
  METRICS: "metrics",
  EXEC: "a program run in a pod",
} as const;

/** Each value with its words. */
export const named = <Name extends string>(names: readonly Name[], said: (name: Name) => string) =>
  Object.fromEntries(names.map((name) => [name, said(name)])) as Record<Name, string>;
