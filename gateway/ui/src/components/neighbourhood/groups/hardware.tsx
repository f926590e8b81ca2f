/** GPUs, clocks and virtual functions next to a thing, as their collectors have sampled them. */

import type { Of, Thing } from "@/components/neighbourhood/entity";
import { Group, Item } from "@/components/neighbourhood/group";
import { gpuPage, pageOf } from "@/components/neighbourhood/open";
import { gpusOf, MOST, useGpu, type OnNode } from "@/components/neighbourhood/use-gpu";
import { together } from "@/components/neighbourhood/use-instant";
import { useListCnfWorkloads, useListDpdkStats, useListGpuNodes, useListPtpStatus, useListSriovStatus } from "@/generated/api";
import type { CnfArea, GpuView } from "@/generated/api.schemas";
import { count, plural, title, words } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { functionPlace } from "@/lib/network-functions";

/** `GPU 3`, as its node numbers it. */
const numbered = ({ index, uuid }: GpuView) => (index === null || index === undefined ? uuid.slice(0, 12) : `GPU ${index}`);

/** `busy 49 %, 53 °C`, and what is wrong. */
function stateOf({ utilization_gpu_percent: busy, temperature_celsius: heat, raised, error, xid }: GpuView): string {
  const told = [
    typeof busy === "number" ? `busy ${count(Math.round(busy))} %` : undefined,
    typeof heat === "number" ? `${count(Math.round(heat))} °C` : undefined,
    ...raised.map((metric) => `${words(metric)} over its threshold`),
    xid ? `XID ${xid}` : undefined,
    error ?? undefined,
  ].filter((each) => each !== undefined);
  return told.length === 0 ? "nothing is measured of it" : told.join(", ");
}

const usesIt = (gpu: GpuView, pod: Of<"pod">) => (gpu.processes ?? []).some((each) => each.pod === pod.name && each.namespace === pod.namespace);

/** The GPUs of a node, or those that a pod uses. */
export function Gpus({ of }: { of: Of<"node" | "pod"> }) {
  const isNode = of.kind === "node";
  const narrow = isNode ? { node_name: of.name } : { namespace: of.namespace };
  const asked = useListGpuNodes({ cluster_id: [of.cluster], ...narrow, page_size: MOST, ...useAsOf() });
  return (
    <Group
      title={isNode ? "GPUs" : "GPUs that it uses"}
      asked={asked}
      none="None that the hub knows of."
      items={({ items }) =>
        gpusOf(items)
          .filter(({ gpu }) => isNode || usesIt(gpu, of))
          .map(({ node, gpu }) => (
            <Item
              key={gpu.uuid}
              to={{ kind: "gpu", cluster: of.cluster, name: gpu.uuid }}
              open={gpuPage(of.cluster, node, gpu.index)}
              name={numbered(gpu)}
              note={isNode ? stateOf(gpu) : `on ${node}, ${stateOf(gpu)}`}
            />
          ))
      }
    />
  );
}

/** The pods that use a GPU. */
export function UsersOf({ of }: { of: Of<"gpu"> }) {
  const { data, ...rest } = useGpu(of);
  const pods = (found: OnNode | null) => {
    const used = found?.gpu.processes?.flatMap(({ namespace, pod }) => (namespace && pod ? [{ namespace, pod }] : [])) ?? [];
    return [...new Map(used.map((each) => [`${each.namespace}/${each.pod}`, each])).values()];
  };
  return (
    <Group
      title="Pods that use it"
      asked={{ ...rest, data }}
      none={data === null ? "The hub knows of no such GPU among the nodes that it has sampled." : "None."}
      items={(found) =>
        pods(found).map(({ namespace, pod }) => {
          const thing: Thing = { kind: "pod", cluster: of.cluster, namespace, name: pod };
          return <Item key={`${namespace}/${pod}`} to={thing} open={pageOf(thing)} name={pod} note={`in ${namespace}`} />;
        })
      }
    />
  );
}

const opened = (cluster: string, area: CnfArea, name: string) => {
  const { to, search } = functionPlace(cluster, area, name);
  return { to, search: { ...search, near: undefined }, says: "Open" };
};

/** Clocks, virtual functions and network functions of a node. */
export function FunctionsOn({ node: { cluster, name } }: { node: Of<"node"> }) {
  const on = { cluster_id: [cluster], node_name: [name], page_size: MOST, ...useAsOf() };
  const asked = together(useListPtpStatus(on), useListSriovStatus(on), useListCnfWorkloads(on));
  return (
    <Group
      title="Clocks and network functions"
      asked={asked}
      none="None that the hub knows of."
      items={([clocks, functions, workloads]) => [
        ...clocks.items.map((clock) => (
          <Item
            key={`clock ${clock.interface} ${clock.process}`}
            open={opened(cluster, "PTP", `${name}/${clock.interface}/${clock.process ?? ""}`)}
            name={`Clock ${clock.interface}`}
            note={clock.clock_state ? words(clock.clock_state) : "its state is not known"}
          />
        )),
        ...functions.items.map((each) => (
          <Item
            key={each.resource_name}
            open={opened(cluster, "SRIOV", `${name}/${each.resource_name}`)}
            name={each.resource_name}
            note={`${count(each.used_vfs ?? 0)} of ${plural(each.allocatable_vfs ?? 0, "virtual function")} in use`}
          />
        )),
        ...workloads.items.map((each) => (
          <Item
            key={`${each.namespace}/${each.pod}`}
            to={{ kind: "pod", cluster, namespace: each.namespace, name: each.pod }}
            open={opened(cluster, "WORKLOAD", `${each.namespace}/${each.pod}`)}
            name={each.pod}
            note={`${each.cnf_type}, ${words(each.standing ?? each.state)}`}
          />
        )),
      ]}
    />
  );
}

/** What a pod is as a network function, with its ports. */
export function FunctionsOf({ pod: { cluster, namespace, name } }: { pod: Of<"pod"> }) {
  const of = { cluster_id: [cluster], namespace: [namespace], page_size: MOST, ...useAsOf() };
  const ports = useListDpdkStats({ ...of, pod: [name] });
  const asked = together(useListCnfWorkloads({ ...of, q: name }), ports, ports);
  return (
    <Group
      title="As a network function"
      asked={asked}
      none="It is none that the hub knows of."
      items={([workloads, { items }]) => [
        ...workloads.items
          .filter(({ pod }) => pod === name)
          .map((each) => (
            <Item
              key="workload"
              open={opened(cluster, "WORKLOAD", `${namespace}/${name}`)}
              name={each.cnf_type}
              note={[title(each.standing ?? each.state), each.reason].filter(Boolean).join(": ")}
            />
          )),
        ...items.map(({ port, dropping }) => (
          <Item
            key={port}
            open={opened(cluster, "DPDK", `${namespace}/${name}/${port}`)}
            name={`Port ${port}`}
            note={dropping ? "drops packets" : dropping === false ? "drops no packets" : "whether it drops packets is not known"}
          />
        )),
      ]}
    />
  );
}
