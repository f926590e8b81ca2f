import { ExpandableSection } from "@patternfly/react-core";

import { Snippet } from "@/components/snippet";

const MAKE = `kubectl create serviceaccount aiops-nextgen -n kube-system
kubectl create clusterrole aiops-nextgen --verb=get,list,watch \\
  --resource=namespaces,nodes,pods,services,customresourcedefinitions.apiextensions.k8s.io
kubectl create clusterrolebinding aiops-nextgen --clusterrole=aiops-nextgen \\
  --serviceaccount=kube-system:aiops-nextgen`;
const OPENSHIFT = `oc create serviceaccount aiops-nextgen -n kube-system
oc adm policy add-cluster-role-to-user cluster-reader -z aiops-nextgen -n kube-system
oc adm policy add-cluster-role-to-user cluster-monitoring-view -z aiops-nextgen -n kube-system`;
const TOKEN = "kubectl create token aiops-nextgen -n kube-system --duration=2160h";

/** Where a token with the needed rights, and no more, comes from. */
export function TokenHelp() {
  return (
    <ExpandableSection toggleText="How to make a token that may only read">
      <div className="clusters-help">
        <p>Run this on the cluster. On OpenShift:</p>
        <Snippet label="Commands for OpenShift" text={OPENSHIFT} />
        <p>On any other Kubernetes:</p>
        <Snippet label="Commands for Kubernetes" text={MAKE} />
        <p>Then this prints a token for 90 days, if the cluster allows so long:</p>
        <Snippet label="Command for the token" text={TOKEN} />
      </div>
    </ExpandableSection>
  );
}
