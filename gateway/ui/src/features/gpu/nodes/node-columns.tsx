/** The columns of the list of nodes. */

import { ExclamationCircleIcon, ExclamationTriangleIcon } from "@patternfly/react-icons";

import { Badge, type Tone } from "@/components/badges";
import type { Column } from "@/components/data-table";
import { Ago } from "@/components/timestamp";
import { GpuBars } from "@/features/gpu/nodes/gpu-bars";
import { slowedBy } from "@/features/gpu/reasons";
import { SourceBadge } from "@/features/gpu/source-badge";
import { celsius, modelName, NOT_KNOWN, percent, RAISED } from "@/features/gpu/values";
import type { GpuNode, GpuView } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { PageLink } from "@/lib/place";

type Pick = (gpu: GpuView) => number | null | undefined;

const knownOf = (gpus: readonly GpuView[], pick: Pick) =>
  gpus.map(pick).filter((value): value is number => value !== null && value !== undefined);

function mean(gpus: readonly GpuView[], pick: Pick): number | null {
  const known = knownOf(gpus, pick);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

const hottest = (gpus: readonly GpuView[]): number | null =>
  knownOf(gpus, (gpu) => gpu.temperature_celsius).reduce<number | null>(
    (most, value) => (most === null || value > most ? value : most),
    null,
  );

/** What is wrong on a node, the worst first. */
export function problemsOf({ error, stale, gpus }: GpuNode): (readonly [Tone, string])[] {
  const raised = [...new Set(gpus.flatMap((gpu) => gpu.raised))];
  const wrong = gpus.filter((gpu) => gpu.error).length;
  const slow = gpus.filter((gpu) => slowedBy(gpu.throttle_reasons).length > 0).length;
  const wasted = gpus.filter((gpu) => gpu.wasted).length;
  return [
    ...(error ? [["danger", error] as const] : []),
    ...(wrong > 0 ? [["danger", `${plural(wrong, "GPU")} with an error`] as const] : []),
    ...raised.map((metric) => ["danger", RAISED[metric].over] as const),
    ...(stale ? [["warning", "stale"] as const] : []),
    ...(slow > 0 ? [["warning", `${slow} slowed down`] as const] : []),
    ...(wasted > 0 ? [["warning", `${wasted} allocated but idle`] as const] : []),
  ];
}

const said = (text: string) =>
  text === NOT_KNOWN ? <span className="quiet">{text}</span> : <span className="numbers">{text}</span>;

const modelsOf = (gpus: readonly GpuView[]) => [...new Set(gpus.map(({ name }) => modelName(name)))].join(", ");
const migOf = (gpus: readonly GpuView[]) => gpus.reduce((all, { mig = [] }) => all + mig.length, 0);

export const NODE_COLUMNS: readonly Column<GpuNode>[] = [
  {
    id: "name",
    header: "Node",
    width: "minmax(7rem, 2fr)",
    sort: "name",
    cell: (node) => (
      <span className="gpu-of-node" title={node.node_name}>
        <Sign node={node} />
        <span className="cut">{node.node_name}</span>
      </span>
    ),
  },
  {
    id: "cluster",
    header: "Cluster",
    width: "minmax(6rem, 1fr)",
    sort: "cluster",
    from: 45,
    cell: ({ cluster_id, cluster_name }) => <PageLink to={`/clusters/${cluster_id}`}>{cluster_name}</PageLink>,
  },
  {
    id: "gpus",
    header: "GPUs",
    width: "minmax(8rem, 1.2fr)",
    sort: "gpus",
    from: 75,
    cell: ({ gpus }) => (
      <span title={modelsOf(gpus)}>
        <span className="numbers">{gpus.length}</span> × {modelsOf(gpus)}
        {migOf(gpus) > 0 ? <span className="quiet"> · {plural(migOf(gpus), "MIG instance")}</span> : null}
      </span>
    ),
  },
  {
    id: "bars",
    header: "Busy, memory, heat, power",
    width: "12.25rem",
    from: 45,
    cell: ({ gpus }) => <GpuBars gpus={gpus} />,
  },
  {
    id: "busy",
    header: "Busy",
    width: "4.5rem",
    align: "end",
    sort: "utilization",
    cell: ({ gpus }) => said(percent(mean(gpus, (gpu) => gpu.utilization_gpu_percent))),
  },
  {
    id: "temperature",
    header: "Hottest",
    width: "4.75rem",
    align: "end",
    sort: "temperature",
    cell: ({ gpus }) => said(celsius(hottest(gpus))),
  },
  {
    id: "state",
    header: "What is wrong",
    width: "minmax(8rem, 2fr)",
    from: 60,
    cell: (node) => <Problems node={node} />,
  },
  {
    id: "source",
    header: "Source",
    width: "5.5rem",
    from: 60,
    cell: ({ source, source_reason }) => <SourceBadge source={source} reason={source_reason} />,
  },
  {
    id: "age",
    header: "Sampled",
    width: "6rem",
    sort: "last_updated",
    from: 30,
    cell: ({ last_updated, stale }) => (
      <span className={stale ? "tone-warning" : undefined} title={stale ? "No sample for three intervals: this is how it was" : undefined}>
        {stale ? <ExclamationTriangleIcon aria-label="Stale" role="img" /> : null} <Ago at={last_updated} />
      </span>
    ),
  },
];

/** The worst of its problems before its name, where their column has no room. */
function Sign({ node }: { node: GpuNode }) {
  const [worst] = problemsOf(node);
  if (worst === undefined) return null;
  const [tone, words] = worst;
  const Icon = tone === "danger" ? ExclamationCircleIcon : ExclamationTriangleIcon;
  return (
    <span className={`gpu-sign tone-${tone}`} title={words}>
      <Icon role="img" aria-label={words} />
    </span>
  );
}

function Problems({ node }: { node: GpuNode }) {
  const [first, ...others] = problemsOf(node);
  if (first === undefined) return <span className="quiet">–</span>;
  const [tone, words] = first;
  return (
    <span title={[first, ...others].map(([, each]) => each).join("; ")}>
      <Badge tone={tone} icon={tone === "danger" ? ExclamationCircleIcon : ExclamationTriangleIcon}>
        {others.length > 0 ? `${words} +${others.length}` : words}
      </Badge>
    </span>
  );
}
