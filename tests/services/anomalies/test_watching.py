"""What is watched is asked when it is due, and each answer is stored once."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest

from contracts.anomalies import Breach, WatchDefined, WatchRemoved
from contracts.telemetry import QueryMetrics
from services.anomalies import handlers, watching
from services.anomalies.schedule import SELDOM, WATCHES
from services.runtime import schedules
from services.runtime.answering import Answering
from services.runtime.due_worker import DueWorker
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.telemetry.handlers import query_metrics
from tests.kit import builders
from tests.kit.runtime import UNTRACED, eventually, running
from tests.services.anomalies.watched_hub import Hub, watching_hub
from tests.services.telemetry.collecting import sample, vector

pytestmark = [pytest.mark.anyio, pytest.mark.nats]
SITE = "ship-7"


@pytest.fixture
async def hub(log: EventLog, bus_settings: Settings) -> AsyncGenerator[Hub]:
    async with watching_hub(log, bus_settings) as made:
        yield made


def values(hub: Hub, *found: float) -> None:
    """Its Prometheus has these values, one a pod."""
    pods = (sample(str(value), pod=f"pod-{number}") for number, value in enumerate(found))
    hub.fake.body = vector(*pods)


async def test_an_answer_is_stored_with_what_it_was_before(hub: Hub) -> None:
    await hub.define(query="up", above=5.0)
    for found in ((1.0, 4.0), (2.0, 6.0)):
        values(hub, *found)
        await hub.due()
        hub.later()
    first, second = await hub.updates()
    assert first.series[0].previous_value is None
    assert (second.metric, second.watch_version, second.interval_seconds) == ("up", 1, 60)
    assert (second.sampled_at - first.sampled_at).total_seconds() == 60
    low, high = second.series
    assert (low.labels, low.value, low.previous_value) == ({"pod": "pod-0"}, 2.0, 1.0)
    assert (low.change_percent, low.threshold_breached) == (100.0, None)
    assert (high.change_percent, high.threshold_breached) == (50.0, Breach.ABOVE)


async def test_it_is_asked_for_the_moment_at_which_it_is_due(hub: Hub) -> None:
    await hub.define(query="sum(rate(x[5m]))")
    values(hub, 1.0)
    await hub.due()
    (update,) = await hub.updates()
    assert hub.queries() == ["sum(rate(x[5m]))"]
    assert f"time={update.sampled_at.timestamp():.3f}" in hub.asking.forms[0]
    assert update.sampled_at.timestamp() % 60 == schedules.phase(hub.cluster_id, 60)
    assert update.metric == "sum(rate(x[5m]))"


async def test_what_was_due_and_comes_again_is_stored_once(hub: Hub) -> None:
    await hub.define(query="up")
    values(hub, 1.0)
    due = await hub.due()
    values(hub, 2.0)
    await hub.due(due)
    (update,) = await hub.updates()
    assert update.series[0].value == 1.0


async def test_workers_that_get_into_each_others_way_store_one_answer(hub: Hub) -> None:
    await hub.define(query="up")
    values(hub, 1.0)
    both, asked = asyncio.Event(), 0

    async def wait_for_the_other() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            both.set()
        await both.wait()

    hub.fake.meanwhile = wait_for_the_other
    due = await hub.due_now()
    await asyncio.gather(*(watching.ask_watches(due, hub.store()) for _ in range(2)))
    assert len(await hub.updates()) == 1


async def test_a_watch_is_asked_as_often_as_it_wants(hub: Hub) -> None:
    await hub.define(id="often", query="up", every_seconds=60)
    await hub.define(id="seldom", query="down", every_seconds=290)
    await hub.due()
    assert await hub.rule() == schedules.spread(hub.cluster_id, 60)
    for _ in range(9):
        hub.later()
        await hub.due()
    assert hub.queries().count("up") == 10
    assert hub.queries().count("down") == 2
    for update in await hub.updates("seldom"):
        assert update.interval_seconds == 300


async def test_an_answer_for_each_of_many_parts_is_compared_with_the_whole_before(hub: Hub) -> None:
    await hub.define(query="up")
    for value in ("1", "2"):
        hub.fake.body = vector(
            *(sample(value, pod=f"pod-{number}", text="x" * 3_000) for number in range(400))
        )
        await hub.due()
        hub.later()
    updates = await hub.updates()
    newest = [each for each in updates if each.sampled_at == updates[-1].sampled_at]
    assert [each.part for each in newest] == list(range(1, newest[0].parts + 1))
    assert len(newest) > 1
    pods = [each.labels["pod"] for update in newest for each in update.series]
    assert sorted(pods) == sorted(f"pod-{number}" for number in range(400))
    assert {each.previous_value for update in newest for each in update.series} == {1.0}


async def test_parts_that_are_missing_are_stored_when_it_comes_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hub.define(query="up")
    hub.fake.body = vector(*(sample(pod=f"{n}", text="x" * 3_000) for n in range(400)))
    bus = hub.collector.log.bus
    publish = bus.publish_each

    async def dies(messages: Any) -> Any:
        if not messages[0].subject.startswith("tel."):
            return await publish(messages)
        await publish(messages[:1])
        raise RuntimeError("the worker is gone")

    with monkeypatch.context() as patched:
        patched.setattr(bus, "publish_each", dies)
        due = await hub.due_now()
        with pytest.raises(RuntimeError):
            await hub.due(due)
    assert len(await hub.updates()) == 1
    # Fewer are found now, and they belong to the parts that were begun.
    hub.fake.body = vector(*(sample(pod=f"{n}", text="x" * 3_000) for n in range(50)))
    await hub.due(due)
    updates = await hub.updates()
    assert sorted(each.part for each in updates) == list(range(1, updates[0].parts + 1))
    pods = [each.labels["pod"] for update in updates for each in update.series]
    assert len(pods) == len(set(pods))
    assert set(pods) >= {str(number) for number in range(50)}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        ("503 Service Unavailable", b"", "UPSTREAM_FAILED"),
        ("422 Unprocessable Entity", b'{"status":"error","errorType":"execution","error":"many"}',
         "INVALID_PROMQL"),
        ("200 OK", b"nonsense", "UPSTREAM_FAILED"),
        ("200 OK", vector(*(sample(pod=str(n)) for n in range(20_001))), "LIMIT_REACHED"),
        ("200 OK", msgspec.json.encode({"status": "success", "data": {
            "resultType": "string", "result": [1, "text"]}}), "UPSTREAM_FAILED"),
        ("200 OK", vector({"metric": {"a": "b"}, "value": "text"}), "UPSTREAM_FAILED"),
    ],
)  # fmt: skip
async def test_why_nothing_is_known_is_told_when_it_begins(
    hub: Hub, status: str, body: bytes, code: str
) -> None:
    await hub.define(query="up")
    hub.fake.status, hub.fake.body = status, body
    for _ in range(2):
        await hub.due()
        hub.later()
    (update,) = await hub.updates()
    assert update.error is not None
    assert update.error.startswith(f"{code}: ")
    assert update.series == ()
    hub.fake.status, hub.fake.body = "200 OK", vector(sample())
    hub.later(300)
    await hub.due()
    assert (await hub.updates())[-1].error is None


async def test_what_fails_for_one_watch_is_stored_for_others(hub: Hub) -> None:
    await hub.define(id="good", query="up")
    await hub.define(id="text", query='label_replace(up, "a", "b", "c", "d")')
    values(hub, 1.0)
    await hub.due()
    assert {each.watch_id for each in await hub.updates()} == {"good", "text"}


async def test_a_watch_with_another_query_is_not_compared_with_what_it_was(hub: Hub) -> None:
    await hub.define(query="up")
    values(hub, 1.0)
    await hub.due()
    hub.later()
    await hub.define(query="down")
    hub.later(10)
    await hub.due()
    first, second = await hub.updates()
    assert (first.watch_version, second.watch_version) == (1, 2)
    assert second.series[0].previous_value is None


async def test_clusters_that_cannot_be_asked_are_passed_over(hub: Hub) -> None:
    await hub.define(query="up")
    await hub.append(builders.status_changed(cluster_id=hub.cluster_id, new_state="OFFLINE"))
    await hub.due()
    assert await hub.rule() == schedules.spread(hub.cluster_id, 60)
    await hub.append(builders.status_changed(cluster_id=hub.cluster_id, new_state="ONLINE"))
    await hub.update(endpoints={})
    await hub.due()
    assert await hub.rule() == schedules.spread(hub.cluster_id, SELDOM)
    assert (hub.queries(), await hub.updates()) == ([], [])


async def test_a_far_edge_is_asked_by_its_site_and_seldom(hub: Hub) -> None:
    await hub.define(query="up", every_seconds=15)
    await hub.update(site=SITE, cluster_type="FAR_EDGE")
    await hub.due()
    (cut_off,) = await hub.updates()
    assert cut_off.error is not None
    assert cut_off.error.startswith("CLUSTER_UNREACHABLE")
    values(hub, 3.0)
    made = hub.collector
    site = Answering(
        SITE, "site", {QueryMetrics: query_metrics}, made.log.bus, made.log, made.settings,
        UNTRACED, made.outside,
    )  # fmt: skip
    hub.later()
    async with running(site.run):
        await hub.due()
    update = (await hub.updates())[-1]
    assert (update.interval_seconds, update.series[0].value) == (60, 3.0)


async def test_a_cluster_hears_of_a_new_watch_and_asks_it_at_once(hub: Hub) -> None:
    last = await hub.collector.log.head(builders.registered(id=hub.cluster_id).key)
    assert last is not None
    await watching.schedule_watches(last, hub.store())
    await hub.due()
    assert await hub.rule() == schedules.spread(hub.cluster_id, SELDOM)
    values(hub, 1.0)
    every = await hub.define(id="hourly", query="up", every_seconds=3600, cluster_ids=())
    await hub.told(WatchDefined(watch=every))
    await hub.woken()
    assert await hub.rule() == schedules.spread(hub.cluster_id, 3600)
    assert len(await hub.updates("hourly")) == 1
    here = await hub.define(id="here", query="up")
    await hub.told(WatchDefined(watch=here))
    await hub.woken()
    assert await hub.rule() == schedules.spread(hub.cluster_id, 60)
    assert (len(await hub.updates("hourly")), len(await hub.updates("here"))) == (1, 1)
    for gone in (here, every):
        await hub.remove(gone.id)
        await hub.told(WatchRemoved(watch=gone))
        await hub.woken()
    assert await hub.rule() == schedules.spread(hub.cluster_id, SELDOM)
    assert len(await hub.updates()) == 2


async def test_a_watch_of_others_is_not_asked(hub: Hub) -> None:
    await hub.define(query="up", cluster_ids=(builders.OTHER_CLUSTER_ID,))
    await hub.due()
    assert (hub.queries(), await hub.rule()) == ([], schedules.spread(hub.cluster_id, SELDOM))


async def test_a_cluster_that_has_left_is_asked_no_more(hub: Hub) -> None:
    await hub.define(query="up")
    await hub.due()
    gone = builders.deleted(cluster_id=hub.cluster_id)
    await hub.append(gone)
    hub.later()
    await hub.due()
    assert await hub.rule() is None
    last = await hub.collector.log.head(gone.key)
    assert last is not None
    await watching.schedule_watches(last, hub.store())
    assert (await hub.rule(), len(hub.queries())) == (None, 1)


async def test_the_bus_says_when_a_watch_is_due(hub: Hub) -> None:
    values(hub, 1.0)
    wanted = await hub.define(query="up", every_seconds=3600)
    made = hub.collector
    route = next(each for each in handlers.service.due if each.kind == WATCHES)
    worker = DueWorker(
        "anomalies", route, made.log.bus, made.log, made.settings, UNTRACED, made.outside
    )
    async with running(worker.run):
        await hub.told(WatchDefined(watch=wanted))
        await eventually(hub.updates)
