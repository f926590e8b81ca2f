"""Error traces of a simulated Tempo, over TLS and with its login, as it tells them itself."""

import time
from uuid import UUID

import pytest

from contracts.clusters import Checked
from contracts.telemetry import TraceReceived, trace_key
from deploy.simulator.traces import Trace, between, trace
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from services.runtime.service import Due
from services.runtime.store import Store
from services.telemetry import handlers_error_traces as looking
from services.telemetry.error_traces import Looks
from tests.kit import builders
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import Asks, simulated

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


def newest_failed(asks: Asks, now: float) -> Trace:
    """Of the last day; one of ten fails."""
    assert asks.simulated is not None
    cluster = asks.simulated.simulated.cluster
    made = (trace(cluster, number) for number in between(now - 86_400, now - 60, now))
    return next(each for each in made if each.root.failed)


async def told(log: EventLog, cluster_id: UUID, wanted: Trace) -> TraceReceived:
    """What the log says of a trace."""
    last = await log.head(trace_key(cluster_id, wanted.id.hex()))
    assert last is not None
    assert isinstance(last.event, TraceReceived)
    return last.event


async def test_a_simulated_tempo_is_asked_with_its_login_and_told_of(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_looks", Looks())
    async with simulated(collector, {}, Checked.TEMPO) as asks:
        wanted = newest_failed(asks, time.time())
        # As if it were a moment after that.
        collector.clock.ahead = wanted.root.start / 1e9 + 5 - time.time()
        context = builders.context(command_id=new_id())
        at = collector.clock.now()
        store = Store(collector.log, context, at, collector.settings, collector.outside)
        await looking.look(Due(str(asks.cluster_id), b"", at), store)
        event = await told(collector.log, asks.cluster_id, wanted)
    assert (event.root_service, event.root_operation) == ("gateway", wanted.root.name)
    assert event.span_count == len(wanted.spans)
    assert event.error_count == sum(span.failed for span in wanted.spans)
    assert event.duration_ms == wanted.root.duration // 1_000_000
