import { CheckCircleIcon } from "@patternfly/react-icons";
import { useMemo, useState } from "react";

import { DataTable, type Column } from "@/components/data-table";
import { Snippet } from "@/components/snippet";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { Filters } from "@/features/gpu/filters";
import { nodeKey, type GpuSearch } from "@/features/gpu/search";
import { useThresholds } from "@/features/gpu/use-gpu";
import { gpuName, RAISED } from "@/features/gpu/values";
import { GpuMetric, type GpuRaised, type GpuThreshold } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ cluster_id, gpu_uuid, metric }: GpuRaised) => `${cluster_id} ${gpu_uuid} ${metric}`;

const COLUMNS: readonly Column<GpuRaised>[] = [
  {
    id: "gpu",
    header: "GPU",
    width: "minmax(7rem, 2fr)",
    cell: ({ node_name, gpu_index, gpu_uuid }) => (
      <span className="gpu-of-node" title={node_name}>
        <span className="cut">{node_name}</span> <span className="quiet">{gpuName(gpu_index, gpu_uuid)}</span>
      </span>
    ),
  },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(6rem, 1fr)",
    from: 45,
    cell: ({ cluster_id, cluster_name }) => <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>,
  },
  { id: "metric", header: "Threshold", width: "minmax(7rem, 1fr)", from: 30, cell: ({ metric }) => RAISED[metric].name },
  {
    id: "value",
    header: "When crossed",
    width: "minmax(7rem, 1fr)",
    cell: ({ metric, value, threshold }) => (
      <span className="numbers">
        {RAISED[metric].write(value)}
        <span className="quiet">, level {RAISED[metric].write(threshold)}</span>
      </span>
    ),
  },
  {
    id: "since",
    header: "Since",
    width: "7rem",
    from: 30,
    cell: ({ since }) => (since === null ? <span className="quiet">not known</span> : <Ago at={since} />),
  },
];

/** From which values on something is told as too high, of which GPUs it is so, and how to change it. */
export function ThresholdsTab() {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const query = useThresholds();
  const { as_of } = useAsOf();
  const [inList, setInList] = useState(false);
  const all = useMemo(() => query.data?.pages.flatMap(({ raised }) => raised) ?? [], [query.data]);
  const { rows } = useHeld(all, inList, idOf, JSON.stringify([search.cluster_id, search.raised]), !query.isPlaceholderData);
  const first = query.data?.pages[0];
  if (first === undefined) {
    return query.error ? (
      <Failure error={query.error} what="The thresholds" onRetry={() => void query.refetch()} />
    ) : (
      <Loading lines={8} label="Loading the thresholds" />
    );
  }
  return (
    <>
      {query.error ? <InlineFailure error={query.error} what="The thresholds could not be read again" /> : null}
      <Levels of={first.thresholds} />
      <h2 className="gpu-heading">Crossed {as_of === undefined ? "now" : "then"}</h2>
      <Filters end={<span className="quiet numbers">{first.total > 0 ? plural(first.total, "crossing") : null}</span>} />
      {rows.length === 0 ? (
        <Nothing title="No threshold is crossed" icon={CheckCircleIcon}>
          Those of the past are in the log.{" "}
          <PageLink to="/events" search={{ event_type: ["GPU_THRESHOLD_CROSSED"] }}>
            See crossings in the log
          </PageLink>
        </Nothing>
      ) : (
        <DataTable<GpuRaised>
          label="Thresholds that are crossed"
          rows={rows}
          total={first.total}
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

function Levels({ of: levels }: { of: readonly GpuThreshold[] }) {
  const { as_of } = useAsOf();
  const known = new Map(levels.map((level) => [level.metric, level]));
  return (
    <section className="panel gpu-levels" aria-labelledby="gpu-levels">
      <h2 id="gpu-levels">Levels{as_of === undefined ? "" : ", as they are set now"}</h2>
      <div className="gpu-rows" tabIndex={0} role="group" aria-label="Levels">
        <table>
          <thead>
            <tr>
              <th scope="col">Of each GPU</th>
              <th scope="col">Crossed at</th>
              <th scope="col">Clears below</th>
              <th scope="col">Setting</th>
            </tr>
          </thead>
          <tbody>
            {Object.values(GpuMetric).map((metric) => {
              const level = known.get(metric);
              return (
                <tr key={metric}>
                  <th scope="row">{RAISED[metric].name}</th>
                  {level ? (
                    <>
                      <td>{`${level.raise_at} ${level.unit}`}</td>
                      <td>{`${level.clear_at} ${level.unit}`}</td>
                    </>
                  ) : (
                    <td colSpan={2} className="quiet">
                      not watched
                    </td>
                  )}
                  <td className="mono">{`AIOPS_GPU__${RAISED[metric].setting}`}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <details>
        <summary>How to change a level</summary>
        <p>Set it where the hub is started and restart the hub. The value null turns a threshold off.</p>
        <Snippet
          label="Setting of a level"
          text={'AIOPS_GPU__TEMPERATURE=\'{"raise_at": 85, "clear_at": 80}\'\nAIOPS_GPU__POWER_DRAW=\'{"raise_at": 98, "clear_at": 95}\''}
        />
      </details>
    </section>
  );
}
