"""What goes wrong where data is kept: databases, brokers, volumes, the storage of a cluster."""

import random
from collections.abc import Mapping

from tests.kit.storm_fleet import Place, Workload
from tests.replays.scene import Scene, Script, Telling


def _database(told: Telling) -> Workload:
    return told.workload(kind="statefulset", names=("postgres", "ledger"))


def _claim(workload: Workload, number: int) -> str:
    return f"data-{workload.pods[number][0]}"


def slow_database(source: random.Random, at: Place) -> Scene:
    """Callers wait for the database until they give up; its own rules come later, or not at all."""
    told = Telling(source, at)
    database = _database(told)
    of = {"job": "postgres-exporter", "datname": "app"}
    told.tells(told.of_service(60, "PostgreSQLSlowQueries", database, **of))
    if told.chance(0.5):
        told.tells(told.of_service(150, "PostgreSQLMaxConnectionsReached", database, **of))
    if told.chance(0.3):
        told.tells(told.of_service(100, "PostgreSQLDeadlocks", database, **of))
    for caller in told.callers(database, 3, 8):
        told.errors(told.between(20, 120), caller)
        told.slow(told.between(0, 60), caller)
    name = f"{database.namespace}/{database.name}"
    return told.scene(f"workload/{name}", f"service/{name}")


def volume_full(source: random.Random, at: Place) -> Scene:
    """A database cannot write any more, and ends."""
    told = Telling(source, at)
    database = _database(told)
    number = source.randrange(len(database.pods))
    pod, node = database.pods[number]
    claim = _claim(database, number)
    name = "KubePersistentVolumeFillingUp"
    told.tells(told.of_claim(source.choice((-600, 0)), name, database, claim, node=node))
    told.tells(told.crash(30, database, pod))
    told.tells(told.of_pod(30, "KubePodNotReady", database, pod))
    if told.chance(0.6):
        exporter = {"job": "postgres-exporter", "pod": pod}
        told.tells(told.of_service(40, "PostgreSQLDown", database, **exporter))
    if told.chance(0.6):
        told.tells(told.replicas(30, database))
    for caller in told.callers(database, 3, 7):
        told.errors(told.between(0, 90), caller)
        if told.chance(0.4):
            told.says(told.crash(told.between(60, 200), caller, caller.pods[0][0]))
    place = f"{database.namespace}/{database.name}"
    also = (f"pod/{database.namespace}/{pod}", f"workload/{place}", f"service/{place}")
    return told.scene(f"pvc/{database.namespace}/{claim}", *also)


def ceph_down(source: random.Random, at: Place) -> Scene:
    """The storage of the cluster does not answer: what has volumes hangs, in many namespaces."""
    told = Telling(source, at)
    ceph = {"namespace": "openshift-storage", "job": "rook-ceph-mgr", "managedBy": "ocs"}
    ceph |= {"service": "rook-ceph-mgr", "pod": "rook-ceph-mgr-a-7f9c8d6b54-x2k9d"}
    told.tells(told.alert(0, "CephClusterErrorState", **ceph))
    for daemon in range(source.randint(2, 4)):
        of = ceph | {"ceph_daemon": f"osd.{daemon}"}
        told.tells(told.alert(told.between(0, 90), "CephOSDDiskUnavailable", **of))
    for name in ("CephSlowOps", "CephPGUnavailable", "CephMonQuorumAtRisk"):
        if told.chance(0.4):
            told.tells(told.alert(30, name, **ceph))
    stateful = [one for one in at.ours() if one.claims]
    for workload in told.some(stateful, 4, 9):
        claim, (pod, node) = workload.claims[0], workload.pods[0]
        begin = told.between(-180, 180)
        told.says(told.of_claim(begin, "KubePersistentVolumeErrors", workload, claim, node=node))
        told.lost(begin, workload, pod)
        for caller in told.callers(workload, 0, 2):
            told.slow(told.between(-180, 60), caller)
    parts = [f"workload/openshift-storage/rook-ceph-{one}" for one in ("mgr-a", "osd-0", "mon-a")]
    service = "service/openshift-storage/rook-ceph-mgr"
    return told.scene("namespace/openshift-storage", service, *parts)


def broker_down(source: random.Random, at: Place) -> Scene:
    """A Kafka broker ends: partitions have no leader, and consumers fall behind."""
    told = Telling(source, at)
    kafka = told.workload(kind="statefulset", names=("kafka",), pods=2)
    pod, _ = source.choice(kafka.pods)
    told.tells(told.crash(0, kafka, pod))
    told.tells(told.of_pod(10, "KubePodNotReady", kafka, pod))
    told.tells(told.of_service(0, "KafkaBrokersDown", kafka, job="kafka-exporter"))
    for name in ("KafkaOfflinePartitions", "KafkaUnderReplicatedPartitions"):
        if told.chance(0.6):
            told.tells(told.of_service(60, name, kafka, job="kafka-exporter"))
    for caller in told.callers(kafka, 3, 7):
        exporter = {"namespace": kafka.namespace, "job": "kafka-exporter"}
        group = {"consumergroup": caller.name, "topic": f"{caller.name}-events"}
        begin = told.between(30, 120)
        told.says(told.alert(begin, "KafkaConsumerGroupLag", **exporter, **group))
        told.slow(told.between(0, 90), caller)
        if told.chance(0.4):
            told.errors(told.between(0, 60), caller)
    name = f"{kafka.namespace}/{kafka.name}"
    return told.scene(f"pod/{kafka.namespace}/{pod}", f"workload/{name}", f"service/{name}")


DATA: Mapping[str, Script] = {
    "slow database": slow_database,
    "volume full": volume_full,
    "ceph down": ceph_down,
    "kafka broker down": broker_down,
}
