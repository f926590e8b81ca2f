/** One line for each thing that network functions are made of. */

import type { CnfArea, CnfWorkloadView, DpdkPortView, PtpStatusView, SriovStatusView } from "@/generated/api.schemas";
import { count, plural, short } from "@/lib/format";
import { functionNamed, functionPlace } from "@/lib/network-functions";
import type { Place } from "@/lib/place";

export interface Line {
  id: string;
  name: string;
  place: Place;
  state: string;
  more: string;
  stale: boolean;
  /** When it was sampled. */
  at: string;
}

interface Sampled {
  cluster_id: string;
  last_updated: string;
  stale: boolean;
}

const lineOf = (area: CnfArea, name: string, { cluster_id, last_updated, stale }: Sampled) => ({
  id: name,
  name: area === "WORKLOAD" ? name : functionNamed(area, name).replace(/^Clock /, ""),
  place: functionPlace(cluster_id, area, name),
  stale,
  at: last_updated,
});

const said = (...parts: (string | null | undefined | false)[]) => parts.filter(Boolean).join(" · ");

export function workloadLine(row: CnfWorkloadView): Line {
  const { cnf_type, namespace, pod, node_name, state, ready, restarts, reason, standing } = row;
  const crashing = state === "RUNNING" && standing === "CRASHING";
  return {
    ...lineOf("WORKLOAD", `${namespace}/${pod}`, row),
    state: crashing ? "CRASHING" : state === "RUNNING" && ready === false ? "NOT_READY" : state,
    more: said(cnf_type, reason, node_name ?? "not scheduled", restarts ? plural(restarts, "restart") : ""),
  };
}

export function clockLine(row: PtpStatusView): Line {
  const { node_name, interface: port, process, offset_ns, clock_state, role } = row;
  const line = lineOf("PTP", `${node_name}/${port}`, row);
  return {
    ...line,
    id: `${line.id} ${process}`,
    state: clock_state ?? "UNKNOWN",
    more: said(process, offset_ns == null ? "offset not known" : `${count(Math.round(offset_ns))} ns from its source`, role?.toLowerCase()),
  };
}

export function resourceLine(row: SriovStatusView): Line {
  const { node_name, resource_name, interfaces = [], used_vfs, allocatable_vfs, exhausted } = row;
  return {
    ...lineOf("SRIOV", `${node_name}/${resource_name}`, row),
    state: exhausted === null ? "UNKNOWN" : exhausted ? "EXHAUSTED" : "AVAILABLE",
    more: said(
      used_vfs == null || allocatable_vfs == null ? "use not known" : `${count(used_vfs)} of ${count(allocatable_vfs)} in use`,
      interfaces.join(", "),
    ),
  };
}

export function portLine(row: DpdkPortView): Line {
  const { namespace, pod, port, dropping, rx_packets_per_second: received, tx_packets_per_second: sent } = row;
  const dropped = [row.rx_dropped_per_second, row.tx_dropped_per_second].filter((each) => each !== null);
  const lost = dropped.length === 0 ? null : dropped.reduce((sum, each) => sum + each, 0);
  return {
    ...lineOf("DPDK", `${namespace}/${pod}/${port}`, row),
    state: dropping === null ? "UNKNOWN" : dropping ? "DROPPING" : "OK",
    more: said(
      lost === null ? "drops not known" : `${short(lost)} packets/s dropped`,
      received !== null && `${short(received)}/s received`,
      sent !== null && `${short(sent)}/s sent`,
    ),
  };
}
