"""How a cluster is, judged from its checks."""

from collections import Counter
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from contracts.clusters import (
    Check,
    Checked,
    ClusterState,
    ClusterStatusChanged,
    ClusterType,
    Connectivity,
)
from services.clusters import status
from services.runtime import schedules
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.kit import builders

ID = builders.CLUSTER_ID
POLLED = tuple(each for each in Checked if each is not Checked.KORREL8R)
API, PROM, TEMPO, LOKI, AM = POLLED
ROUNDS = st.lists(st.booleans(), min_size=1, max_size=30)


def check(name: Checked, *, healthy: bool = True, answered: bool | None = None) -> Check:
    error = None if healthy else f"{name} is down"
    there = healthy if answered is None else answered
    return Check(name=name, healthy=healthy, latency_ms=1, error=error, answered=there)


def judged(*down: Checked, of: tuple[Checked, ...] = POLLED) -> ClusterStatusChanged:
    checks = [check(name, healthy=name not in down) for name in of]
    _, change = status.judge(ID, None, checks, rounds_since=0)
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("down", "score", "state"),
    [
        ((), 100, "ONLINE"),
        ((API,), 50, "OFFLINE"),
        ((PROM,), 80, "DEGRADED"),
        ((TEMPO,), 85, "DEGRADED"),
        ((LOKI,), 85, "DEGRADED"),
        ((AM,), 90, "DEGRADED"),
        ((PROM, TEMPO, LOKI, AM), 40, "DEGRADED"),
        (POLLED, 0, "OFFLINE"),
    ],
)
def test_score_and_state_follow_from_what_is_down(
    down: tuple[Checked, ...], score: int, state: str
) -> None:
    change = judged(*down)
    assert (change.health_score, change.new_state) == (score, state)


def test_an_api_server_that_does_not_know_us_is_down_but_there() -> None:
    checks = [check(API, healthy=False, answered=True), check(PROM)]
    _, change = status.judge(ID, None, checks, rounds_since=0)
    assert change is not None
    assert (change.health_score, change.new_state) == (50, ClusterState.DEGRADED)
    assert change.status.connectivity is Connectivity.CONNECTED


def test_a_note_is_told_where_no_check_has_an_error() -> None:
    told, _ = status.judge(ID, None, [check(PROM)], rounds_since=0, note="it has moved")
    assert told.last_error == "it has moved"
    told, _ = status.judge(ID, None, [check(PROM, healthy=False)], rounds_since=0, note="moved")
    assert told.last_error == "PROMETHEUS is down"


def test_nothing_to_check_is_unknown_and_has_no_score() -> None:
    change = judged(of=())
    assert (change.new_state, change.health_score) == (ClusterState.UNKNOWN, None)
    assert change.status.connectivity is None
    assert change.old_state is ClusterState.PROVISIONING


def test_what_is_not_checked_is_not_known() -> None:
    told = judged(of=(PROM, AM)).status
    assert (told.prometheus_healthy, told.alertmanager_healthy) == (True, True)
    assert (told.api_server_healthy, told.tempo_healthy, told.loki_healthy) == (None, None, None)


def test_without_an_api_server_to_ask_nothing_is_offline() -> None:
    change = judged(PROM, AM, of=(PROM, AM))
    assert (change.new_state, change.health_score) == (ClusterState.DEGRADED, 70)
    assert change.status.connectivity is Connectivity.DISCONNECTED


def test_the_reason_is_what_went_wrong_first() -> None:
    assert judged(TEMPO, AM).reason == "TEMPO is down"
    assert judged().reason == "every check has passed"


def test_the_same_again_is_no_event() -> None:
    first = judged(PROM)
    checks = [check(name, healthy=name is not PROM) for name in POLLED]
    slower = [each.model_copy(update={"latency_ms": 900, "error": each.error}) for each in checks]
    now, change = status.judge(ID, first, slower, rounds_since=1)
    assert change is None
    assert now == first.status


def test_another_error_alone_is_no_event() -> None:
    other = [Check(name=PROM, healthy=False, latency_ms=1, error="something else")]
    first = judged(PROM, of=(PROM,))
    assert status.judge(ID, first, other, rounds_since=1)[1] is None


def _play(rounds: list[bool]) -> list[ClusterStatusChanged]:
    """The events of these rounds, and never more known than the last of them."""
    events: list[ClusterStatusChanged] = []
    since = 0
    for answered in rounds:
        since += 1
        checks = [check(API, healthy=answered)]
        before = events[-1] if events else None
        _, change = status.judge(ID, before, checks, rounds_since=since if before else 0)
        if change is not None:
            events.append(change)
            since = 0
    return events


@given(ROUNDS)
def test_connectivity_is_that_of_the_last_five_rounds(rounds: list[bool]) -> None:
    last = rounds[-5:]
    flips = sum(one is not other for one, other in pairwise(last))
    expected = (
        Connectivity.INTERMITTENT
        if flips >= 2
        else Connectivity.CONNECTED
        if last[-1]
        else Connectivity.DISCONNECTED
    )
    assert _play(rounds)[-1].status.connectivity is expected


@given(ROUNDS)
def test_a_cluster_that_stays_as_it_is_ends_in_silence(rounds: list[bool]) -> None:
    events = _play(rounds)
    assert len(_play([*rounds, *[rounds[-1]] * 20])) <= len(events) + 1


@pytest.mark.parametrize(
    ("kind", "interval", "seconds"),
    [("HUB", 15, 5), ("SPOKE", 30, 10), ("EDGE", 60, 15), ("FAR_EDGE", 120, 30)],
)
def test_each_type_has_its_interval_and_time_out(kind: str, interval: int, seconds: int) -> None:
    assert status.interval_and_timeout(ClusterType(kind)) == (interval, seconds)


def test_once_a_day_is_at_a_time_of_its_own() -> None:
    rules = {schedules.spread(UUID(int=number), 86_400) for number in range(100)}
    assert len(rules) > 95
    for rule in rules:
        second, minute, hour, *rest = rule.split()
        assert rest == ["*", "*", "*"]
        assert (int(second) < 60, int(minute) < 60, int(hour) < 24) == (True, True, True)


def _fires(rule: str, seconds: int) -> list[int]:
    """The seconds, from a whole hour on, at which a rule is due."""
    second, minute, *rest = rule.split()
    assert rest == ["*", "*", "*", "*"]
    at = {int(each) for each in second.split(",")}
    start, step = (0, 1) if minute == "*" else map(int, minute.replace("-59/", " ").split())
    return [t for t in range(seconds) if t % 60 in at and (t // 60 - start) % step == 0]


@given(st.uuids(), st.sampled_from(list(ClusterType)))
def test_a_cluster_is_checked_once_an_interval(cluster: UUID, kind: ClusterType) -> None:
    interval, _ = status.interval_and_timeout(kind)
    due = _fires(schedules.spread(cluster, interval), 1200)
    assert len(due) == 1200 // interval
    assert {later - earlier for earlier, later in pairwise(due)} == {interval}


def test_a_thousand_clusters_are_spread_over_the_interval() -> None:
    clusters = [UUID(int=number * 7919) for number in range(1000)]
    due = Counter(_fires(schedules.spread(each, 30), 30)[0] for each in clusters)
    assert len(due) == 30
    assert max(due.values()) < 3 * 1000 / 30


def test_a_far_edge_is_metrics_only() -> None:
    urls = {
        "prometheus_url": "https://p.test",
        "tempo_url": "https://t.test",
        "loki_url": "https://l.test",
        "alertmanager_url": "https://a.test",
        "korrel8r_url": "https://k.test",
    }
    near, far = (
        builders.registered(cluster_type=kind, endpoints=urls).cluster
        for kind in ("EDGE", "FAR_EDGE")
    )
    logins = Logins(Login(origin=origin_of(near.api_server_url)))
    assert [*status.endpoints(near, logins)] == [*POLLED]
    assert [*status.with_a_login(near, logins)] == [*Checked]
    assert [*status.with_a_login(far)] == [PROM, AM]
    elsewhere = Logins(Login(origin="https://elsewhere.test:6443"))
    assert [*status.endpoints(far, elsewhere)] == [PROM, AM]
    assert [*status.endpoints(near)] == [PROM, TEMPO, LOKI, AM]
    assert [*status.endpoints(far)] == [PROM, AM]
