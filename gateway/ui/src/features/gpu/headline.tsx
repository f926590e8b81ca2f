import { ExclamationCircleIcon, ExclamationTriangleIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

import type { GpuSearch } from "@/features/gpu/search";
import { percent, RAISED } from "@/features/gpu/values";
import type { GpuMetric, GpuSummary } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { PageLink, useSearch } from "@/lib/place";

interface HeadlineProps {
  summary: GpuSummary;
  /** How many GPUs are on nodes that are stale, where the map has told it. */
  stale: number | undefined;
}

/** The GPUs in one sentence, what is wrong first; each part leads to those that it counts. */
export function Headline({ summary, stale }: HeadlineProps) {
  const { gpus, nodes, stale_nodes, lost, errors, idle, wasted, raised, utilization_gpu_percent: busy } = summary;
  const metrics = (Object.keys(RAISED) as GpuMetric[]).filter((metric) => raised[metric] > 0);
  return (
    <ul className="plain gpu-headline numbers" aria-label="The GPUs in words">
      <li>
        {stale === undefined || stale === 0
          ? `${plural(gpus, "GPU")} on ${plural(nodes, "node")}`
          : `${count(gpus - stale)} of ${plural(gpus, "GPU")} report`}
      </li>
      {lost > 0 ? (
        <Part tone="danger" search={{ show: "lost", view: "table" }}>
          {count(lost)} lost
        </Part>
      ) : null}
      {errors > 0 ? (
        <Part tone="danger" search={{ show: "error", view: "table" }}>
          {count(errors)} with an error
        </Part>
      ) : null}
      {metrics.map((metric) => (
        <Part key={metric} tone="danger" search={{ tab: "thresholds", raised: metric }}>
          {count(raised[metric])} {RAISED[metric].over}
        </Part>
      ))}
      {stale_nodes > 0 ? (
        <Part tone="warning" search={{ tab: "nodes", stale: true }}>
          {plural(stale_nodes, "node")} {stale_nodes === 1 ? "has" : "have"} stopped reporting
        </Part>
      ) : null}
      {wasted > 0 ? (
        <Part tone="warning" search={{ show: "wasted" }}>
          {count(wasted)} allocated but idle
        </Part>
      ) : null}
      {busy === null ? null : <li>{percent(busy)} busy</li>}
      {idle > wasted ? <Part search={{ show: "idle" }}>{count(idle - wasted)} idle and free</Part> : null}
    </ul>
  );
}

interface PartProps {
  tone?: "danger" | "warning";
  search: GpuSearch;
  children: ReactNode;
}

/** Filters by place stay; what is looked for among those is chosen anew. */
function Part({ tone, search, children }: PartProps) {
  const { cluster_id, namespace, model } = useSearch<GpuSearch>();
  const Icon = tone === "danger" ? ExclamationCircleIcon : ExclamationTriangleIcon;
  return (
    <li className={tone === undefined ? undefined : `tone-${tone}`}>
      {tone === undefined ? null : <Icon />}
      <PageLink to="/gpu" search={{ cluster_id, namespace, model, ...search }}>
        {children}
      </PageLink>
    </li>
  );
}
