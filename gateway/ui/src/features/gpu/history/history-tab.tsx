import { Button, FormSelect, FormSelectOption, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";

import { ClusterPicker } from "@/components/cluster-picker";
import { CopyMenu } from "@/components/copy-menu";
import { useZoom } from "@/components/chart/use-zoom";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { ExplainNode } from "@/features/gpu/explain/explain-node";
import { ColumnsMenu } from "@/features/gpu/history/columns-menu";
import { columnTitle, HistoryChart } from "@/features/gpu/history/history-chart";
import { NodePicker } from "@/features/gpu/history/node-picker";
import { SOURCE_WORDS, useHistory } from "@/features/gpu/history/use-history";
import { nodeKey, readNodeKey, type GpuSearch, type NodeId } from "@/features/gpu/search";
import { useNode } from "@/features/gpu/use-gpu";
import { gpuName } from "@/features/gpu/values";
import { getGetGpuHistoryUrl } from "@/generated/api";
import type { GpuColumn, GpuSummary, GpuView, OverTime } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { resolveRange, useAsOf, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { lasting } from "@/lib/time";

const FIRST: readonly GpuColumn[] = [
  "utilization_gpu_percent",
  "memory_used_mb",
  "temperature_celsius",
  "power_draw_watts",
];

/** What the GPUs of one node have done over time, chart under chart. */
export function HistoryTab({ summary }: { summary: GpuSummary }) {
  const { of, cluster_id = [] } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const node = readNodeKey(of);
  const choose = (key: string) => setSearch({ of: key, gpu: undefined });
  const { hottest } = summary;
  return (
    <>
      <div className="toolbar">
        <ClusterPicker
          chosen={cluster_id}
          onChange={(chosen) => setSearch({ cluster_id: chosen.length > 0 ? chosen : undefined })}
        />
        <NodePicker chosen={node} clusters={cluster_id} onChange={choose} />
        {node === undefined ? null : <Which key={of} node={node} />}
      </div>
      {node === undefined ? (
        <Nothing
          title="Of which node?"
          actions={
            hottest === null ? undefined : (
              <Button variant="secondary" onClick={() => choose(nodeKey(hottest.cluster_id, hottest.node_name))}>
                The one with the hottest GPU: {hottest.node_name}
              </Button>
            )
          }
        >
          Choose a node: its GPUs are shown over the time range of the page.
        </Nothing>
      ) : (
        <Charts key={of} node={node} />
      )}
    </>
  );
}

/** Which of the node's GPUs, which metrics, and what becomes of a step's values. */
function Which({ node }: { node: NodeId }) {
  const { gpu, column = FIRST, over = "AVG" } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const { data } = useNode(node);
  const aggregations: readonly [OverTime, string][] = [
    ["AVG", "Mean"],
    ["MIN", "Lowest"],
    ["MAX", "Highest"],
  ];
  return (
    <>
      <FormSelect
        className="gpu-choice"
        aria-label="Which GPU"
        value={gpu === undefined ? "" : String(gpu)}
        onChange={(_, value) => setSearch({ gpu: value === "" ? undefined : Number(value) })}
      >
        <FormSelectOption value="" label={data ? `All ${plural(data.gpus.length, "GPU")}` : "All GPUs"} />
        {data?.gpus.map(({ index, uuid }, place) => (
          <FormSelectOption key={uuid} value={String(index ?? place)} label={gpuName(index, uuid)} />
        ))}
      </FormSelect>
      <ColumnsMenu chosen={column} onChange={(chosen) => setSearch({ column: chosen })} />
      <ToggleGroup isCompact aria-label="Of the values of a step, show">
        {aggregations.map(([each, words]) => (
          <ToggleGroupItem
            key={each}
            text={words}
            isSelected={over === each}
            onChange={() => setSearch({ over: each === "AVG" ? undefined : each }, { replace: true })}
          />
        ))}
      </ToggleGroup>
    </>
  );
}

/** The GPU that a number in the URL means. */
export const gpuAt = (gpus: readonly GpuView[] | undefined, number: number | undefined): GpuView | undefined =>
  number === undefined ? undefined : gpus?.find(({ index }, place) => (index ?? place) === number);

function Charts({ node }: { node: NodeId }) {
  const { gpu, column = FIRST, over = "AVG" } = useSearch<GpuSearch>();
  const known = useNode(node);
  const uuid = gpuAt(known.data?.gpus, gpu)?.uuid;
  const query = useHistory({ node, uuid, columns: column, over });
  const zoom = useZoom();
  const range = useRange();
  const asOf = useAsOf();
  const now = useNow(60_000);
  if (query.data === undefined) {
    return query.error ? (
      <Failure error={query.error} what="The history" onRetry={() => void query.refetch()} />
    ) : (
      <Loading lines={10} label="Loading the history" />
    );
  }
  const told = query.data;
  const { start, end } = resolveRange(range, now);
  const path = getGetGpuHistoryUrl({
    cluster_id: node.cluster,
    node_name: node.name,
    ...(uuid ? { gpu_uuid: uuid } : {}),
    metric: [...column],
    aggregation: over,
    from: new Date(start).toISOString(),
    to: new Date(end).toISOString(),
    ...asOf,
  });
  return (
    <>
      <div className="toolbar">
        <span className="hint numbers">
          {told.node_name} of {told.cluster_name} · from {SOURCE_WORDS[told.source]} · one value every{" "}
          {lasting(told.step_seconds * 1000)} · drag to zoom, double-click to zoom out
        </span>
        <span className="toolbar-end">
          <ExplainNode node={node} />
          <CopyMenu request={{ path }} />
        </span>
      </div>
      {query.error ? <InlineFailure error={query.error} what="The history could not be read again" /> : null}
      <div className="gpu-charts" aria-busy={query.isPlaceholderData}>
        {column.map((each) => (
          <section key={each} className="panel" aria-label={columnTitle(each)}>
            <h2>{columnTitle(each)}</h2>
            <HistoryChart told={told} column={each} uuid={uuid} zoom={zoom} />
          </section>
        ))}
      </div>
    </>
  );
}
