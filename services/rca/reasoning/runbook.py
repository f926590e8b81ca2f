"""What to look at and do next, by the class of a cause: a catalogue, nothing is carried out.

Commands only read; what changes a cluster is told in words, for people to decide.
"""

import re
from dataclasses import dataclass

from services.rca.reasoning.knowledge import Class
from services.rca.reasoning.places import Entity

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""As Kubernetes allows it (RFC 1123)."""


@dataclass(frozen=True, slots=True)
class Action:
    """A step for people."""

    text: str
    command: str = ""
    """To read more by, in a shell that is logged in to the cluster; empty if there is none."""


_STEPS: dict[Class, tuple[tuple[str, str], ...]] = {
    Class.CONTROL: (
        ("See whether etcd has a leader and its disks keep up", "oc get pods -n openshift-etcd"),
        ("See which operators are down", "oc get clusteroperators"),
    ),
    Class.NODE: (
        ("Look at the node's conditions and events", "oc describe node {name}"),
        ("See what runs there", "oc get pods -A --field-selector spec.nodeName={name}"),
        ("If it does not come back, drain it and have its machine repaired or replaced", ""),
    ),
    Class.NETWORK: (
        ("Look at the network operator", "oc get clusteroperator network -o yaml"),
        ("See which nodes' network pods are not ready", "oc get pods -n openshift-ovn-kubernetes"),
    ),
    Class.STORAGE: (
        ("Look at what claims wait for", "oc get pvc -A"),
        ("Look at the storage cluster", "oc get cephcluster,storagecluster -A"),
        ("Make room or grow the volume before restarting what uses it", ""),
    ),
    Class.DNS: (
        ("Look at the DNS pods", "oc get pods -n openshift-dns"),
        ("See whether the upstream resolvers answer", "oc logs -n openshift-dns ds/dns-default"),
    ),
    Class.INGRESS: (
        ("Look at the routers", "oc get pods -n openshift-ingress"),
        ("Look at the ingress operator", "oc get clusteroperator ingress -o yaml"),
    ),
    Class.REGISTRY: (
        ("Look at the image registry", "oc get clusteroperator image-registry -o yaml"),
    ),
    Class.CERTIFICATE: (
        ("See which certificates have run out", "oc get certificates,secrets -n {namespace}"),
        ("Renew it, and restart what keeps the old one in memory", ""),
    ),
    Class.CLOCK: (
        ("See how far the clock is off", "oc get ptpconfig,nodeptpdevice -A"),
        ("Look at the source of time and the way to it before restarting anything", ""),
    ),
    Class.GPU: (
        ("Look at the GPU on its node", "oc describe node {name}"),
        ("After an uncontained XID: drain the node and reset the GPU", ""),
        ("When it throttles: look at cooling and power limits", ""),
    ),
    Class.DEVICE: (("Look at the device's state", "oc get sriovnetworknodestates -A"),),
    Class.QUOTA: (
        ("See what is used up", "oc describe resourcequota,limitrange -n {namespace}"),
        ("Raise the quota, or take away what is not needed", ""),
    ),
    Class.RESOURCE: (
        ("See what it uses against its limits", "oc adm top pods -n {namespace} --containers"),
        ("Compare with before its last change; raise the limit only if the need is real", ""),
    ),
    Class.DATASTORE: (
        ("Look at the data store's pods and events", "oc get pods,events -n {namespace}"),
        ("Look at its slowest queries, connections and disk before restarting it", ""),
    ),
    Class.WORKLOAD: (
        ("See what its containers say", "oc logs -n {namespace} {name} --previous"),
        ("See what was changed last", "oc rollout history -n {namespace} deployment/{name}"),
        ("If it began with a rollout, roll back", ""),
    ),
    Class.CHANGE: (
        ("See what was changed, by whom, and whether it can be taken back", ""),
        ("Look at the workload's rollouts", "oc get replicasets -n {namespace}"),
    ),
    Class.POD: (("See what it waits for", "oc get events -n {namespace}"),),
    Class.LOAD: (
        ("Compare its requests with before", ""),
        ("Raise the upper limit of the autoscaler, or shed load", ""),
    ),
    Class.SERVICE: (("Look at traces and logs of the service around the beginning", ""),),
    Class.WATCHING: (("See whether monitoring itself is down", "oc get pods -n {namespace}"),),
}


def actions(kind: Class, entity: Entity) -> tuple[Action, ...]:
    """The steps for a cause.

    Without commands that need a place it does not have, or whose names are none of Kubernetes:
    they come from labels, and end up in people's shells.
    """
    name, namespace = entity.word.rpartition("/")[2], entity.namespace or ""
    of_node = kind not in (Class.NODE, Class.GPU) or entity.kind == "node"
    found: list[Action] = []
    for text, command in _STEPS.get(kind, ()):
        named = "{name}" not in command or bool(_NAME.fullmatch(name))
        placed = "{namespace}" not in command or bool(_NAME.fullmatch(namespace))
        usable = of_node and named and placed
        found.append(Action(text, command.format(name=name, namespace=namespace) if usable else ""))
    return tuple(found)
