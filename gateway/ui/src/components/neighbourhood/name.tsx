import { useClusters } from "@/components/use-clusters";
import { kindInWords, ownName, type Entity, type Of } from "@/components/neighbourhood/entity";
import { useGpu } from "@/components/neighbourhood/use-gpu";
import { useGetAlert, useGetIncident } from "@/generated/api";
import { useAsOf } from "@/lib/moment";
import { wholeTitle } from "@/lib/titles";

/** What it is called by people; until that is known, a part of its id. */
export function EntityName({ of }: { of: Entity }) {
  switch (of.kind) {
    case "alert":
      return <AlertName id={of.id} />;
    case "incident":
      return <IncidentName id={of.id} />;
    case "cluster":
      return <ClusterName id={of.cluster} />;
    default:
      return ownName(of);
  }
}

/** The same after what kind of thing it is: `pod cart-5d8f`, `GPU 3 on worker-1`. */
export function EntityTitle({ of }: { of: Entity }) {
  if (of.kind === "gpu") return <GpuTitle of={of} />;
  return (
    <>
      {kindInWords(of)} <EntityName of={of} />
    </>
  );
}

function AlertName({ id }: { id: string }) {
  return useGetAlert(id, useAsOf()).data?.alertname ?? id.slice(0, 8);
}

function IncidentName({ id }: { id: string }) {
  const { data } = useGetIncident(id, useAsOf());
  return data === undefined ? id.slice(0, 8) : wholeTitle(data.title);
}

function ClusterName({ id }: { id: string }) {
  return useClusters().get(id)?.name ?? id.slice(0, 8);
}

function GpuTitle({ of }: { of: Of<"gpu"> }) {
  const { data } = useGpu(of);
  if (!data) return `GPU ${ownName(of)}`;
  const { index } = data.gpu;
  return index === null || index === undefined ? `GPU ${ownName(of)} on ${data.node}` : `GPU ${index} on ${data.node}`;
}
