import { FormSelect, FormSelectOption } from "@patternfly/react-core";

import { useZoom } from "@/components/chart/use-zoom";
import { InlineFailure, Loading } from "@/components/states";
import { ExplainNode } from "@/features/gpu/explain/explain-node";
import { columnTitle, HistoryChart } from "@/features/gpu/history/history-chart";
import { gpuAt } from "@/features/gpu/history/history-tab";
import { useHistory } from "@/features/gpu/history/use-history";
import { nodeKey, type GpuSearch, type NodeId } from "@/features/gpu/search";
import { COLUMNS, gpuName } from "@/features/gpu/values";
import type { GpuColumn, GpuView } from "@/generated/api.schemas";
import { useClock, useNow, useRange } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";
import { describeRange } from "@/lib/time";

/** One metric of the node's GPUs over the time range of the page. */
export function NodeHistory({ node, gpus }: { node: NodeId; gpus: readonly GpuView[] }) {
  const { column, over = "AVG", gpu: number } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const shown = column?.[0] ?? "utilization_gpu_percent";
  const gpu = gpuAt(gpus, number);
  const query = useHistory({ node, uuid: gpu?.uuid, columns: [shown], over });
  const zoom = useZoom();
  const range = useRange();
  const clock = useClock();
  const now = useNow(60_000);
  return (
    <section className="gpu-part" aria-label="Over time">
      <header className="gpu-part-head">
        <h3>
          {gpu ? gpuName(gpu.index, gpu.uuid) : "All its GPUs"}{" "}
          <span className="quiet numbers">{describeRange(range, (at) => clock(at).slice(5, 16), now).toLowerCase()}</span>
        </h3>
        <FormSelect
          className="gpu-choice"
          aria-label="What is shown over time"
          value={shown}
          onChange={(_, value) => setSearch({ column: [value as GpuColumn] }, { replace: true })}
        >
          {(Object.keys(COLUMNS) as GpuColumn[]).map((each) => (
            <FormSelectOption key={each} value={each} label={columnTitle(each)} />
          ))}
        </FormSelect>
      </header>
      {query.error ? <InlineFailure error={query.error} what="The history could not be read" /> : null}
      {query.data ? (
        <HistoryChart told={query.data} column={shown} uuid={gpu?.uuid} zoom={zoom} height={160} legend="none" />
      ) : query.error ? null : (
        <Loading lines={4} label="Loading the history" />
      )}
      <div className="gpu-links">
        <ExplainNode node={node} />
        <PageLink
          to="/gpu"
          search={{ tab: "history", of: nodeKey(node.cluster, node.name), ...(number === undefined ? {} : { gpu: number }) }}
        >
          All metrics over time
        </PageLink>
      </div>
    </section>
  );
}
