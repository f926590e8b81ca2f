"""What people want watched and what they say of anomalies, on the real log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from contracts.anomalies import (
    AnomalyFeedbackGiven,
    DefineWatch,
    RemoveWatch,
    WatchDefined,
    WatchRemoved,
    watch_key,
)
from contracts.envelope import Event
from contracts.refusals import Code, Refused
from contracts.subjects import EntityKey
from services.anomalies import handlers
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.anomaly_builders import ANOMALY_ID, detected, feedback, watch
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

MINE = Scope(frozenset({CLUSTER_ID}))


@dataclass
class Anomalies:
    """What a worker of anomalies works with."""

    log: EventLog
    settings: Settings

    def store(self, command_id: UUID | None = None, *, scope: Scope = EVERYWHERE) -> Store:
        context = builders.context(command_id=command_id or new_id())
        return Store(self.log, context, at(60), self.settings, scope=scope)

    async def told(self, key: EntityKey) -> Sequence[Event]:
        return [each.event for each in await self.log.load(key)]


@pytest.fixture
def anomalies(log: EventLog, bus_settings: Settings) -> Anomalies:
    return Anomalies(log, bus_settings)


async def refused(work: Any, code: Code) -> None:
    with pytest.raises(Refused) as told:
        await work
    assert told.value.code is code, told.value.message


async def test_a_watch_is_set_and_removed(anomalies: Anomalies) -> None:
    define, remove = DefineWatch(watch=watch()), RemoveWatch(watch_id="cart-latency")
    await refused(handlers.remove_watch(remove, anomalies.store()), Code.WATCH_NOT_FOUND)
    await handlers.define_watch(define, anomalies.store(scope=MINE))
    await handlers.remove_watch(remove, anomalies.store(scope=MINE))
    told = [WatchDefined(watch=watch()), WatchRemoved(watch=watch())]
    assert await anomalies.told(watch_key("cart-latency")) == told


async def test_a_watch_is_of_clusters_of_whoever_sets_it(anomalies: Anomalies) -> None:
    for clusters in ((), (OTHER_CLUSTER_ID,), (CLUSTER_ID, OTHER_CLUSTER_ID)):
        command = DefineWatch(watch=watch(cluster_ids=clusters))
        work = handlers.define_watch(command, anomalies.store(scope=MINE))
        await refused(work, Code.PERMISSION_DENIED)
    await handlers.define_watch(DefineWatch(watch=watch(cluster_ids=())), anomalies.store())
    remove = RemoveWatch(watch_id="cart-latency")
    work = handlers.remove_watch(remove, anomalies.store(scope=MINE))
    await refused(work, Code.PERMISSION_DENIED)


async def test_what_somebody_says_of_an_anomaly_is_told_with_its_series(
    anomalies: Anomalies,
) -> None:
    event = detected()
    await anomalies.store().tell(event)
    command_id = new_id()
    for _ in range(2):
        await handlers.give_feedback(feedback(), anomalies.store(command_id))
    await handlers.give_feedback(feedback(verdict="USEFUL"), anomalies.store())
    key = EntityKey(str(CLUSTER_ID), "anomaly_feedback", str(ANOMALY_ID))
    last = await anomalies.log.head(key)
    assert last is not None
    assert last.event == AnomalyFeedbackGiven(
        cluster_id=CLUSTER_ID,
        anomaly_id=ANOMALY_ID,
        watch_id=event.anomaly.watch_id,
        metric_name=event.anomaly.metric_name,
        labels=event.anomaly.labels,
        verdict="USEFUL",  # type: ignore[arg-type]
    )
    assert (await anomalies.log.bounds())[1] == 3


async def test_nothing_can_be_said_of_what_is_not_known(anomalies: Anomalies) -> None:
    await anomalies.store().tell(detected())
    other = feedback(cluster_id=OTHER_CLUSTER_ID)
    for command in (other, feedback(anomaly_id=new_id())):
        await refused(handlers.give_feedback(command, anomalies.store()), Code.ANOMALY_NOT_FOUND)
