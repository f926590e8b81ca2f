/** The network functions of one cluster: the worst of each kind, and the way to all of them. */

import { Alert } from "@patternfly/react-core";
import { NetworkIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useId, type ReactNode } from "react";

import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { FunctionState } from "@/features/clusters/detail/function-state";
import { clockLine, portLine, resourceLine, workloadLine, type Line } from "@/features/clusters/detail/function-lines";
import { sentence } from "@/features/clusters/shared/sentence";
import { useListCnfWorkloads, useListDpdkStats, useListPtpStatus, useListSriovStatus } from "@/generated/api";
import type { ClusterView, CnfArea, CnfPart, CnfUnknown } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { live } from "@/lib/live";
import { useAsOf } from "@/lib/moment";
import { areaPlace } from "@/lib/network-functions";
import { PageLink } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const SHOWN = 8;
const SAMPLED = ["CNF_UPDATE"] as const;

const PARTS: Readonly<Record<CnfPart, string>> = {
  workloads: "Workloads",
  ptp: "Clocks",
  sriov: "Virtual functions",
  dpdk: "DPDK ports",
};

/** `Clocks` as `clocks`; `DPDK ports` stays. */
const inSentence = (name: string) => (/^[A-Z]{2}/.test(name) ? name : name.toLowerCase());

/** Reads again after each sample of the cluster; samples come only while this is shown. */
function useFresh(id: string, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return undefined;
    return live.subscribe(`functions-${id}`, { event_types: SAMPLED, cluster_filter: [id] });
  }, [id, enabled]);
  useRefreshOn({ cluster: id, types: ["CNF_STATUS_CHANGED", ...SAMPLED], enabled }, ["/api/v1/cnf"], 2_000);
}

export function FunctionsTab({ cluster }: { cluster: ClusterView }) {
  const asOf = useAsOf();
  useFresh(cluster.id, asOf.as_of === undefined);
  const asked = { cluster_id: [cluster.id], page_size: SHOWN, ...asOf };
  const kept = { query: { placeholderData: keepPreviousData } };
  const workloads = useListCnfWorkloads(asked, kept);
  const clocks = useListPtpStatus(asked, kept);
  const resources = useListSriovStatus(asked, kept);
  const ports = useListDpdkStats(asked, kept);
  const reads = [workloads, clocks, resources, ports];
  const error = reads.find((read) => read.error !== null)?.error ?? null;
  if (!workloads.data || !clocks.data || !resources.data || !ports.data) {
    const again = () => void Promise.all(reads.map((read) => read.refetch()));
    return error ? <Failure error={error} what="The network functions" onRetry={again} /> : <Loading />;
  }
  const lists = [workloads.data, clocks.data, resources.data, ports.data];
  const missing = lists.flatMap((list) => list.missing);
  if (missing.length === 0 && lists.every(({ total }) => total === 0)) return <NoFunctions cluster={cluster} />;
  const place = { cluster: cluster.id };
  return (
    <>
      {error ? <InlineFailure error={error} what="Not all could be read again; this is how it was" /> : null}
      <Unknown of={missing} />
      <div className="clusters-functions">
        <Area title={PARTS.workloads} area="WORKLOAD" total={workloads.data.total} lines={workloads.data.items.map(workloadLine)} {...place} />
        <Area title={PARTS.ptp} area="PTP" total={clocks.data.total} lines={clocks.data.items.map(clockLine)} {...place} />
        <Area title={PARTS.sriov} area="SRIOV" total={resources.data.total} lines={resources.data.items.map(resourceLine)} {...place} />
        <Area title={PARTS.dpdk} area="DPDK" total={ports.data.total} lines={ports.data.items.map(portLine)} {...place} />
      </div>
    </>
  );
}

interface AreaProps {
  title: string;
  area: CnfArea;
  cluster: string;
  total: number;
  lines: readonly Line[];
}

function Area({ title, area, cluster, total, lines }: AreaProps) {
  const id = useId();
  if (total === 0) return null;
  const { to, search = {} } = areaPlace(area, { cluster });
  return (
    <section className="panel" aria-labelledby={id}>
      <header className="clusters-area-head">
        <h2 id={id}>{title}</h2>
        <span className="quiet numbers">{total > lines.length ? `the worst ${lines.length} of ${total}` : total}</span>
        <PageLink to={to} search={search} aria-label={`All ${inSentence(title)} in detail`}>
          In detail
        </PageLink>
      </header>
      <ul className="plain clusters-area-lines">
        {lines.map((line) => (
          <OneLine key={line.id} line={line} />
        ))}
      </ul>
    </section>
  );
}

function OneLine({ line: { name, place, state, more, stale, at } }: { line: Line }): ReactNode {
  return (
    <li>
      <PageLink to={place.to} search={place.search ?? {}} className="clusters-area-name">
        {name}
      </PageLink>
      <FunctionState state={state} />
      <span className="quiet numbers">
        {[more, stale ? "sampled" : ""].filter(Boolean).join(" · ")}
        {stale ? (
          <>
            {" "}
            <Ago at={at} />
          </>
        ) : null}
      </span>
    </li>
  );
}

function Unknown({ of }: { of: readonly CnfUnknown[] }) {
  if (of.length === 0) return null;
  return (
    <Alert isInline component="p" variant="warning" title={`Not known: ${of.map(({ what }) => inSentence(PARTS[what])).join(", ")}`}>
      <ul className="clusters-todo">
        {of.map(({ what, reason, last_updated }) => (
          <li key={what}>
            {PARTS[what]}: {sentence(reason)}{" "}
            {last_updated === null ? null : (
              <span className="quiet">
                Known last <Ago at={last_updated} />.
              </span>
            )}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

function NoFunctions({ cluster }: { cluster: ClusterView }) {
  return (
    <Nothing title="No network functions found" icon={NetworkIcon}>
      Nothing on {plural(cluster.capabilities?.node_count ?? 0, "node")} is named or labelled as a vDU, vCU, UPF, AMF or SMF,
      no clock of the PTP operator is told by metrics, and no node has SR-IOV resources.
    </Nothing>
  );
}
