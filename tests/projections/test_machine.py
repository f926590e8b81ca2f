"""Whatever happens, and however it is interrupted, the rows are what the log says."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from contracts.envelope import Event
from projections.activity.projector import projection as activity
from projections.alerts.projector import projection as alerts
from projections.fleet.projector import projection as fleet
from services.runtime import bus as buses, process, streams
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import until

pytestmark = [pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(120)]

ALL = (activity, alerts, fleet)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), st.integers(1, 6), st.sampled_from(["FIRING", "RESOLVED"])),
        st.tuples(st.just("cluster"), st.integers(1, 3), st.sampled_from(["put", "delete"])),
        st.tuples(st.sampled_from(["restart", "rebuild"]), st.just(0), st.just("")),
    ),
    min_size=3,
    max_size=25,
)


class Model:
    """The same fold, in a few lines of Python."""

    def __init__(self) -> None:
        self.alerts: dict[UUID, str] = {}
        self.clusters: set[UUID] = set()
        self.heads: dict[object, Head] = {}
        self.count = 0

    def event(self, kind: str, number: int, what: str) -> Event:
        one = UUID(int=number)
        if kind == "alert":
            self.alerts[one] = what
            make = builders.fired if what == "FIRING" else builders.resolved
            return make(id=one, fingerprint=f"{number:016x}")
        if what == "delete":
            self.clusters.discard(one)
            return builders.deleted(cluster_id=one)
        self.clusters.add(one)
        return builders.updated(id=one, name=f"cluster-{number}")


async def _empty(settings: Settings) -> None:
    connection = await buses.connect(settings.nats, "test-wipe")
    for name in await streams.configurations(connection):
        await connection.api(f"STREAM.DELETE.{name}")
    await streams.ensure(connection, settings)
    await connection.close()
    ask(settings, "drop schema if exists alerts, fleet, activity cascade")
    ask(settings, "delete from aiops.projection")


async def _live(settings: Settings, steps: list[Any]) -> None:
    await _empty(settings)
    bus = await buses.connect(settings.nats, "machine")
    log, model = process.event_log(bus, settings), Model()
    try:
        part: list[Any] = []
        for step in [*steps, ("restart", 0, "")]:
            part.append(step)
            if step[0] == "restart":
                async with hosting(bus, settings, *ALL) as hosts:
                    await _play(log, model, part, hosts)
                    await _settled(settings, model)
                part = []
        _compare(settings, model)
        again = [dump(settings, each) for each in ALL]
        ask(settings, "update aiops.projection set sequence = 0")
        async with hosting(bus, settings, *ALL):
            await _settled(settings, model)
        assert [dump(settings, each) for each in ALL] == again, "replayed twice"
    finally:
        await bus.close()


async def _play(log: EventLog, model: Model, part: list[Any], hosts: dict[str, Any]) -> None:
    asked = 0
    for kind, number, what in part:
        if kind == "rebuild":
            hosts["alerts"].rebuild()
            asked = 1
        elif kind != "restart":
            await _append(log, model, model.event(kind, number, what))
    if asked:
        await until(lambda: hosts["alerts"].rebuilds >= 1)


async def _append(log: EventLog, model: Model, event: Event) -> None:
    model.count += 1
    head = model.heads.get(event.key, NOTHING)
    context = builders.context(command_id=UUID(int=model.count))
    appended = await log.append([event], {event.key: head}, context, builders.at(model.count))
    model.heads[event.key] = Head(appended.sequence, appended.version or 0)


async def _settled(settings: Settings, model: Model) -> None:
    await reached(settings, activity, model.count)
    by_type: dict[str, int] = {"alert": 0, "cluster": 0}
    for key, head in model.heads.items():
        kind = getattr(key, "type", "")
        by_type[kind] = max(by_type[kind], head.sequence)
    await reached(settings, fleet, by_type["cluster"])
    await reached(settings, alerts, max(by_type.values()))


def _compare(settings: Settings, model: Model) -> None:
    rows = ask(settings, "select id, state from alerts.occurrence")
    assert {row[0]: row[1] for row in rows} == model.alerts
    tally = {
        row[0]: row[1] for row in ask(settings, "select state, sum(n) from alerts.tally group by 1")
    }
    assert {state: int(n) for state, n in tally.items() if n} == Counter(model.alerts.values())
    assert {row[0] for row in ask(settings, "select id from fleet.cluster")} == model.clusters
    assert ask(settings, "select count(*) from activity.event")[0][0] == model.count


def test_rows_are_what_the_log_says(settings: Settings) -> None:
    @given(STEPS)
    @tuned(
        max_examples=7,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(steps: list[Any]) -> None:
        asyncio.run(_live(settings, steps))

    _machine()
