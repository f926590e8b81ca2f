import { ClipboardCopy, ClipboardCopyVariant, ExpandableSection } from "@patternfly/react-core";

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
        <Commands text={OPENSHIFT} label="Commands for OpenShift" />
        <p>On any other Kubernetes:</p>
        <Commands text={MAKE} label="Commands for Kubernetes" />
        <p>Then this prints a token for 90 days, if the cluster allows so long:</p>
        <Commands text={TOKEN} label="Command for the token" />
      </div>
    </ExpandableSection>
  );
}

function Commands({ text, label }: { text: string; label: string }) {
  return (
    <ClipboardCopy
      isReadOnly
      isCode
      isExpanded
      variant={ClipboardCopyVariant.expansion}
      hoverTip="Copy"
      clickTip="Copied"
      textAriaLabel={label}
      toggleAriaLabel={`Show: ${label}`}
    >
      {text}
    </ClipboardCopy>
  );
}
