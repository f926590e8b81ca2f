/** What a thing is and belongs to: each part that it names is a hop. */

import type { ReactNode } from "react";

import { Facts } from "@/components/facts";
import type { Of, Thing } from "@/components/neighbourhood/entity";
import { EntityName } from "@/components/neighbourhood/name";
import { NearLink } from "@/components/neighbourhood/near-link";
import { gpuPage } from "@/components/neighbourhood/open";
import { podQuery } from "@/components/neighbourhood/queries";
import { podTold, type Owner, type PodTold } from "@/components/neighbourhood/topology";
import { useGpu } from "@/components/neighbourhood/use-gpu";
import { useInstant, type Asked } from "@/components/neighbourhood/use-instant";
import { adviceOn, Loading } from "@/components/states";
import { count } from "@/lib/format";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";

export function WhatItIs({ thing }: { thing: Thing }) {
  switch (thing.kind) {
    case "pod":
      return <PodFacts pod={thing} />;
    case "gpu":
      return <GpuFacts gpu={thing} />;
    case "workload":
      return <Facts of={[inCluster(thing), inNamespace(thing)]} />;
    case "cluster":
      return null;
    default:
      return <Facts of={[inCluster(thing)]} />;
  }
}

const inCluster = ({ cluster }: { cluster: string }) => {
  const thing: Thing = { kind: "cluster", cluster };
  return ["Cluster", <NearLink key="cluster" to={thing}><EntityName of={thing} /></NearLink>] as const;
};

const inNamespace = ({ cluster, namespace }: { cluster: string; namespace: string }) =>
  ["Namespace", <NearLink key="namespace" to={{ kind: "namespace", cluster, name: namespace }}>{namespace}</NearLink>] as const;

const onNode = (cluster: string, node: string | undefined) =>
  ["Node", node === undefined ? undefined : <NearLink key="node" to={{ kind: "node", cluster, name: node }}>{node}</NearLink>] as const;

function PodFacts({ pod }: { pod: Of<"pod"> }) {
  const { as_of } = useAsOf();
  const asked = useInstant(pod.cluster, podQuery(pod), told);
  const found = asked.data ?? undefined;
  return (
    <>
      <Facts
        of={[
          inCluster(pod),
          inNamespace(pod),
          onNode(pod.cluster, found?.node),
          ["Workload", found?.workload && <Workload pod={pod} owner={found.workload} />],
          ["Phase", found?.phase],
          ["Restarts", found?.restarts === undefined ? undefined : count(found.restarts)],
        ]}
      />
      <State
        asked={asked}
        none={as_of === undefined ? "Its Prometheus does not tell of this pod: it is gone, or not taken in." : "Its Prometheus has nothing of this pod at that instant: it was not there, or that is no longer kept."}
      />
    </>
  );
}

/** Null: it was asked, and there is none. */
const told = (series: Parameters<typeof podTold>[0]): PodTold | null => podTold(series) ?? null;

function Workload({ pod, owner }: { pod: Of<"pod">; owner: Owner }) {
  const { cluster, namespace } = pod;
  return (
    <>
      <NearLink to={{ kind: "workload", cluster, namespace, name: owner.name }}>{owner.name}</NearLink>{" "}
      <span className="quiet">{owner.kind ?? "by the pod's name"}</span>
    </>
  );
}

function GpuFacts({ gpu }: { gpu: Of<"gpu"> }) {
  const asked = useGpu(gpu);
  const found = asked.data ?? undefined;
  const degrees = found?.gpu.temperature_celsius;
  const busy = found?.gpu.utilization_gpu_percent;
  return (
    <>
      <Facts
        of={[
          inCluster(gpu),
          onNode(gpu.cluster, found?.node),
          ["GPU", found && <OnPage key="gpu" cluster={gpu.cluster} node={found.node} index={found.gpu.index} />],
          ["Model", found?.gpu.name ?? undefined],
          ["Busy", typeof busy === "number" ? `${count(Math.round(busy))} %` : undefined],
          ["Temperature", typeof degrees === "number" ? `${count(Math.round(degrees))} °C` : undefined],
          ["UUID", <span key="uuid" className="mono near-id">{gpu.name}</span>],
        ]}
      />
      <State asked={asked} none="The hub knows of no such GPU among the nodes of the cluster that it has sampled." />
    </>
  );
}

function OnPage({ cluster, node, index }: { cluster: string; node: string; index: number | null | undefined }): ReactNode {
  const { to, search } = gpuPage(cluster, node, index);
  return (
    <PageLink to={to} search={search ?? {}}>
      {index === null || index === undefined ? "Open it" : `Open GPU ${index} of its node`}
    </PageLink>
  );
}

/** Of what has to be asked for: that it is on its way, failed, or is not there. */
function State<T>({ asked: { data, error }, none }: { asked: Asked<T | null>; none: string }) {
  if (error !== null && data === undefined) {
    return (
      <p className="near-failed" role="status">
        What it is could not be asked: {error.message} {adviceOn(error)}
      </p>
    );
  }
  if (data === undefined) return <Loading lines={2} label="Asking what it is" />;
  return data === null ? <p className="quiet">{none}</p> : null;
}
