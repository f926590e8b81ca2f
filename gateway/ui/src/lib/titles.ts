/** What is wrong, in words: names of alerts and states, and the titles that the hub makes of them. */

interface Said {
  /** With the place that it is about in place of `*`. */
  of: string;
  /** Where no place is told. */
  alone: string;
  /** The same of a workload, where `of` tells of one of its pods. */
  all?: string;
}

const said = (of: string, alone: string, all?: string): Said => ({ of, alone, ...(all === undefined ? {} : { all }) });

/** Such as people say them; of all others the words of the name. */
const KNOWN: ReadonlyMap<string, Said> = new Map([
  ["KubeNodeNotReady", said("Node * not ready", "Node not ready")],
  ["KubeNodeUnreachable", said("Node * unreachable", "Node unreachable")],
  ["NodeHighLoad", said("High load on node *", "High load on a node")],
  ["KubePodNotReady", said("Pod * not ready", "Pod not ready", "Pods of * not ready")],
  ["KubePodCrashLooping", said("Pod * crash-looping", "Pod crash-looping", "Pods of * crash-looping")],
  ["WORKLOAD_CRASHING", said("Workload * crash-looping", "Workload crash-looping")],
  ["WORKLOAD_FAILED", said("Workload * failed", "Workload failed")],
  ["CLUSTER_OFFLINE", said("Cluster offline", "Cluster offline")],
  ["CLUSTER_DEGRADED", said("Cluster degraded", "Cluster degraded")],
  ["GPU_GONE", said("GPU lost on *", "GPU lost")],
  ["GpuXidError", said("GPU error (XID) on *", "GPU error (XID)")],
  ["GpuMemoryError", said("GPU memory error on *", "GPU memory error")],
  ["GpuTemperatureHigh", said("GPU too hot on *", "GPU too hot")],
  ["PtpClockNotLocked", said("PTP clock not locked on *", "PTP clock not locked")],
  ["PTP_HOLDOVER", said("PTP clock in holdover on *", "PTP clock in holdover")],
  ["PTP_FREERUN", said("PTP clock running free on *", "PTP clock running free")],
  ["SRIOV_EXHAUSTED", said("No SR-IOV function left on *", "No SR-IOV function left")],
  ["SriovFunctionsExhausted", said("No SR-IOV function left on *", "No SR-IOV function left")],
  ["DPDK_DROPPING", said("DPDK packets dropped on *", "DPDK packets dropped")],
  ["DpdkPacketsDropped", said("DPDK packets dropped on *", "DPDK packets dropped")],
]);

const WRITTEN = ["API", "CNF", "CPU", "DNS", "DPDK", "GPU", "OOM", "PTP", "PVC", "TLS", "VPN", "XID"];
const SHORT = new RegExp(`\\b(?:${WRITTEN.join("|")})\\b`, "gi");

/** `HighErrorRate` and `HIGH_ERROR_RATE` as `High error rate`, `GPU_XID_79` as `GPU XID error 79`. */
export function signalInWords(name: string): string {
  return KNOWN.get(name)?.alone ?? wordsOf(name.replace(/^GPU_XID_(?=\d+$)/, "GPU_XID_ERROR_"));
}

function wordsOf(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name;
  const parts = name
    .replaceAll("_", " ")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  const lower = parts.toLowerCase().replaceAll(SHORT, (short) => short.toUpperCase());
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** `du-site-1/du-main-00000-e74c1` as `du-site-1/du-…0-e74c1`: ends tell names apart. */
export function shortened(name: string, most: number): string {
  if (name.length <= most) return name;
  const kept = most - 1;
  const end = Math.floor(kept / 2);
  return `${name.slice(0, kept - end)}…${name.slice(name.length - end)}`;
}

export interface InWords {
  /** To be shown; a long name is shortened in its middle. */
  text: string;
  /** The same with all of the name. */
  full: string;
  /** How many signals more it is about. */
  more: number;
}

/** On a node or on the thing itself, of a workload or of what is one thing in a namespace, in a namespace or in so many clusters. */
const TITLE = /^(\S+) (on|of|in) (\S+|\d+ clusters)$/;
const MORE = / and ([\d,]+) more$/;

function patternOf(name: string, where: string): string {
  const known = KNOWN.get(name);
  if (known === undefined || where === "in") return `${signalInWords(name)} ${where} *`;
  return where === "of" ? (known.all ?? known.of) : known.of;
}

/** A title of the hub: `KubeNodeNotReady on worker-3 and 4 more` as `Node worker-3 not ready` and 4. Others stay as they are. */
export function titleInWords(title: string, most = 40): InWords {
  const more = MORE.exec(title);
  const first = more === null ? title : title.slice(0, more.index);
  const found = TITLE.exec(first);
  const [name, where, place] = found === null ? [first, "", ""] : [found[1]!, found[2]!, found[3]!];
  const tell = (placed: string) => (place === "" ? signalInWords(name) : patternOf(name, where).replace("*", () => placed));
  return { text: tell(shortened(place, most)), full: tell(place), more: Number(more?.[1]?.replaceAll(",", "") ?? 0) };
}

/** The title in one line, with how much more there is. */
export function wholeTitle(title: string): string {
  const { full, more } = titleInWords(title);
  return more === 0 ? full : `${full} and ${more} more`;
}
