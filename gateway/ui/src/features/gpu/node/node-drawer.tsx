import { ExclamationTriangleIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import { CopyMenu } from "@/components/copy-menu";
import { Drawer } from "@/components/drawer";
import { NearButton } from "@/components/neighbourhood/near-link";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { Around } from "@/features/gpu/node/around";
import { EntryHead, GpuEntry } from "@/features/gpu/node/gpu-entry";
import { NodeHistory } from "@/features/gpu/node/node-history";
import { SourceBadge } from "@/features/gpu/source-badge";
import { nodeKey, type GpuSearch, type NodeId } from "@/features/gpu/search";
import { useNode } from "@/features/gpu/use-gpu";
import { gpuName, modelName } from "@/features/gpu/values";
import { getGetGpuNodeUrl } from "@/generated/api";
import type { GpuNodeDetail, GpuView, LostGpu } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf } from "@/lib/moment";
import { PageLink, useSearch, useSetSearch } from "@/lib/place";

/** One node: each of its GPUs, who uses them, how they were, and where to look further. */
export function NodeDrawer({ node }: { node: NodeId }) {
  const setSearch = useSetSearch<GpuSearch>();
  const search = useSearch<GpuSearch>();
  const asOf = useAsOf();
  const { data, error, refetch } = useNode(node);
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <Drawer title={node.name} label="Node with GPUs" onClose={() => setSearch({ open: undefined, gpu: undefined })}>
      {gone ? (
        <p>
          Nothing is known of GPUs of this node{asOf.as_of === undefined ? "." : " at the instant that is shown. "}
          {asOf.as_of === undefined ? null : (
            <PageLink to="/gpu" search={{ ...search, as_of: undefined }}>
              See it as it is now
            </PageLink>
          )}
        </p>
      ) : data ? (
        <>
          {error ? <InlineFailure error={error} what="The node could not be read again" /> : null}
          <Detail node={data} path={getGetGpuNodeUrl(node.cluster, node.name, asOf)} />
        </>
      ) : error ? (
        <Failure error={error} what="The node" onRetry={() => void refetch()} />
      ) : (
        <Loading label="Loading the node" />
      )}
    </Drawer>
  );
}

function Detail({ node, path }: { node: GpuNodeDetail; path: string }) {
  const { cluster_id, cluster_name, node_name, source, source_reason, last_updated, stale, error, gpus, lost } = node;
  const { gpu: chosen } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const only = gpus.length === 1;
  return (
    <div className="gpu-drawer">
      <div className="gpu-line">
        <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>
        <SourceBadge source={source} reason={source_reason} />
        <span className="quiet">
          sampled <Ago at={last_updated} />
        </span>
        {stale ? (
          <Badge tone="warning" icon={ExclamationTriangleIcon}>
            Stale: this is how it was
          </Badge>
        ) : null}
        <span className="toolbar-end">
          <NearButton of={{ kind: "node", cluster: cluster_id, name: node_name }} />
          <CopyMenu request={{ path }} />
        </span>
      </div>
      <p className="hint">
        {models(gpus)}. Source: {source_reason}.
      </p>
      {error ? (
        <p className="gpu-wrong">
          <Badge tone="danger" icon={ExclamationTriangleIcon}>
            Nothing is known of its GPUs:
          </Badge>{" "}
          {error}
        </p>
      ) : null}
      {lost.length > 0 ? <Lost gpus={lost} /> : null}
      <section aria-label="GPUs" className="gpu-entries">
        {gpus.length > 0 ? <EntryHead /> : null}
        {gpus.map((gpu, place) => {
          const number = gpu.index ?? place;
          return (
            <GpuEntry
              key={gpu.uuid}
              gpu={gpu}
              cluster={cluster_id}
              isOpen={only || chosen === number}
              isMeant={!only && chosen === number}
              onOpen={(open) => setSearch({ gpu: open ? number : undefined }, { replace: true })}
            />
          );
        })}
        {gpus.length === 0 && !error ? <p className="quiet">No GPU is told of in its last sample.</p> : null}
      </section>
      <NodeHistory key={nodeKey(cluster_id, node_name)} node={{ cluster: cluster_id, name: node_name }} gpus={gpus} />
      <Around node={node} />
    </div>
  );
}

/** `8 × H100 80GB HBM3`. */
function models(gpus: readonly GpuView[]): string {
  const by = Map.groupBy(gpus, ({ name }) => modelName(name));
  return [...by].map(([name, all]) => `${all.length} × ${name}`).join(", ") || "No GPUs";
}

function Lost({ gpus }: { gpus: readonly LostGpu[] }) {
  return (
    <ul className="plain gpu-lost">
      {gpus.map(({ uuid, index, name, last_seen_at }) => (
        <li key={uuid}>
          <Badge tone="danger" icon={ExclamationTriangleIcon}>
            {`${gpuName(index, uuid)} is lost`}
          </Badge>{" "}
          <span className="quiet">
            {modelName(name)}, last seen <Ago at={last_seen_at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
