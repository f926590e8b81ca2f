"""What goes wrong between things: names, certificates, routers, meshes, the cluster's network."""

import random
from collections.abc import Mapping

from tests.kit.storm_fleet import Place, Workload
from tests.replays.scene import Scene, Script, Telling


def dns_broken(source: random.Random, at: Place) -> Scene:
    """Names are not resolved: what needs them fails everywhere, before CoreDNS says so."""
    told = Telling(source, at)
    dns = {"namespace": "openshift-dns", "job": "dns-default", "service": "dns-default"}
    told.tells(told.alert(0, "CoreDNSErrorsHigh", **dns))
    if told.chance(0.6):
        zone = {"zone": ".", "to": "10.0.0.53:53"}
        told.tells(told.alert(0, "CoreDNSForwardErrorsHigh", **dns, **zone))
    if told.chance(0.4):
        told.tells(told.alert(0, "CoreDNSPanicking", **dns))
    told.tells(told.operator(0, "ClusterOperatorDegraded", "dns", "DNSDegraded"))
    for workload in told.some(told.at.ours(), 10, 20):
        told.errors(told.between(0, 180), workload)
        if told.chance(0.2):
            told.says(told.crash(told.between(30, 200), workload, workload.pods[0][0]))
    if told.chance(0.5):
        told.says(told.operator(60, "ClusterOperatorDown", "console"))
    named = ("namespace/openshift-dns", "namespace/openshift-dns-operator")
    parts = ("workload/openshift-dns/dns-default", "service/openshift-dns/dns-default")
    return told.scene("operator/dns", *named, *parts)


def certificate_expired(source: random.Random, at: Place) -> Scene:
    """A service's certificate has run out: its callers do not trust it any more."""
    told = Telling(source, at)
    broken = told.workload(names=("auth", "gateway", "payments", "api", "users"))
    # cert-manager names a certificate and a namespace only: no word of it is the service's.
    of = {"name": f"{broken.name}-tls", "exported_namespace": broken.namespace}
    told.tells(told.alert(-300, "CertManagerCertNotReady", **of, namespace="cert-manager"))
    told.tells(told.probe(0, "BlackboxSslCertificateExpired", broken))
    if told.chance(0.7):
        told.tells(told.probe(10, "ProbeFailed", broken))
    for caller in told.callers(broken, 3, 8):
        told.errors(told.between(-20, 60), caller)
    for caller in told.some(told.at.ours(), 1, 3):
        if caller != broken:
            told.errors(told.between(0, 60), caller)
    name = f"{broken.namespace}/{broken.name}"
    return told.scene(f"service/{name}", f"workload/{name}")


def router_down(source: random.Random, at: Place) -> Scene:
    """No request from outside comes in."""
    told = Telling(source, at)
    router = Workload("openshift-ingress", "router-default", "deployment", ())
    pods = ("router-default-7d9c6f5b8-2xkzq", "router-default-7d9c6f5b8-9wvtl")
    of = {"namespace": router.namespace, "job": "router-internal-default"}
    of |= {"service": "router-internal-default"}
    for pod in pods:
        told.tells(told.alert(told.between(0, 15), "HAProxyDown", **of, pod=pod))
        if told.chance(0.5):
            told.tells(told.crash(20, router, pod))
    controller = {"namespace": "openshift-ingress-operator", "name": "default"}
    told.tells(told.alert(30, "IngressControllerUnavailable", **controller))
    told.tells(told.operator(60, "ClusterOperatorDegraded", "ingress", "IngressDegraded"))
    for workload in told.some(at.ours(), 8, 20):
        told.says(told.probe(told.between(0, 60), "ProbeFailed", workload))
        if told.chance(0.5):
            told.errors(told.between(0, 60), workload)
    for operator in ("console", "authentication"):
        if told.chance(0.6):
            told.says(told.operator(60, "ClusterOperatorDown", operator, "RouteHealth"))
    named = ("namespace/openshift-ingress", "namespace/openshift-ingress-operator")
    parts = ("workload/openshift-ingress/router-default",)
    service = "service/openshift-ingress/router-internal-default"
    return told.scene("operator/ingress", *named, *parts, service)


def cni_degraded(source: random.Random, at: Place) -> Scene:
    """No new pod gets an address; those that run keep theirs."""
    told = Telling(source, at)
    of = {"namespace": "openshift-ovn-kubernetes", "job": "ovnkube-node"}
    told.tells(told.operator(0, "ClusterOperatorDegraded", "network", "RolloutHung"))
    if told.chance(0.6):
        told.tells(told.alert(30, "NoOvnClusterManagerLeader", **of))
    told.tells(told.alert(0, "OVNKubernetesNodePodAddError", **of))
    daemon = next(one for one in at.workloads if one.name == "ovnkube-node")
    for pod, node in told.some(daemon.pods, 2, 5):
        told.tells(told.crash(told.between(0, 60), daemon, pod))
        if told.chance(0.5):
            told.tells(told.of_node(60, "NodeWithoutOVNKubeNodePodRunning", node))
    for workload in told.some(at.ours(), 6, 12):
        told.lost(told.between(-300, 200), workload, source.choice(workload.pods)[0])
    part = "workload/openshift-ovn-kubernetes/ovnkube-node"
    return told.scene("operator/network", "namespace/openshift-ovn-kubernetes", part)


def mesh_misrouting(source: random.Random, at: Place) -> Scene:
    """A gateway of the mesh sends requests to where nobody serves them."""
    told = Telling(source, at)
    gateway = {"namespace": "istio-system", "service": "istio-ingressgateway"}
    told.tells(told.alert(0, "IstioHigh5xxErrorRate", **gateway, response_flags="NR"))
    if told.chance(0.5):
        told.tells(told.alert(30, "IstioRequestLatencyHigh", **gateway))
    if told.chance(0.4):
        pilot = {"namespace": "istio-system", "job": "istiod", "type": "rds"}
        told.tells(told.alert(0, "IstioPilotPushErrors", **pilot))
    chosen = told.source.choice(at.ours()).namespace
    there = [one for one in at.ours() if one.namespace == chosen]
    for workload in told.some(there, 3, 8):
        told.errors(told.between(-30, 90), workload)
        if told.chance(0.5):
            told.says(told.probe(told.between(-20, 30), "ProbeFailed", workload))
    name = "istio-system/istio-ingressgateway"
    return told.scene(f"service/{name}", f"workload/{name}", "namespace/istio-system")


def addresses_used_up(source: random.Random, at: Place) -> Scene:
    """A node has given all the addresses of its subnet to pods: no further one starts there."""
    told = Telling(source, at)
    node = told.node()
    of = {"namespace": "openshift-ovn-kubernetes", "node": node}
    told.tells(told.alert(-300, "V4SubnetAllocationThresholdExceeded", **of))
    kubelet = {"job": "kubelet", "node": node, "instance": f"{at.addresses[node]}:10250"}
    told.tells(told.alert(0, "KubeletTooManyPods", **kubelet))
    if told.chance(0.6):
        told.tells(told.alert(0, "KubeletPodStartUpLatencyHigh", **kubelet))
    for workload, pod in told.some(told.on(node), 4, 8):
        waits = {"container": workload.name, "reason": "ContainerCreating"}
        begin = told.between(-500, 120)
        told.says(told.of_pod(begin, "KubeContainerWaiting", workload, pod, **waits))
        told.lost(begin, workload, pod)
    return told.scene(f"node/{node}", f"address/{at.addresses[node]}")


NETWORK: Mapping[str, Script] = {
    "dns broken": dns_broken,
    "certificate expired": certificate_expired,
    "ingress router down": router_down,
    "cni degraded": cni_degraded,
    "mesh misrouting": mesh_misrouting,
    "addresses used up": addresses_used_up,
}
