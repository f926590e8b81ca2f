/** What runs there, as kube-state-metrics in the cluster's Prometheus tells it. */

import { Group, Item } from "@/components/neighbourhood/group";
import type { Of, Thing } from "@/components/neighbourhood/entity";
import { pageOf } from "@/components/neighbourhood/open";
import { podsQuery } from "@/components/neighbourhood/queries";
import { podsOf, stemOf, valueOf, workloadsOf, type Owner, type Pod } from "@/components/neighbourhood/topology";
import { useInstant } from "@/components/neighbourhood/use-instant";
import type { MetricSeries } from "@/generated/api.schemas";
import { plural } from "@/lib/format";

const pod = (cluster: string, { namespace, name }: Pick<Pod, "namespace" | "name">): Thing => ({ kind: "pod", cluster, namespace, name });

interface OnePodProps {
  cluster: string;
  of: Pod;
  /** What is not told of it, as the panel stands around that. */
  but: "node" | "namespace";
}

function OnePod({ cluster, of, but }: OnePodProps) {
  const thing = pod(cluster, of);
  const note = but === "node" ? `in ${of.namespace}` : of.node === undefined ? "on no node yet" : `on ${of.node}`;
  return <Item to={thing} open={pageOf(thing)} name={of.name} note={note} />;
}

/** Everything that runs on a node. */
export function PodsOn({ node }: { node: Of<"node"> }) {
  const asked = useInstant(node.cluster, podsQuery(node), podsOf);
  return (
    <Group
      title="Pods on it"
      asked={asked}
      none="Its Prometheus tells of no pod there."
      items={(pods) => pods.map((each) => <OnePod key={`${each.namespace}/${each.name}`} cluster={node.cluster} of={each} but="node" />)}
    />
  );
}

/** The pods of a workload. */
export function PodsOf({ workload }: { workload: Of<"workload"> }) {
  const asked = useInstant(workload.cluster, podsQuery(workload), podsOf);
  // Others may begin with the same words.
  const isIts = ({ name, workload: owner }: Pod) => (owner?.name ?? stemOf(name)) === workload.name || owner === undefined;
  return (
    <Group
      title="Its pods"
      asked={asked}
      none="Its Prometheus tells of no pod of it."
      items={(pods) => pods.filter(isIts).map((each) => <OnePod key={each.name} cluster={workload.cluster} of={each} but="namespace" />)}
    />
  );
}

/** The pods beside a pod, those of its own workload first. */
export function Siblings({ of }: { of: Of<"pod"> }) {
  const asked = useInstant(of.cluster, podsQuery(of), podsOf);
  const ordered = (pods: readonly Pod[]) => {
    const own = pods.find(({ name }) => name === of.name)?.workload?.name;
    const isKin = ({ workload }: Pod) => own !== undefined && workload?.name === own;
    return pods.filter(({ name }) => name !== of.name).toSorted((a, b) => Number(isKin(b)) - Number(isKin(a)));
  };
  return (
    <Group
      title={`Other pods in ${of.namespace}`}
      asked={asked}
      none="Its Prometheus tells of no other one."
      items={(pods) => ordered(pods).map((each) => <OnePod key={each.name} cluster={of.cluster} of={each} but="namespace" />)}
    />
  );
}

const kindOf = ({ kind }: Owner) => (kind === undefined ? "by the names of its pods" : kind);

/** The workloads of a namespace. */
export function WorkloadsIn({ namespace }: { namespace: Of<"namespace"> }) {
  const { cluster } = namespace;
  const asked = useInstant(cluster, podsQuery(namespace), podsOf);
  return (
    <>
      <Group
        title="Workloads"
        asked={asked}
        none="None that its pods tell of."
        items={(pods) =>
          workloadsOf(pods).map(({ owner, pods: many }) => {
            const thing: Thing = { kind: "workload", cluster, namespace: namespace.name, name: owner.name };
            return <Item key={owner.name} to={thing} open={pageOf(thing)} name={owner.name} note={`${kindOf(owner)}, ${plural(many, "pod")}`} />;
          })
        }
      />
      <Group
        title="Pods"
        asked={asked}
        none="Its Prometheus tells of no pod there."
        items={(pods) => pods.map((each) => <OnePod key={each.name} cluster={cluster} of={each} but="namespace" />)}
      />
    </>
  );
}

interface Counted {
  name: string;
  pods: number;
}

const countedBy =
  (label: string) =>
  (series: readonly MetricSeries[]): Counted[] =>
    series
      .flatMap((each) => (each.metric[label] ? [{ name: each.metric[label], pods: valueOf(each) }] : []))
      .toSorted((a, b) => b.pods - a.pods || a.name.localeCompare(b.name));
const byNode = countedBy("node");
const byNamespace = countedBy("namespace");

/** The nodes and namespaces of a cluster in which something runs. */
export function PartsOf({ cluster }: { cluster: string }) {
  const nodes = useInstant(cluster, "count by (node) (kube_pod_info)", byNode);
  const namespaces = useInstant(cluster, "count by (namespace) (kube_pod_info)", byNamespace);
  const part = (kind: "node" | "namespace") => (found: readonly Counted[]) =>
    found.map(({ name, pods }) => {
      const thing: Thing = { kind, cluster, name };
      return <Item key={name} to={thing} open={pageOf(thing)} name={name} note={plural(pods, "pod")} />;
    });
  return (
    <>
      <Group title="Nodes" asked={nodes} none="Its Prometheus tells of no node with pods." items={part("node")} />
      <Group title="Namespaces" asked={namespaces} none="Its Prometheus tells of no pods." items={part("namespace")} />
    </>
  );
}
