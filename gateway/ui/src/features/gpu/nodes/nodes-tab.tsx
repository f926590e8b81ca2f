import { Button } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { DataTable } from "@/components/data-table";
import { LiveToggle } from "@/components/live-toggle";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { Filters } from "@/features/gpu/filters";
import { NODE_COLUMNS } from "@/features/gpu/nodes/node-columns";
import { NODE_SORTS, nodeKey, sortOf, type GpuSearch } from "@/features/gpu/search";
import { nodeParams, useNodes } from "@/features/gpu/use-gpu";
import { getListGpuNodesUrl } from "@/generated/api";
import type { GpuNode } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useHeld } from "@/lib/held";
import { useAsOf } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

const idOf = ({ cluster_id, node_name }: GpuNode) => nodeKey(cluster_id, node_name);

/** Every node with GPUs. */
export function NodesTab() {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const asOf = useAsOf();
  const query = useNodes();
  const [paused, setPaused] = useState(false);
  const [inList, setInList] = useState(false);
  const params = nodeParams(search);
  const all = useMemo(() => {
    const rows = new Map<string, GpuNode>();
    for (const { items } of query.data?.pages ?? []) for (const node of items) rows.set(idOf(node), node);
    return [...rows.values()];
  }, [query.data]);
  const { rows, waiting } = useHeld(all, paused || inList, idOf, JSON.stringify(params), !query.isPlaceholderData);
  const total = query.data?.pages.at(-1)?.total ?? 0;
  return (
    <>
      <Filters
        end={
          <>
            <span className="quiet numbers">{query.data ? plural(total, "node") : null}</span>
            <LiveToggle paused={paused} waiting={waiting} onChange={setPaused} />
            <CopyMenu request={{ path: getListGpuNodesUrl({ ...params, ...asOf, page_size: 100 }) }} />
          </>
        }
      />
      {query.error && query.data ? <InlineFailure error={query.error} what="The list could not be read again" /> : null}
      {query.data === undefined ? (
        query.error ? (
          <Failure error={query.error} what="The nodes" onRetry={() => void query.refetch()} />
        ) : (
          <Loading lines={12} label="Loading the nodes" />
        )
      ) : rows.length === 0 ? (
        <NoNodes />
      ) : (
        <DataTable<GpuNode>
          label="Nodes with GPUs"
          rows={rows}
          total={total}
          columns={NODE_COLUMNS}
          idOf={idOf}
          openId={search.open}
          onOpen={(node) => setSearch({ open: idOf(node), gpu: undefined }, { replace: search.open !== undefined })}
          sort={sortOf(search.sort, NODE_SORTS) ?? "cluster"}
          onSort={(sort) => setSearch({ sort })}
          onMore={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined}
          onHeld={setInList}
          rowClass={({ stale }) => (stale ? "is-muted" : undefined)}
        />
      )}
    </>
  );
}

const NONE: GpuSearch = {
  cluster_id: undefined,
  model: undefined,
  namespace: undefined,
  source: undefined,
  stale: undefined,
  q: undefined,
};

function NoNodes() {
  const setSearch = useSetSearch<GpuSearch>();
  return (
    <Nothing
      title="No node is like that"
      actions={
        <Button variant="link" onClick={() => setSearch(NONE)}>
          Clear filters
        </Button>
      }
    >
      No node with GPUs fits these filters.
    </Nothing>
  );
}
