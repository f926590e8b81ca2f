import { MicrochipIcon } from "@patternfly/react-icons";

import { LinkButton } from "@/components/link-button";
import { Nothing } from "@/components/states";
import { useAsOf } from "@/lib/moment";

/** No GPU is known of: how they are found, and what that needs. */
export function NoGpus() {
  const { as_of } = useAsOf();
  return (
    <Nothing
      title={as_of === undefined ? "No GPU is known of" : "No GPU was known of at this instant"}
      icon={MicrochipIcon}
      actions={
        <>
          <LinkButton to="/clusters" search={{ gpu: "true" }}>
            Clusters with GPUs
          </LinkButton>
          <LinkButton to="/clusters" variant="link">
            All clusters
          </LinkButton>
        </>
      }
    >
      GPUs are found by themselves, in one of two ways. <strong>DCGM</strong>: the cluster&apos;s Prometheus has metrics of
      dcgm-exporter; the hub needs its endpoint. <strong>nvidia-smi</strong>: the hub runs it in a pod of the GPU operator
      (namespace <span className="mono">nvidia-gpu-operator</span>); it needs credentials of the cluster that may list
      nodes and pods, and create <span className="mono">pods/exec</span> in that namespace.
    </Nothing>
  );
}
