"""States of network functions as events tell them: live, rebuilt, and as of before."""

import pytest

from contracts.envelope import Event
from projections.cnf.projector import projection
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_STATES = "select area, name, old_state, state, value from cnf.state order by area, name"


async def _tell(log: EventLog, *events: Event) -> int:
    sequence = 0
    for event in events:
        last = await log.head(event.key)
        head = NOTHING if last is None else Head(last.sequence, last.version or 0)
        context = builders.context(command_id=new_id())
        appended = await log.append([event], {event.key: head}, context, builders.at())
        sequence = appended.sequence
    return sequence


async def test_a_rebuild_gives_the_same_rows(bus: Bus, log: EventLog, settings: Settings) -> None:
    pod = {"area": "WORKLOAD", "name": "du/du-0"}
    last = await _tell(
        log,
        builders.registered(),
        builders.cnf_status_changed(),
        builders.cnf_status_changed(old_state="HOLDOVER", new_state="FREERUN", value=-5.5),
        builders.cnf_status_changed(**pod, old_state=None, new_state="FAILED", value=None),
        builders.cnf_status_changed(
            area="SRIOV", name="n/r", old_state=None, new_state="EXHAUSTED"
        ),
        builders.cnf_status_changed(**pod, old_state="FAILED", new_state="GONE", value=None),
        builders.updated(name="renamed"),
    )
    async with hosting(bus, settings, projection) as hosts:
        await reached(settings, projection, last)
        assert ask(settings, _STATES) == [
            ("PTP", "worker-1/ens1f0", "HOLDOVER", "FREERUN", -5.5),
            ("SRIOV", "n/r", None, "EXHAUSTED", 148.0),
        ]
        assert ask(settings, "select name from cnf.cluster_name") == [("renamed",)]
        before = dump(settings, projection)
        hosts["cnf"].rebuild()
        await until(lambda: hosts["cnf"].rebuilds == 1)
        await reached(settings, projection, last)
        assert dump(settings, projection) == before
        gone = await _tell(log, builders.deleted())
        await reached(settings, projection, gone)
        assert ask(settings, "select name from cnf.cluster_name") == []
