"""What goes wrong by the clock, and what goes wrong as it is ordered."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from deploy.simulator import alerts
from deploy.simulator.cluster import Cluster
from deploy.simulator.incidents import Incident, Stage, happening, progress, suffered
from deploy.simulator.simulator import Running
from tests.deploy.simulator.asking import NOON, NOON_S, fleet
from tests.deploy.simulator.reaching import Clients

INCIDENTS = "/_control/incidents"
DAY = 86_400


def scripted(number: int = 1) -> Cluster:
    cluster = fleet().clusters[number]
    cluster.stage.scripted = True
    return cluster


@pytest.mark.parametrize("incident", Incident)
def test_every_incident_comes_and_ends_several_times_a_day(incident: Incident) -> None:
    cluster = scripted()
    moments = [NOON_S + 30 * step for step in range(DAY // 30)]
    states = [happening(cluster, incident, at) is not None for at in moments]
    begins = sum(after and not before for before, after in pairwise(states))
    assert 3 <= begins <= 30
    assert sum(states) < len(states) / 2


def test_clusters_have_their_incidents_at_times_of_their_own() -> None:
    began = {
        happening(scripted(number), Incident.PTP_DRIFT, NOON_S + step)
        for number in (1, 2, 3)
        for step in range(0, 3600, 10)
    }
    assert len({each.began % 3600 for each in began if each}) == 3


def test_nothing_goes_wrong_in_a_calm_cluster() -> None:
    cluster = fleet().clusters[1]
    for incident in Incident:
        assert all(
            happening(cluster, incident, NOON_S + 60 * step) is None for step in range(DAY // 60)
        )
        assert suffered(cluster, incident, NOON_S) == 0


def test_an_order_begins_goes_on_and_ends() -> None:
    cluster = fleet().clusters[1]
    cluster.stage.order(Incident.PTP_DRIFT, NOON_S, 100)
    told = [progress(cluster, Incident.PTP_DRIFT, NOON_S + at) for at in (-1, 0, 50, 99, 100)]
    assert told == [None, 0, 0.5, 0.99, None]
    assert progress(cluster, Incident.GPU_HOT, NOON_S + 50) is None


def test_an_order_takes_the_place_of_the_script_and_leaves_the_past_as_it_was() -> None:
    cluster = scripted()
    before = [happening(cluster, Incident.GPU_HOT, NOON_S - 60 * step) for step in range(1, 300)]
    cluster.stage.order(Incident.GPU_HOT, NOON_S, 0)
    after = [happening(cluster, Incident.GPU_HOT, NOON_S - 60 * step) for step in range(1, 300)]
    assert before == after
    assert any(before)
    assert all(
        happening(cluster, Incident.GPU_HOT, NOON_S + 60 * step) is None
        for step in range(DAY // 60)
    )


def test_a_later_order_ends_an_earlier_one() -> None:
    cluster = fleet().clusters[1]
    cluster.stage.order(Incident.GPU_LOST, NOON_S, 1000)
    cluster.stage.order(Incident.GPU_LOST, NOON_S + 100, 0)
    assert progress(cluster, Incident.GPU_LOST, NOON_S + 99) == 0.099
    assert progress(cluster, Incident.GPU_LOST, NOON_S + 101) is None
    assert suffered(cluster, Incident.GPU_LOST, NOON_S + 5000) == 100


ORDERS = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 900)), max_size=8)


@given(ORDERS, st.booleans())
def test_what_was_suffered_never_shrinks_and_grows_just_while_it_is_under_way(
    orders: list[tuple[float, float]], by_the_clock: bool
) -> None:
    cluster = fleet().clusters[1]
    cluster.stage.scripted = by_the_clock
    began = NOON_S
    for pause, seconds in orders:
        began += pause
        cluster.stage.order(Incident.DPDK_DROPS, began, seconds)
    moments = [NOON_S - 4000 + 97 * step for step in range(150)]
    totals = [suffered(cluster, Incident.DPDK_DROPS, at) for at in moments]
    assert totals == sorted(totals)
    under_way = [happening(cluster, Incident.DPDK_DROPS, at) for at in moments]
    for before, after, now in zip(totals, totals[1:], under_way[1:], strict=False):
        assert after - before <= 97.001
        if now is not None and now.began < NOON_S:
            assert after > before


def test_only_so_many_orders_are_remembered() -> None:
    stage = Stage()
    for number in range(1000):
        stage.order(Incident.GPU_HOT, NOON_S + number, 1)
    assert len(stage.ordered(Incident.GPU_HOT)) <= 101


async def test_whoever_directs_orders_incidents_and_sees_them(
    running: Running, clients: Clients
) -> None:
    control, cluster = clients.control(running), running.cluster("edge-1")
    order = {"cluster": "edge-1", "incident": "vf_shortage", "seconds": 600}
    told = (await control.post(INCIDENTS, json=order)).json()
    assert 0 <= told["edge-1"]["vf_shortage"] < 0.5
    assert set((await control.get(INCIDENTS)).json()) == {"edge-1"}
    told = (await control.post(INCIDENTS, json=order | {"seconds": 0})).json()
    assert told == {}
    cluster.happen(Incident.POD_CRASH, 600)
    assert set((await control.get(INCIDENTS)).json()["edge-1"]) == {"pod_crash"}


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"cluster": "edge-1", "incident": "flood", "seconds": 1}, 422),
        ({"cluster": "edge-1", "incident": "gpu_hot", "seconds": -1}, 422),
        ({"cluster": "edge-1", "incident": "gpu_hot", "minutes": 1}, 422),
        ({"cluster": "edge-99", "incident": "gpu_hot", "seconds": 1}, 404),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    running: Running, clients: Clients, order: dict[str, object], code: int
) -> None:
    control = clients.control(running)
    assert (await control.post(INCIDENTS, json=order)).status_code == code
    assert (await control.get(INCIDENTS)).json() == {}
    assert (await control.put(INCIDENTS, json=order)).status_code == 405


def test_an_incident_is_told_by_the_alertmanager_while_it_lasts() -> None:
    for number, incident, name in (
        (2, Incident.GPU_HOT, "GpuTemperatureHigh"),
        (2, Incident.GPU_LOST, "GpuXidError"),
        (2, Incident.GPU_MEMORY, "GpuMemoryError"),
        (1, Incident.PTP_DRIFT, "PtpClockNotLocked"),
        (1, Incident.VF_SHORTAGE, "SriovFunctionsExhausted"),
        (1, Incident.DPDK_DROPS, "DpdkPacketsDropped"),
        (1, Incident.POD_CRASH, "KubePodCrashLooping"),
    ):
        cluster = fleet().clusters[number]
        cluster.stage.order(incident, NOON_S, 60)
        told = {each.labels["alertname"]: each for each in alerts.firing(cluster, NOON)}
        assert told[name].starts_at == NOON
        later = alerts.firing(cluster, NOON + timedelta(seconds=61))
        assert name not in {each.labels["alertname"] for each in later}
