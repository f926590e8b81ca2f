/** The GPUs of one cluster, node by node, and what stands out. */

import { ExclamationTriangleIcon, MicrochipIcon, OutlinedClockIcon } from "@patternfly/react-icons";
import { keepPreviousData } from "@tanstack/react-query";

import { Badge } from "@/components/badges";
import type { Column } from "@/components/data-table";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { figuresOf, memory, outOf, power, troubles, written } from "@/features/clusters/detail/gpu-figures";
import { HeldTable } from "@/features/clusters/detail/held-table";
import { Meter } from "@/features/clusters/detail/meter";
import { useGetGpuSummary, useListGpuNodes } from "@/generated/api";
import type { ClusterView, GpuNode, GpuSummary } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { GPU_FACTS, gpuPlace } from "@/lib/gpus";
import { useAsOf } from "@/lib/moment";
import { PageLink, useGo } from "@/lib/place";
import { useRefreshOn } from "@/lib/refresh";

const SHOWN = 100;
/** As often as GPUs are sampled; samples one by one are for the page of GPUs. */
const AGAIN_MS = 15_000;

const COLUMNS: Column<GpuNode>[] = [
  {
    id: "node",
    header: "Node",
    width: "minmax(10rem, 2fr)",
    cell: ({ cluster_id, node_name }) => {
      const { to, search = {} } = gpuPlace(cluster_id, node_name);
      return (
        <PageLink to={to} search={search}>
          {node_name}
        </PageLink>
      );
    },
  },
  {
    id: "gpus",
    header: "GPUs",
    width: "minmax(8rem, 1.5fr)",
    from: 45,
    cell: (node) => <span title={figuresOf(node).models}>{figuresOf(node).models || "–"}</span>,
  },
  {
    id: "busy",
    header: "Busy",
    width: "7.5rem",
    cell: (node) => <Meter percent={figuresOf(node).utilization} />,
  },
  {
    id: "memory",
    header: "Memory used",
    width: "10rem",
    align: "end",
    from: 60,
    cell: (node) => {
      const { memoryUsed, memoryTotal } = figuresOf(node);
      return <span className="numbers">{outOf(memoryUsed, memoryTotal, memory)}</span>;
    },
  },
  {
    id: "hottest",
    header: "Hottest",
    width: "5.5rem",
    align: "end",
    from: 30,
    cell: (node) => <span className="numbers">{written(figuresOf(node).hottest, "°C")}</span>,
  },
  {
    id: "power",
    header: "Power",
    width: "9.5rem",
    align: "end",
    from: 75,
    cell: (node) => <span className="numbers">{outOf(figuresOf(node).power, figuresOf(node).limit, power)}</span>,
  },
  {
    id: "trouble",
    header: "What is wrong",
    width: "minmax(9rem, 1.2fr)",
    from: 60,
    cell: (node) => <Trouble node={node} />,
  },
  {
    id: "sampled",
    header: "Sampled",
    width: "6.5rem",
    from: 30,
    cell: ({ last_updated }) => <Ago at={last_updated} />,
  },
];

/** Idle or not. */
const isWell = ({ error = null, xid, raised }: GpuNode["gpus"][number]) => error === null && !xid && raised.length === 0;

function Trouble({ node }: { node: GpuNode }) {
  if (node.stale) {
    return (
      <Badge tone="warning" icon={OutlinedClockIcon}>
        No samples
      </Badge>
    );
  }
  const said = troubles(node);
  if (said.length === 0) return <span className="quiet">–</span>;
  return (
    <span title={said.join(", ")}>
      <Badge tone={node.error === null && node.gpus.every(isWell) ? "neutral" : "warning"} icon={ExclamationTriangleIcon}>
        {said.join(", ")}
      </Badge>
    </span>
  );
}

export function GpusTab({ cluster }: { cluster: ClusterView }) {
  const asOf = useAsOf();
  const go = useGo();
  const live = asOf.as_of === undefined;
  const kept = { query: { placeholderData: keepPreviousData, refetchInterval: live ? AGAIN_MS : (false as const) } };
  const summary = useGetGpuSummary({ cluster_id: [cluster.id], ...asOf }, kept);
  const nodes = useListGpuNodes({ cluster_id: [cluster.id], page_size: SHOWN, sort: "name", ...asOf }, kept);
  useRefreshOn({ cluster: cluster.id, types: GPU_FACTS, enabled: live }, ["/api/v1/gpu/summary", "/api/v1/gpu/nodes"], 1_000);
  if (summary.data === undefined || nodes.data === undefined) {
    const error = summary.error ?? nodes.error;
    const again = () => void Promise.all([summary.refetch(), nodes.refetch()]);
    return error ? <Failure error={error} what="The GPUs" onRetry={again} /> : <Loading />;
  }
  if (summary.data.nodes === 0) return <NoGpus cluster={cluster} />;
  const { items, total } = nodes.data;
  const failed = summary.error ?? nodes.error;
  return (
    <>
      {failed ? <InlineFailure error={failed} what="The GPUs could not be read again; this is how they were" /> : null}
      <Headline of={summary.data} id={cluster.id} />
      <Figures of={summary.data} />
      {items.length < total ? (
        <p className="hint numbers">
          The first {items.length} of {plural(total, "node")} are shown.
        </p>
      ) : null}
      <HeldTable
        label={`Nodes with GPUs of ${cluster.name}`}
        rows={items}
        total={total}
        columns={COLUMNS}
        idOf={({ node_name }) => node_name}
        onOpen={({ cluster_id, node_name }) => {
          const { to, search } = gpuPlace(cluster_id, node_name);
          go(to, search);
        }}
      />
    </>
  );
}

function Headline({ of, id }: { of: GpuSummary; id: string }) {
  const { gpus, nodes, stale_nodes, lost, errors, wasted, raised } = of;
  const crossed = Object.values(raised).reduce((sum, each) => sum + each, 0);
  const at = { cluster_id: [id] };
  return (
    <p className="clusters-line clusters-said-line" aria-live="polite">
      <span className="numbers">
        {plural(gpus, "GPU")} on {plural(nodes, "node")}
      </span>
      {lost > 0 ? (
        <PageLink to="/gpu" search={{ ...at, show: "lost" }}>
          {plural(lost, "GPU has", "GPUs have")} disappeared
        </PageLink>
      ) : null}
      {errors > 0 ? (
        <PageLink to="/gpu" search={{ ...at, show: "error" }}>
          {errors} with an error
        </PageLink>
      ) : null}
      {crossed > 0 ? (
        <PageLink to="/gpu" search={{ ...at, tab: "thresholds" }}>
          {plural(crossed, "threshold")} crossed
        </PageLink>
      ) : null}
      {wasted > 0 ? (
        <PageLink to="/gpu" search={{ ...at, show: "wasted" }}>
          {wasted} allocated but idle
        </PageLink>
      ) : null}
      {stale_nodes > 0 ? (
        <PageLink to="/gpu" search={{ ...at, tab: "nodes", stale: true }}>
          no samples of {plural(stale_nodes, "node")}
        </PageLink>
      ) : null}
      <PageLink to="/gpu" search={at}>
        Map, processes and history
      </PageLink>
    </p>
  );
}

function Figures({ of }: { of: GpuSummary }) {
  const { utilization_gpu_percent, memory_used_mb, memory_total_mb, power_draw_watts, power_limit_watts, hottest } = of;
  return (
    <dl className="clusters-figures numbers">
      <div className="panel">
        <dt>Utilisation</dt>
        <dd>{written(utilization_gpu_percent, "%")}</dd>
      </div>
      <div className="panel">
        <dt>Memory used</dt>
        <dd>{outOf(memory_used_mb, memory_total_mb, memory)}</dd>
      </div>
      <div className="panel">
        <dt>Power</dt>
        <dd>{outOf(power_draw_watts, power_limit_watts, power)}</dd>
      </div>
      <div className="panel">
        <dt>Hottest</dt>
        <dd>
          {written(hottest?.temperature_celsius, "°C")}
          {hottest ? <Hottest of={hottest} /> : null}
        </dd>
      </div>
    </dl>
  );
}

function Hottest({ of }: { of: NonNullable<GpuSummary["hottest"]> }) {
  const { to, search = {} } = gpuPlace(of.cluster_id, of.node_name, of.index);
  return (
    <PageLink to={to} search={search} className="clusters-figure-where">
      {of.index === null ? of.node_name : `GPU ${of.index} on ${of.node_name}`}
    </PageLink>
  );
}

function NoGpus({ cluster }: { cluster: ClusterView }) {
  const known = cluster.capabilities?.gpu_count ?? 0;
  return (
    <Nothing title={known > 0 ? "Its GPUs are not sampled yet" : "No GPUs here"} icon={MicrochipIcon}>
      {known > 0 ? `Discovery has found ${plural(known, "GPU")} on its nodes. ` : ""}
      Samples come from dcgm-exporter by the cluster's Prometheus, or from nvidia-smi in a pod of the node, for which its
      login needs the right to get and create pods/exec.
    </Nothing>
  );
}
