"""What-if over REST, end to end: what happened is run again, as it was and otherwise."""

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.replays import DifferenceKind, ReplayResult
from gateway.rest.documented_replays import ReplayList
from projections.replays.view import ReplayView
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.principals import Role
from services.runtime.settings import Settings
from services.runtime.settings_collecting import AnomalySettings, IncidentSettings
from tests.kit import replay_builders as made
from tests.kit.gateway import API, Json, Platform, alert, platform_on, refused
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.runtime import eventually, store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/replays"
QUICK = {
    "anomalies": AnomalySettings(learning_seconds=0),
    "incidents": IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5, quiet_seconds=3),
}


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that does not wait for long."""
    async with platform_on(platform_settings.model_copy(update=QUICK)) as running:
        yield running


def _lately(**asked: Any) -> Json:
    now = SystemClock().now()
    start, end = now - timedelta(minutes=30), now + timedelta(minutes=5)
    return {"start": start.isoformat(), "end": end.isoformat()} | asked


async def _ended(platform: Platform, answer: Any) -> ReplayView:
    assert answer.status_code == 201, answer.text
    where = answer.headers["location"]

    async def over() -> ReplayView | None:
        view = ReplayView.model_validate((await platform.http.get(where)).json())
        return None if view.state == "RUNNING" else view

    view = await eventually(over)
    assert view is not None
    return view


async def _run(platform: Platform, **asked: Any) -> ReplayResult:
    view = await _ended(platform, await platform.http.post(URL, json=_lately(**asked)))
    assert (view.state, view.reason) == ("COMPLETED", None)
    assert view.result is not None
    assert view.is_equal is view.result.is_equal
    return view.result


async def _trouble(platform: Platform) -> str:
    """Alerts of a node and of what runs on it, in incidents that were analysed."""
    cluster: str = (await platform.register())["id"]
    down = {"alertname": "KubeNodeNotReady", "severity": "critical", "node": "worker-3"}
    pods = [
        {"alertname": "KubePodNotReady", "severity": "warning", "node": "worker-3"}
        | {"namespace": f"team-{number}", "pod": f"app-7d9c6f5b8-{number:05}"}
        for number in range(5)
    ]
    await platform.report(cluster, *(alert(n, labels=each) for n, each in enumerate([down, *pods])))

    async def analysed() -> bool:
        items = (await platform.list("/incidents", cluster_id=cluster))["items"]
        known = (await platform.list("/analysis/rca", cluster_id=cluster))["total"]
        return sum(each["signals"] for each in items) == 6 and known > 0

    await eventually(analysed)
    return cluster


async def test_as_it_was_it_is_the_same(platform: Platform) -> None:
    cluster = await _trouble(platform)
    for kind in ("CORRELATION", "RCA"):
        result = await _run(platform, kind=kind, cluster_ids=[cluster])
        assert result.differences == (), kind
        assert result.is_equal
        assert result.told == result.again == result.equal > 0
    again = await _run(platform, kind="CORRELATION", cluster_ids=[cluster])
    assert again.signals_told == again.signals_again == 6
    assert again.seconds_to_tell == again.seconds_to_tell_again is not None


async def test_with_more_patience_it_would_have_been_told_later(platform: Platform) -> None:
    cluster = await _trouble(platform)
    patient = {"settle_seconds": 60, "settle_critical_seconds": 60}
    result = await _run(platform, kind="CORRELATION", cluster_ids=[cluster], correlation=patient)
    # It was asked for within this minute.
    assert (result.again, result.signals_lost, result.signals_told) == (0, 6, 6)
    assert {each.kind for each in result.differences} == {DifferenceKind.LOST}


async def test_a_cause_that_nothing_is_sure_enough_of_is_unknown(platform: Platform) -> None:
    cluster = await _trouble(platform)
    result = await _run(platform, kind="RCA", cluster_ids=[cluster], rca={"known_from": 1.0})
    assert result.told == result.again > 0
    assert {each.kind for each in result.differences} == {DifferenceKind.CHANGED}
    assert any("unknown" in each.text for each in result.differences)


async def test_detection_finds_the_same_again_and_less_if_it_wants_more(
    platform: Platform,
) -> None:
    cluster: str = (await platform.register())["id"]
    rng = random.Random(7)
    celsius = [rng.gauss(60, 1) for _ in range(230)] + [160.0] * 20
    celsius += [rng.gauss(60, 1) for _ in range(60)]
    end = SystemClock().now() - timedelta(seconds=5)
    for number, value in enumerate(celsius):
        sampled = end - timedelta(seconds=15 * (len(celsius) - number))
        one = gpu(temperature_celsius=value, processes=())
        sample = gpu_update(cluster_id=cluster, sampled_at=sampled, gpus=(one,))
        body = sample.model_dump_json().encode()
        await platform.gate.runtime.bus.publish(f"tel.gpu.{cluster}.{sample.node_name}", body)

    async def found() -> bool:
        items = (await platform.list("/anomalies", cluster_id=cluster))["items"]
        return bool(items) and all(each["ended_at"] for each in items)

    await eventually(found)
    day = timedelta(hours=3)
    asked = {"kind": "DETECTION", "cluster_ids": [cluster]}
    asked["start"] = (end - day).isoformat()
    result = await _run(platform, **asked)
    assert result.differences == ()
    assert result.told == result.again > 0
    assert result.rows > len(celsius)
    never = await _run(platform, **asked, detection={"learning_seconds": 86_400})
    assert (never.again, never.is_equal) == (0, False)
    assert {each.kind for each in never.differences} == {DifferenceKind.LOST}


async def test_two_run_at_once(platform: Platform) -> None:
    both = [
        await platform.http.post(URL, json=_lately(kind=kind)) for kind in ("CORRELATION", "RCA")
    ]
    assert {(await _ended(platform, each)).state.value for each in both} == {"COMPLETED"}


async def test_of_a_time_in_which_nothing_happened_all_is_equal(platform: Platform) -> None:
    for kind in ("CORRELATION", "DETECTION", "RCA"):
        empty = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
        result = await _run(platform, kind=kind, **empty)
        assert (result.told, result.again, result.is_equal) == (0, 0, True)


async def test_one_that_is_over_stays_as_it_is(platform: Platform) -> None:
    view = await _ended(platform, await platform.http.post(URL, json=_lately(kind="RCA")))
    answer = await platform.http.post(f"{URL}/{view.id}/cancel")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "COMPLETED"


async def _told(platform: Platform, *clusters: str) -> str:
    """One that the log tells to run, and that no worker has seen."""
    asked = made.replay_asked(cluster_ids=clusters or ())
    event = made.replay_started(replay_id=new_id(), asked=asked)
    first = await store(platform.gate.log, event, after=NOTHING)
    ended = made.replay_completed(
        replay_id=event.replay_id, asked=asked, result=made.replay_result(cluster=UUID(clusters[0]))
    )
    head = Head(first.sequence, 1)
    last = await store(platform.gate.log, ended, after=head)
    assert await platform.gate.positions.wait("replays", last.sequence, 20)
    return str(event.replay_id)


async def test_who_sees_a_part_is_shown_that_part(platform: Platform) -> None:
    mine, foreign = str(new_id()), str(new_id())
    one = await _told(platform, foreign, mine)
    async with platform.client(await platform.token(Role.VIEWER, mine)) as client:
        answer = await client.get(f"{URL}/{one}")
        listed = await client.get(URL)
    view = ReplayView.model_validate(answer.json())
    assert view.redacted
    assert view.result is not None
    assert (view.result.differences, view.result.left_out) == ((), 1)
    (item,) = ReplayList.model_validate(listed.json()).items
    assert [str(each) for each in item.asked.cluster_ids] == [mine]
    for each in (answer, listed):
        assert foreign not in each.text
    async with platform.client(await platform.token(Role.VIEWER, str(new_id()))) as client:
        refused(await client.get(f"{URL}/{one}"), "REPLAY_NOT_FOUND")
        assert (await client.get(URL)).json()["total"] == 0


async def test_what_differs_in_other_clusters_too_is_not_shown(platform: Platform) -> None:
    """An incident of a cluster may be of others, which whoever asked for it may not see."""
    mine, foreign = new_id(), new_id()
    asked = made.replay_asked(cluster_ids=(mine,))
    result = made.replay_result(cluster=mine)
    both = result.differences[0].model_copy(update={"cluster_ids": (mine, foreign)})
    event = made.replay_completed(
        replay_id=new_id(), asked=asked,
        result=result.model_copy(update={"differences": (*result.differences, both)}),
    )  # fmt: skip
    assert event.of_clusters == {mine, foreign}
    last = await store(platform.gate.log, event, after=NOTHING)
    assert await platform.gate.positions.wait("replays", last.sequence, 20)
    async with platform.client(await platform.token(Role.VIEWER, str(mine))) as client:
        answer = await client.get(f"{URL}/{event.replay_id}")
    view = ReplayView.model_validate(answer.json())
    assert view.result is not None
    assert (view.result.differences, view.result.left_out) == (result.differences, 1)
    assert (view.redacted, str(foreign) in answer.text) == (True, False)


async def test_it_is_shown_as_it_was(platform: Platform) -> None:
    one = await _told(platform, str(new_id()))
    now = ReplayView.model_validate((await platform.http.get(f"{URL}/{one}")).json())
    then = {"as_of_sequence": now.sequence}
    was = ReplayView.model_validate((await platform.http.get(f"{URL}/{one}", params=then)).json())
    assert (now.state, was.state, was.result) == ("COMPLETED", "RUNNING", None)
    before = {"as_of_sequence": now.sequence - 1}
    refused(await platform.http.get(f"{URL}/{one}", params=before), "REPLAY_NOT_FOUND")


_DAY = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"kind": "RCA"}, "start"),
        ({**_DAY}, "kind"),
        ({"kind": "GUESS", **_DAY}, "kind"),
        ({"kind": "RCA", **_DAY, "end": _DAY["start"]}, "end"),
        ({"kind": "RCA", **_DAY, "end": "2026-04-01T00:00:00Z"}, "end"),
        ({"kind": "RCA", "start": "2999-01-01T00:00:00Z", "end": "2999-01-02T00:00:00Z"}, "start"),
        ({"kind": "RCA", **_DAY, "correlation": {}}, "correlation"),
        ({"kind": "DETECTION", **_DAY, "rca": {"known_from": 0.4}}, "rca"),
        ({"kind": "RCA", **_DAY, "rca": {"known_from": 2}}, "rca.known_from"),
        ({"kind": "CORRELATION", **_DAY, "correlation": {"quiet_seconds": 0}},
         "correlation.quiet_seconds"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused_by_its_field(
    platform: Platform, body: Json, name: str
) -> None:
    error = refused(await platform.http.post(URL, json=body), "VALIDATION_FAILED")
    assert name in [each["field"] for each in error["details"]["fields"]]


async def test_who_may_not_see_all_of_it_runs_nothing(platform: Platform) -> None:
    cluster = str(new_id())
    async with platform.client(await platform.token(Role.OPERATOR, cluster)) as client:
        everything = await client.post(URL, json=_lately(kind="RCA"))
        other = await client.post(URL, json=_lately(kind="RCA", cluster_ids=[str(new_id())]))
    for answer in (everything, other):
        refused(answer, "PERMISSION_DENIED")
    refused(await platform.http.post(f"{URL}/{new_id()}/cancel"), "REPLAY_NOT_FOUND")
