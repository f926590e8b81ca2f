"""Every part is replaced under load as Kubernetes does it: nothing fails, nothing is lost."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest

from contracts.alerts import AlertFired
from contracts.clusters import ClusterRegistered, ClusterUpdated
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, Stored
from services.runtime.settings import Settings
from tests.kit.projections import ask, position
from tests.kit.rolling import CLIENTS, loaded, rolling_out
from tests.kit.runtime import letters, until

pytestmark = [
    pytest.mark.flow, pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres,
    pytest.mark.timeout(240),
]  # fmt: skip

_Key = tuple[str, str]
"""Type of an event, and the entity that it is about."""


async def _stored(bus: Bus, subject: str, stream: str = streams.EVENTS) -> list[Stored]:
    """All messages of a subject."""
    found: list[Stored] = []
    while True:
        start = found[-1].sequence + 1 if found else 1
        query = {"seq": start, "batch": 1000, "next_by_subj": subject}
        page = await bus.get_many(stream, query)
        if not page:
            return found
        found += page


def _of_each(events: Sequence[Stored]) -> Counter[_Key]:
    return Counter((each.headers["ce-type"], each.subject.split(".")[3]) for each in events)


async def test_every_part_is_replaced_under_load_and_no_command_fails_and_no_event_is_lost(
    settings: Settings,
) -> None:
    with rolling_out(settings) as rollout:
        with loaded(rollout) as load:
            load.goes_on()
            for part in ("workers", "projector", "gateway"):
                rollout.replace(part, load)
        assert load.failed == []
        assert load.cut <= CLIENTS, "each has met the gateway that closed once at most"

        bus = await buses.connect(settings.nats, "test")
        try:
            clusters, alerts = [
                await _stored(bus, f"evt.*.{kind}.>") for kind in ("cluster", "alert")
            ]
            outcomes = await _stored(bus, "$KV.outcomes.>", "KV_outcomes")
            assert await letters(bus) == []
        finally:
            await bus.close()
        told = Counter(json.loads(each.data)["outcome"] for each in outcomes)
        assert told.keys() == {"accepted"}

        expected: Counter[_Key] = Counter()
        for cluster, changes in load.changed.items():
            expected[ClusterRegistered.names.type, cluster] = 1
            expected[ClusterUpdated.names.type, cluster] = changes
        assert _of_each(clusters) == expected
        fired = [each for each in alerts if each.headers["ce-type"] == AlertFired.names.type]
        fingerprints = [json.loads(each.data)["alert"]["fingerprint"] for each in fired]
        assert sorted(fingerprints) == sorted(f"{number:016x}" for number in load.fired)

        for name, last in (("fleet", clusters[-1]), ("alerts", fired[-1])):
            await until(lambda name=name, last=last: position(settings, name) >= last.sequence)
    rows = ask(settings, "select id::text, version from fleet.cluster order by 1")
    assert [*rows] == [(cluster, changes + 1) for cluster, changes in sorted(load.changed.items())]
    shown = [row[0] for row in ask(settings, "select fingerprint from alerts.occurrence")]
    assert sorted(shown) == sorted(fingerprints)
    assert ask(settings, "select * from aiops.projection_error") == []
