"""What goes wrong with workloads of teams, and what that does to those that call them."""

import random
from collections.abc import Mapping

from tests.kit.storm_fleet import Place, Workload
from tests.replays.scene import Scene, Script, Telling


def _named(workload: Workload) -> tuple[str, str]:
    """A service has its workload's name here."""
    name = f"{workload.namespace}/{workload.name}"
    return f"workload/{name}", f"service/{name}"


def bad_rollout(source: random.Random, at: Place) -> Scene:
    """A new image ends as soon as it begins: callers fail long before that shows."""
    told = Telling(source, at)
    bad = told.workload(kind="deployment", pods=2)
    for pod, _ in told.some(bad.pods, 2, 8):
        told.tells(told.crash(told.between(0, 90), bad, pod))
        if told.chance(0.5):
            told.tells(told.of_pod(told.between(0, 60), "KubePodNotReady", bad, pod))
    told.tells(told.of_workload(30, "KubeDeploymentRolloutStuck", bad))
    told.rolled_out(-20, bad)
    if told.chance(0.7):
        told.tells(told.replicas(20, bad))
    if told.chance(0.6):
        told.tells(told.of_service(20, "HighErrorRate", bad))
    for caller in told.callers(bad, 2, 6):
        told.errors(told.between(-20, 60), caller)
    return told.scene(*_named(bad))


def image_not_pulled(source: random.Random, at: Place) -> Scene:
    """A tag that is not in the registry: new pods wait, and there are too few for the load."""
    told = Telling(source, at)
    bad = told.workload(kind="deployment", pods=2)
    reason = source.choice(("ImagePullBackOff", "ErrImagePull"))
    for pod, _ in told.some(bad.pods, 2, 6):
        waits = {"container": bad.name, "reason": reason}
        told.tells(told.of_pod(0, "KubeContainerWaiting", bad, pod, **waits))
        if told.chance(0.7):
            told.tells(told.of_pod(0, "KubePodNotReady", bad, pod))
    told.tells(told.of_workload(10, "KubeDeploymentRolloutStuck", bad))
    told.tells(told.budget(20, bad))
    told.rolled_out(-20, bad)
    for caller in told.callers(bad, 2, 5):
        told.slow(told.between(10, 200), caller)
    return told.scene(*_named(bad))


def memory_leak(source: random.Random, at: Place) -> Scene:
    """Its containers are killed one after the other, and each time requests are lost."""
    told = Telling(source, at)
    leaking = told.workload(kind="deployment", pods=2)
    for number, (pod, _) in enumerate(told.some(leaking.pods, 2, 6)):
        begin = number * told.between(60, 150)
        of = {"container": leaking.name}
        if told.chance(0.6):
            told.tells(told.of_pod(begin - 150, "ContainerHighMemoryUsage", leaking, pod, **of))
        killed = of | {"reason": "OOMKilled"}
        told.tells(told.of_pod(begin, "KubeContainerOOMKilled", leaking, pod, **killed))
        if told.chance(0.5):
            told.tells(told.crash(begin, leaking, pod))
    for caller in told.callers(leaking, 2, 5):
        told.errors(told.between(0, 200), caller)
    return told.scene(*_named(leaking))


def retry_storm(source: random.Random, at: Place) -> Scene:
    """A dependency gets slow, its callers ask again and again, and fail before it says a word."""
    told = Telling(source, at)
    slow = told.workload(names=("auth", "users", "inventory", "pricing", "sessions"))
    told.tells(told.of_service(0, "HighRequestLatency", slow))
    if told.chance(0.6):
        told.tells(told.hpa(120, slow))
    if told.chance(0.5):
        pod = source.choice(slow.pods)[0]
        told.tells(told.of_pod(120, "CPUThrottlingHigh", slow, pod, container=slow.name))
    for caller in told.callers(slow, 4, 9):
        told.errors(told.between(15, 150), caller)
        if told.chance(0.4):
            told.says(told.hpa(told.between(60, 150), caller))
        if told.chance(0.3):
            told.says(told.crash(told.between(60, 150), caller, caller.pods[0][0]))
    return told.scene(*_named(slow))


def quota_exhausted(source: random.Random, at: Place) -> Scene:
    """A namespace may have no more pods: what is updated or scaled there stays too small."""
    told = Telling(source, at)
    one = told.workload()
    namespace = one.namespace
    of = {"namespace": namespace, "job": "kube-state-metrics"}
    resource = source.choice(("requests.cpu", "pods", "limits.memory"))
    quota = of | {"resourcequota": "compute", "resource": resource}
    told.tells(told.alert(-600, "KubeQuotaFullyUsed", **quota))
    if told.chance(0.6):
        told.tells(told.alert(0, "KubeQuotaExceeded", **quota))
    there = [one for one in at.ours() if one.namespace == namespace]
    for workload in told.some(there, 3, 7):
        begin = told.between(-1000, 60)
        told.says(told.replicas(begin, workload))
        if workload.kind == "deployment" and told.chance(0.4):
            told.says(told.of_workload(begin, "KubeDeploymentRolloutStuck", workload))
        told.slow(begin + 60, workload)
    # Others call what is there, from namespaces of their own.
    outside = [one for one in at.ours() if one.namespace != namespace]
    for caller in told.some(outside, 1, 3):
        told.slow(told.between(-900, 120), caller)
    return told.scene(f"namespace/{namespace}")


def configuration(source: random.Random, at: Place) -> Scene:
    """A limit that is too low, or a key that is missing, and one workload does not start."""
    told = Telling(source, at)
    bad = told.workload(pods=2)
    reason = source.choice(("CreateContainerConfigError", "OOMKilled", "CrashLoopBackOff"))
    for pod, _ in told.some(bad.pods, 2, 5):
        of = {"container": bad.name, "reason": reason}
        name = "KubeContainerOOMKilled" if reason == "OOMKilled" else "KubeContainerWaiting"
        told.tells(told.of_pod(told.between(0, 60), name, bad, pod, **of))
        if told.chance(0.5):
            told.tells(told.of_pod(told.between(0, 60), "KubePodNotReady", bad, pod))
    told.tells(told.replicas(30, bad))
    told.configured(-30, bad)
    if bad.kind == "deployment" and told.chance(0.5):
        told.tells(told.of_workload(0, "KubeDeploymentGenerationMismatch", bad))
    for caller in told.callers(bad, 2, 6):
        told.errors(told.between(0, 120), caller)
    return told.scene(*_named(bad))


def real_load(source: random.Random, at: Place) -> Scene:
    """More is asked than it may scale to: nothing is broken."""
    told = Telling(source, at)
    busy = told.workload(names=("frontend", "gateway", "cart", "search"), kind="deployment")
    told.tells(told.hpa(0, busy), told.of_service(120, "HighRequestLatency", busy))
    for pod, _ in told.some(busy.pods, 1, 4):
        if told.chance(0.6):
            told.tells(told.of_pod(0, "CPUThrottlingHigh", busy, pod, container=busy.name))
    if told.chance(0.4):
        told.tells(told.of_service(200, "HighErrorRate", busy))
    for caller in told.callers(busy, 2, 5):
        told.slow(told.between(60, 200), caller)
    return told.scene(*_named(busy))


def cron_piles_up(source: random.Random, at: Place) -> Scene:
    """A job takes longer than until the next one: they pile up and take what others need."""
    told = Telling(source, at)
    host = told.workload()
    name = f"{host.name}-nightly"
    of = {"namespace": host.namespace, "job": "kube-state-metrics"}
    jobs = [f"{name}-{29_012_340 + 15 * one}" for one in range(source.randint(3, 6))]
    told.tells(told.alert(0, "KubeCronJobRunning", **of, cronjob=name))
    for number, job in enumerate(jobs):
        if told.chance(0.6):
            told.tells(told.alert(number * 60 - 900, "KubeJobFailed", **of, job_name=job))
    cron = Workload(host.namespace, name, "cronjob", ())
    suffixes = ("b4k2x", "zt6vq", "m9c7d")
    for job, suffix in zip(jobs, suffixes, strict=False):
        told.tells(told.of_pod(0, "KubePodNotReady", cron, f"{job}-{suffix}"))
    quota = of | {"resourcequota": "compute", "resource": "pods"}
    told.says(told.alert(600, "KubeQuotaFullyUsed", **quota))
    for workload in told.some(told.neighbours(host), 2, 5):
        told.slow(told.between(300, 900), workload)
        if told.chance(0.5):
            told.says(told.replicas(told.between(300, 900), workload))
    same = [f"workload/{host.namespace}/{job}" for job in jobs]
    return told.scene(f"workload/{host.namespace}/{name}", *same)


def one_bad_pod(source: random.Random, at: Place) -> Scene:
    """One pod of a workload answers wrong, behind a service that still sends to it."""
    told = Telling(source, at)
    bad = told.workload(kind="deployment", pods=3)
    pod, _ = source.choice(bad.pods)
    told.tells(told.of_service(30, "ErrorBudgetBurn", bad, slo="availability"))
    told.tells(told.of_service(0, "HighErrorRate", bad, pod=pod))
    if told.chance(0.4):
        told.tells(told.of_pod(0, "KubePodNotReady", bad, pod))
    for caller in told.callers(bad, 3, 7):
        told.errors(told.between(-30, 60), caller)
    return told.scene(*_named(bad), f"pod/{bad.namespace}/{pod}")


APPS: Mapping[str, Script] = {
    "bad rollout": bad_rollout,
    "image not pulled": image_not_pulled,
    "memory leak": memory_leak,
    "retry storm": retry_storm,
    "quota exhausted": quota_exhausted,
    "configuration": configuration,
    "real load": real_load,
    "cron jobs pile up": cron_piles_up,
    "one bad pod": one_bad_pod,
}
