"""What goes wrong with clocks, virtual functions and packets, and what that does to a network."""

import random
from collections.abc import Mapping

from contracts.cnf import CnfArea, CnfStatusChanged
from tests.kit.builders import cnf_status_changed
from tests.kit.storm_causes import Symptom
from tests.kit.storm_fleet import Place, Workload
from tests.replays.scene import Scene, Script, Telling

_RAN, _CORE = ("ran-", "edge-"), ("core-", "iot-")


def _function(told: Telling, teams: tuple[str, ...]) -> Workload:
    """A network function: a workload of a team of the radio or core network, if there is one."""
    ours = told.at.ours()
    found = [one for one in ours if one.namespace.startswith(teams)]
    return told.source.choice(found or ours)


def _crashes(told: Telling, begin: float, function: Workload, at: int, kind: str) -> Symptom:
    pod, node = function.pods[at]
    changed = cnf_status_changed(
        cluster_id=told.at.id,
        area=CnfArea.WORKLOAD,
        name=f"{function.namespace}/{pod}",
        node_name=node,
        pod_namespace=function.namespace,
        cnf_type=kind,
        old_state="RUNNING",
        new_state="CRASHING",
        reason="CrashLoopBackOff",
        value=None,
    )
    return told.event(begin, changed)


def _clock(at: Place, node: str, interface: str, state: str, offset: float) -> CnfStatusChanged:
    return cnf_status_changed(
        cluster_id=at.id,
        area=CnfArea.PTP,
        name=f"{node}/{interface}",
        node_name=node,
        old_state="LOCKED" if state == "HOLDOVER" else "HOLDOVER",
        new_state=state,
        reason="the clock has lost its master",
        value=offset,
    )


def clock_drift(source: random.Random, at: Place) -> Scene:
    """A node's clock loses its master: the distributed unit there loses its radio units."""
    told = Telling(source, at)
    unit = _function(told, _RAN)
    number = source.randrange(len(unit.pods))
    pod, node = unit.pods[number]
    interface = source.choice(("ens1f0", "ens2fx"))
    told.tells(told.event(90, _clock(at, node, interface, "HOLDOVER", told.between(100, 400))))
    if told.chance(0.7):
        told.tells(told.event(240, _clock(at, node, interface, "FREERUN", told.between(2e3, 9e3))))
    if told.chance(0.6):
        of = {"node": node, "iface": interface, "process": "ptp4l", "namespace": "openshift-ptp"}
        told.tells(told.alert(60, "HighPtpSyncDelay", **of))
    told.says(told.of_service(-60, "DURadioLinkDegraded", unit, pod=pod))
    told.says(_crashes(told, told.between(200, 400), unit, number, "VDU"))
    told.says(told.crash(told.between(0, 120), unit, pod))
    for caller in told.callers(unit, 2, 4):
        told.errors(told.between(-20, 200), caller)
    same = (f"node/{node}", f"address/{at.addresses[node]}")
    return told.scene(f"clock/{node}/{interface}", *same)


def functions_exhausted(source: random.Random, at: Place) -> Scene:
    """A node has no virtual function left: network functions wait to be scheduled."""
    told = Telling(source, at)
    unit = _function(told, _RAN)
    pod, node = source.choice(unit.pods)
    device = f"{node}/openshift.io/du_fronthaul"
    changed = cnf_status_changed(
        cluster_id=at.id,
        area=CnfArea.SRIOV,
        name=device,
        node_name=node,
        old_state="AVAILABLE",
        new_state="EXHAUSTED",
        reason="all 8 virtual functions are in use",
        value=8.0,
    )
    told.tells(told.event(told.between(0, 60), changed))
    others = [one for one in told.on(node) if one[0] != unit]
    for workload, waiting in [(unit, pod), *told.some(others, 2, 4)]:
        begin = told.between(-1000, 0)
        told.says(told.of_pod(begin, "KubePodNotReady", workload, waiting))
        told.says(told.replicas(begin, workload))
        if workload == unit:
            told.says(told.of_service(begin + 800, "DURadioLinkDegraded", unit))
    for caller in told.callers(unit, 1, 3):
        told.errors(told.between(-200, 120), caller)
    return told.scene(f"device/{device}", f"node/{node}", f"address/{at.addresses[node]}")


def packets_dropped(source: random.Random, at: Place) -> Scene:
    """A fast path has too few buffers or cores: packets are dropped, and those behind it suffer."""
    told = Telling(source, at)
    path = _function(told, _CORE)
    for number, (pod, node) in enumerate(path.pods[:3]):
        if number and told.chance(0.4):
            continue
        changed = cnf_status_changed(
            cluster_id=at.id,
            area=CnfArea.DPDK,
            name=f"{path.namespace}/{pod}/{number}",
            node_name=node,
            pod_namespace=path.namespace,
            old_state="OK",
            new_state="DROPPING",
            reason="imissed grows",
            value=told.between(500, 90_000),
        )
        told.tells(told.event(told.between(60, 150), changed))
    if told.chance(0.6):
        told.tells(told.of_service(60, "UPFPacketLoss", path))
    for caller in told.callers(path, 3, 6):
        told.slow(told.between(-280, 60), caller)
        if told.chance(0.5):
            told.errors(told.between(0, 120), caller)
    name = f"{path.namespace}/{path.name}"
    return told.scene(f"workload/{name}", f"service/{name}")


def upf_crashes(source: random.Random, at: Place) -> Scene:
    """A user plane function ends again and again: sessions are lost, and none are set up."""
    told = Telling(source, at)
    upf = _function(told, _CORE)
    for number, (pod, _) in enumerate(upf.pods[:4]):
        if number and told.chance(0.4):
            continue
        told.tells(_crashes(told, told.between(60, 180), upf, number, "UPF"))
        told.tells(told.crash(told.between(0, 90), upf, pod))
    told.tells(told.of_service(0, "UPFSessionsLost", upf))
    if told.chance(0.5):
        told.tells(told.replicas(30, upf))
    for number, caller in enumerate(told.callers(upf, 3, 6)):
        if number < 2:
            told.says(told.of_service(-60, "SMFSessionEstablishmentFailures", caller))
        told.errors(told.between(-20, 150), caller)
    name = f"{upf.namespace}/{upf.name}"
    return told.scene(f"workload/{name}", f"service/{name}")


TELCO: Mapping[str, Script] = {
    "ptp clock drift": clock_drift,
    "sriov exhausted": functions_exhausted,
    "dpdk dropping": packets_dropped,
    "upf crashing": upf_crashes,
}
