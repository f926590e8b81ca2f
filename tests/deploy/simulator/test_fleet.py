"""What a fleet consists of."""

from contracts.clusters import ClusterType, Platform
from deploy.simulator.cluster import Cluster, Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.workloads import Workload


def test_the_same_seed_makes_the_same_fleet() -> None:
    assert Fleet.make(20, seed=7) == Fleet.make(20, seed=7)


def test_another_seed_makes_another_fleet() -> None:
    assert Fleet.make(20, seed=7) != Fleet.make(20, seed=8)


def test_a_larger_fleet_begins_with_the_same_clusters() -> None:
    small, large = Fleet.make(5, seed=7), Fleet.make(9, seed=7)
    assert [each.name for each in large.clusters[:5]] == [each.name for each in small.clusters]
    assert large.clusters[1:5] == small.clusters[1:]


def test_a_fleet_of_twelve_has_something_of_everything(fleet: Fleet) -> None:
    clusters = fleet.clusters
    assert {each.cluster_type for each in clusters} == set(ClusterType)
    assert {each.platform for each in clusters} == set(Platform)
    assert {kind for each in clusters for kind in each.traits.cnf} == {"cu", "du", "upf"}
    for trait in ("gpu_nodes", "mesh", "loki", "tempo"):
        assert {bool(getattr(each.traits, trait)) for each in clusters} == {True, False}, trait


def test_a_far_edge_cluster_has_no_traces_and_no_logs(fleet: Fleet) -> None:
    far = [each for each in fleet.clusters if each.cluster_type is ClusterType.FAR_EDGE]
    assert far
    for each in far:
        assert each.backend(Part.PROMETHEUS)
        assert not each.backend(Part.TEMPO)
        assert not each.backend(Part.LOKI)


def test_the_hub_manages_all_others(fleet: Fleet) -> None:
    hub, *others = fleet.clusters
    assert hub.manages == tuple(each.name for each in others)


def test_a_cluster_has_as_many_nodes_and_pods_as_were_asked_for() -> None:
    for cluster in Fleet.make(6, seed=1, nodes=9, pods=80).clusters:
        assert len(list(cluster.nodes())) == 9
        assert len(list(cluster.pods())) == cluster.pod_count == 80


def test_what_the_platform_needs_runs_even_where_no_pods_were_asked_for() -> None:
    (cluster,) = Fleet.make(1, seed=1, pods=0).clusters
    assert {pod.app for pod in cluster.pods()} >= {"prometheus-k8s", "coredns"}


def test_pods_are_in_the_order_of_the_api(fleet: Fleet) -> None:
    for cluster in fleet.clusters:
        keys = [(pod.namespace, pod.name) for pod in cluster.pods()]
        assert keys == sorted(set(keys))


def test_every_pod_runs_on_a_node_of_its_cluster(fleet: Fleet) -> None:
    for cluster in fleet.clusters:
        names = {node.name for node in cluster.nodes()}
        assert {pod.node for pod in cluster.pods()} <= names


def test_every_node_with_gpus_has_a_driver_pod_of_its_own() -> None:
    fleet = Fleet.make(12, seed=7, nodes=24)
    cluster = next(each for each in fleet.clusters if each.traits.gpu_nodes == 3)
    drivers = [pod for pod in cluster.pods() if pod.app == "nvidia-driver-daemonset"]
    with_gpus = [node.name for node in cluster.nodes() if node.gpus]
    assert sorted(pod.node for pod in drivers) == with_gpus
    assert len(with_gpus) == 3


def test_the_largest_cluster_holds_descriptions_and_not_ten_thousand_pods() -> None:
    (cluster,) = Fleet.make(1, seed=1, nodes=1000, pods=10_000).clusters
    assert len(cluster.workloads) < 30
    assert all(isinstance(each, Workload) for each in cluster.workloads)
    assert _distinct(cluster) == 10_000


def test_tokens_are_never_shared(fleet: Fleet) -> None:
    tokens = [account.token for each in fleet.clusters for account in each.accounts]
    tokens += [one.token for each in fleet.clusters for one in each.backends if one.token]
    assert len(tokens) == len(set(tokens))


def _distinct(cluster: Cluster) -> int:
    return len({(pod.namespace, pod.name) for pod in cluster.pods()})
