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
from services.runtime import bus as buses, process
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import until
from tests.kit.streams import fresh_streams

pytestmark = [pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(120)]

ALL = (activity, alerts, fleet)
SEVERITIES = ("CRITICAL", "WARNING")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["fired", "resolved"]), st.integers(1, 6)),
        st.tuples(st.sampled_from(["registered", "updated", "deleted"]), st.integers(1, 3)),
        st.tuples(st.sampled_from(["restart", "rebuild"]), st.just(0)),
    ),
    min_size=3,
    max_size=25,
)


class Model:
    """The same folds, in a few lines of Python."""

    def __init__(self) -> None:
        self.alerts: dict[UUID, tuple[str, str, int]] = {}
        self.clusters: dict[UUID, tuple[str, int, int]] = {}
        self.names: dict[UUID, str] = {}
        self.activity: list[tuple[str, str, int | None]] = []
        self.heads: dict[object, Head] = {}

    @property
    def count(self) -> int:
        """Events so far; the next one has the position after it."""
        return len(self.activity)

    def event(self, what: str, number: int) -> Event:
        """An event, and what it makes of the rows."""
        one, position = UUID(int=number), self.count + 1
        match what:
            case "fired" | "resolved":
                made = builders.fired if what == "fired" else builders.resolved
                # An occurrence that comes again may have become worse.
                severity = SEVERITIES[position % 2]
                event = made(id=one, fingerprint=f"{number:016x}", severity=severity)
                self.alerts[one] = (event.alert.state.value, severity, position)
            case "deleted":
                self.clusters.pop(one, None)
                event = builders.deleted(cluster_id=one)
            case _:
                made = builders.registered if what == "registered" else builders.updated
                name = f"cluster-{number}-{position % 3}"
                event = made(id=one, name=name)
                version = self.heads.get(event.key, NOTHING).version + 1
                self.clusters[one] = (name, version, position)
                self.names[one] = name
        version = self.heads.get(event.key, NOTHING).version + 1 if event.aggregate else None
        self.activity.append((event.names.public, event.key.id, version))
        return event

    @property
    def tally(self) -> dict[tuple[str, str], int]:
        """How many occurrences there are of each state and severity."""
        return Counter((state, severity) for state, severity, _ in self.alerts.values())


async def _empty(settings: Settings) -> None:
    await fresh_streams(settings)
    ask(settings, "drop schema if exists alerts, fleet, activity cascade")
    ask(settings, "delete from aiops.projection")


async def _live(settings: Settings, steps: list[Any]) -> None:
    await _empty(settings)
    bus = await buses.connect(settings.nats, "machine")
    log, model = process.event_log(bus, settings), Model()
    try:
        part: list[Any] = []
        for step in [*steps, ("restart", 0)]:
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
    for what, number in part:
        if what == "rebuild":
            hosts["alerts"].rebuild()
            asked = 1
        elif what != "restart":
            await _append(log, model, model.event(what, number))
    if asked:
        await until(lambda: hosts["alerts"].rebuilds >= 1)


async def _append(log: EventLog, model: Model, event: Event) -> None:
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
    asked = (
        "select id, state, severity, seq from alerts.occurrence",
        "select id, name, version, seq from fleet.cluster",
        "select cluster_id, name from alerts.cluster_name",
        "select state, severity, n from alerts.tally",
    )
    occurrences, clusters, names, tally = (ask(settings, sql) for sql in asked)
    assert {row[0]: row[1:] for row in occurrences} == model.alerts
    assert {row[0]: row[1:] for row in clusters} == model.clusters
    assert dict(names) == model.names
    assert {row[:2]: row[2] for row in tally} == model.tally
    rows = ask(
        settings, "select event_type, entity_id, version from activity.event order by sequence"
    )
    assert [*rows] == model.activity


def test_rows_are_what_the_log_says(settings: Settings) -> None:
    @given(STEPS)
    @tuned(
        max_examples=12,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.nested_given),
    )
    def _machine(steps: list[Any]) -> None:
        asyncio.run(_live(settings, steps))

    _machine()
