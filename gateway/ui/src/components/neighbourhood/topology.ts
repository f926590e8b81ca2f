/** What kube-state-metrics tells of pods, as it stands in labels: where they run, and what made them. */

type Labels = Readonly<Record<string, string>>;

export interface Pod {
  namespace: string;
  name: string;
  node: string | undefined;
  /** What made it, as far as it is told or its name says so. */
  workload: Owner | undefined;
}

export interface Owner {
  name: string;
  /** `Deployment`; undefined: it is only what the pod is called after. */
  kind: string | undefined;
}

/** Of these Kubernetes makes the suffixes of names (apimachinery, `util/rand`). */
const SAFE = "[bcdfghjklmnpqrstvwxz2456789]";
/** Of pods of deployments, of stateful sets, and of all others: the hub takes the same away. */
const ADDED = [new RegExp(`-${SAFE}{6,10}-${SAFE}{5}$`), new RegExp(`(-\\d{7,10})?-${SAFE}{5}$`), /-\d{1,4}$/];
const OF_REPLICA_SET = new RegExp(`-${SAFE}{6,10}$`);
const OF_CRON_JOB = /-\d{7,10}$/;

/** A pod's name less what Kubernetes adds to that of its workload. */
export function stemOf(pod: string): string {
  return ADDED.map((suffix) => pod.replace(suffix, "")).find((rest) => rest !== pod && rest !== "") ?? pod;
}

/** What made a pod: a replica set is of a deployment, a job may be of a cron job; undefined for pods of nobody. */
export function workloadOf(labels: Labels): Owner | undefined {
  const kind = labels["created_by_kind"] ?? labels["owner_kind"];
  const name = named(labels["created_by_name"] ?? labels["owner_name"]);
  const pod = labels["pod"] ?? "";
  // A static pod is of its node.
  if (kind === "Node" || kind === "<none>") return undefined;
  if (name === undefined) return stemOf(pod) === pod ? undefined : { name: stemOf(pod), kind: undefined };
  if (kind === "ReplicaSet") return OF_REPLICA_SET.test(name) ? { name: name.replace(OF_REPLICA_SET, ""), kind: "Deployment" } : { name, kind };
  if (kind === "Job") return OF_CRON_JOB.test(name) ? { name: name.replace(OF_CRON_JOB, ""), kind: "CronJob" } : { name, kind };
  return { name, kind };
}

const named = (text: string | undefined) => (text === undefined || text === "" || text === "<none>" ? undefined : text);

/** Each pod of `kube_pod_info` once, by name: more than one exporter may tell of it. */
export function podsOf(series: readonly { metric: Labels }[]): Pod[] {
  const found = new Map<string, Pod>();
  for (const { metric } of series) {
    const { namespace, pod, node } = metric;
    if (!namespace || !pod) continue;
    found.set(`${namespace}/${pod}`, { namespace, name: pod, node: named(node), workload: workloadOf(metric) });
  }
  return [...found.values()].toSorted((a, b) => a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name));
}

/** The workloads of pods with how many each has, the most first. */
export function workloadsOf(pods: readonly Pod[]): { owner: Owner; namespace: string; pods: number }[] {
  const by = Map.groupBy(pods.filter(({ workload }) => workload !== undefined), ({ namespace, workload }) => `${namespace}/${workload!.name}`);
  return [...by.values()]
    .map((all) => ({ owner: all[0]!.workload!, namespace: all[0]!.namespace, pods: all.length }))
    .toSorted((a, b) => b.pods - a.pods || a.owner.name.localeCompare(b.owner.name));
}

interface Sample {
  metric: Labels;
  values?: readonly (readonly [number, string])[];
}

/** What one pod's own series tell of it. */
export interface PodTold extends Pod {
  phase: string | undefined;
  restarts: number | undefined;
}

export function podTold(series: readonly Sample[]): PodTold | undefined {
  const of = (metric: string) => series.filter((each) => each.metric["__name__"] === metric);
  const [pod] = podsOf(of("kube_pod_info"));
  if (pod === undefined) return undefined;
  const owner = of("kube_pod_owner").map(({ metric }) => workloadOf(metric)).find((each) => each?.kind !== undefined);
  const restarts = of("kube_pod_container_status_restarts_total").map(valueOf);
  return {
    ...pod,
    workload: pod.workload?.kind === undefined ? (owner ?? pod.workload) : pod.workload,
    phase: of("kube_pod_status_phase").find((each) => valueOf(each) === 1)?.metric["phase"],
    restarts: restarts.length === 0 ? undefined : restarts.reduce((sum, each) => sum + each, 0),
  };
}

export const valueOf = ({ values }: Sample): number => Number(values?.at(-1)?.[1] ?? Number.NaN);
