/** `:node`, `:pod`, `:gpu`: kinds of things by the short names that terminals have for them, and the page that lists each. */

import type { Entry } from "@/app/palette/find";
import type { Path } from "@/lib/place";

interface Kind {
  /** As it is typed, the usual one first. */
  names: readonly string[];
  title: string;
  to: Path;
  search?: object;
  /** How the page's filter by words is called in its search: `:pod upf` lists pods that are called so. */
  filter?: string;
  /** For administrators of all clusters only. */
  ruling?: true;
}

const KINDS: readonly Kind[] = [
  { names: ["node", "nodes", "no"], title: "Nodes with GPUs", to: "/gpu", search: { tab: "nodes" }, filter: "q" },
  { names: ["gpu", "gpus"], title: "GPUs", to: "/gpu", filter: "q" },
  { names: ["process", "processes", "proc", "ps"], title: "Processes on GPUs", to: "/gpu", search: { tab: "processes" }, filter: "q" },
  { names: ["pod", "pods", "po", "workload", "deploy", "cnf"], title: "Workloads of network functions", to: "/cnf", filter: "q" },
  { names: ["clock", "clocks", "ptp"], title: "PTP clocks", to: "/cnf", search: { tab: "clocks" }, filter: "q" },
  { names: ["vf", "sriov", "pf"], title: "Virtual functions (SR-IOV)", to: "/cnf", search: { tab: "functions" }, filter: "q" },
  { names: ["port", "ports", "nic", "dpdk"], title: "Network ports", to: "/cnf", search: { tab: "ports" }, filter: "q" },
  { names: ["cluster", "clusters", "ctx", "context"], title: "Clusters", to: "/clusters", filter: "name" },
  { names: ["alert", "alerts", "al"], title: "Alerts", to: "/alerts", filter: "q" },
  { names: ["silence", "silences", "sil"], title: "Silences", to: "/alerts", search: { tab: "silences" } },
  { names: ["incident", "incidents", "inc"], title: "Incidents", to: "/incidents" },
  { names: ["anomaly", "anomalies", "an"], title: "Anomalies", to: "/anomalies" },
  { names: ["watch", "watches"], title: "Watches", to: "/anomalies", search: { tab: "watches" } },
  { names: ["event", "events", "ev"], title: "Events", to: "/events" },
  { names: ["log", "logs"], title: "Logs", to: "/observability/logs" },
  { names: ["trace", "traces"], title: "Traces", to: "/observability/traces" },
  { names: ["metric", "metrics"], title: "Metrics", to: "/observability/metrics" },
  { names: ["report", "reports"], title: "Reports", to: "/reports" },
  { names: ["schedule", "schedules", "cronjob", "cj"], title: "Schedules of reports", to: "/reports", search: { tab: "schedules" } },
  { names: ["replay", "replays", "whatif"], title: "What if", to: "/replays" },
  { names: ["chat", "chats", "ask"], title: "Chats", to: "/chat" },
  { names: ["projection", "projections"], title: "Projections", to: "/operations", search: { tab: "projections" }, ruling: true },
  { names: ["stream", "streams"], title: "Streams and consumers", to: "/operations", search: { tab: "streams" }, ruling: true },
  { names: ["letter", "letters", "dlq"], title: "Dead letters", to: "/operations", search: { tab: "letters" }, ruling: true },
  { names: ["audit"], title: "Audit", to: "/audit", ruling: true },
];

/** Kinds to jump to; of `pod upf` the filter is `upf`. Only where the typed begins with a colon. */
export function resourcesOf(typed: string, rules: boolean): Entry[] {
  if (!typed.trimStart().startsWith(":")) return [];
  const [name = "", ...rest] = typed.trim().slice(1).trim().toLowerCase().split(/\s+/);
  const words = rest.join(" ");
  return KINDS.filter(({ names, ruling, filter }) => {
    const isCalled = words === "" ? names.some((each) => each.startsWith(name)) : filter !== undefined && names.includes(name);
    return isCalled && (rules || !ruling);
  })
    .toSorted((a, b) => Number(b.names.includes(name)) - Number(a.names.includes(name)))
    .map(({ names, title, to, search, filter }) => ({
      id: `resource:${names[0]}`,
      group: "Resources",
      title: words === "" ? title : `${title}: ${words}`,
      hint: `:${names[0]}`,
      pin: "first",
      to,
      search: { ...search, ...(words === "" ? {} : { [filter!]: words }) },
    }));
}
