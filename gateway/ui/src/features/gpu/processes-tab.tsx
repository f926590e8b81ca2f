import { Button } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { DataTable, type Column } from "@/components/data-table";
import { LiveToggle } from "@/components/live-toggle";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Filters } from "@/features/gpu/filters";
import { podLogs } from "@/features/gpu/node/queries";
import { nodeKey, type GpuSearch } from "@/features/gpu/search";
import { processParams, useProcesses } from "@/features/gpu/use-gpu";
import { ATTRIBUTIONS, gpuName, mebibytes, modelName, NOT_KNOWN, percent } from "@/features/gpu/values";
import { getListGpuProcessesUrl } from "@/generated/api";
import type { GpuProcessView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ cluster_id, node_name, gpu_uuid, gpu_instance_id, pid, namespace, pod, container }: GpuProcessView) =>
  [cluster_id, node_name, gpu_uuid, gpu_instance_id, pid, namespace, pod, container].join(" ");

const dim = (text: string) => (text === NOT_KNOWN ? <span className="quiet">{text}</span> : <span className="numbers">{text}</span>);

const COLUMNS: readonly Column<GpuProcessView>[] = [
  {
    id: "pod",
    header: "Pod",
    width: "minmax(9rem, 2fr)",
    cell: (row) => <Pod row={row} />,
  },
  {
    id: "process",
    header: "Process",
    width: "minmax(6rem, 0.8fr)",
    from: 30,
    cell: ({ process_name, pid }) => (
      <>
        {process_name ?? <span className="quiet">not known</span>}
        {pid === null || pid === undefined ? null : <span className="quiet numbers"> · {pid}</span>}
      </>
    ),
  },
  {
    id: "memory",
    header: "GPU memory",
    width: "7rem",
    align: "end",
    from: 30,
    cell: ({ used_memory_mb }) => dim(mebibytes(used_memory_mb)),
  },
  {
    id: "busy",
    header: "GPU busy",
    width: "5.5rem",
    align: "end",
    cell: ({ utilization_gpu_percent }) => dim(percent(utilization_gpu_percent)),
  },
  {
    id: "gpu",
    header: "GPU",
    width: "minmax(6rem, 1.6fr)",
    from: 45,
    cell: ({ gpu_index, gpu_uuid, gpu_name, gpu_instance_id }) => (
      <span title={modelName(gpu_name)}>
        {gpuName(gpu_index, gpu_uuid)}
        {gpu_instance_id === null || gpu_instance_id === undefined ? null : ` · MIG ${gpu_instance_id}`}{" "}
        <span className="quiet">{modelName(gpu_name)}</span>
      </span>
    ),
  },
  { id: "node", header: "Node", width: "minmax(6rem, 1fr)", from: 60, cell: ({ node_name }) => node_name },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(6rem, 1fr)",
    from: 75,
    cell: ({ cluster_id, cluster_name }) => <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>,
  },
  { id: "logs", header: "Logs", width: "3.5rem", from: 45, cell: (row) => <Logs row={row} /> },
];

function Pod({ row: { attribution = "UNKNOWN", namespace, pod, container } }: { row: GpuProcessView }) {
  if (attribution !== "POD" || !pod) return <span className="quiet">{ATTRIBUTIONS[attribution]}</span>;
  return (
    <span title={`${namespace} / ${pod}${container ? `, container ${container}` : ""}`}>
      <span className="quiet">{namespace} / </span>
      {pod}
    </span>
  );
}

function Logs({ row: { attribution, namespace, pod, cluster_id } }: { row: GpuProcessView }) {
  if (attribution !== "POD" || !namespace || !pod) return <span className="quiet">–</span>;
  return (
    <PageLink to="/observability/logs" search={podLogs(cluster_id, namespace, pod)} aria-label={`Logs of ${pod}`}>
      Logs
    </PageLink>
  );
}

const NONE: GpuSearch = {
  cluster_id: undefined,
  namespace: undefined,
  attribution: undefined,
  gpu_uuid: undefined,
  q: undefined,
};

/** Who uses GPUs, the most memory first. */
export function ProcessesTab() {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const asOf = useAsOf();
  const query = useProcesses();
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  const params = processParams(search);
  const all = useMemo(() => {
    const rows = new Map<string, GpuProcessView>();
    for (const { items } of query.data?.pages ?? []) for (const row of items) rows.set(idOf(row), row);
    return [...rows.values()];
  }, [query.data]);
  const { rows, waiting } = useHeld(all, paused || inList, idOf, JSON.stringify(params), !query.isPlaceholderData);
  const total = query.data?.pages.at(-1)?.total ?? 0;
  return (
    <>
      <Filters
        end={
          <>
            <span className="quiet numbers">{query.data ? plural(total, "process", "processes") : null}</span>
            <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} />
            <CopyMenu request={{ path: getListGpuProcessesUrl({ ...params, ...asOf, page_size: 100 }) }} />
          </>
        }
      />
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      {query.data === undefined ? (
        query.error ? (
          <Failure error={query.error} what="The processes" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={12} label="Loading the processes" />
        )
      ) : rows.length === 0 ? (
        <Nothing
          title="No process is like that"
          actions={
            <Button variant="link" onClick={() => setSearch(NONE)}>
              Clear filters
            </Button>
          }
        >
          No process or pod that fits these filters uses a GPU. DCGM tells of pods only where the exporter may read the
          kubelet; nvidia-smi tells of processes.
        </Nothing>
      ) : (
        <DataTable<GpuProcessView>
          label="Processes on GPUs"
          rows={rows}
          total={total}
          columns={COLUMNS}
          idOf={idOf}
          onOpen={({ cluster_id, node_name, gpu_index }) =>
            setSearch(
              { open: nodeKey(cluster_id, node_name), gpu: gpu_index ?? undefined },
              { replace: search.open !== undefined },
            )
          }
          onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
          onHeld={setInList}
        />
      )}
    </>
  );
}
