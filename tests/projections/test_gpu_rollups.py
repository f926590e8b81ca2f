"""Minutes and hours are what their samples say, whatever came late, twice, or was cut off."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as tuned, strategies as st

from contracts.gpu import GpuUpdate
from services.runtime.settings import Settings
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.keeping import ByHand, SetClock, by_hand
from tests.kit.samples import START, at

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]

_FIELDS = ("utilization_gpu_percent", "power_draw_watts", "nvlink_bytes_per_second")
_VALUES = st.sampled_from([None, None, 0.0, 0.5, 8.0, 64.25])
_SAMPLES = st.tuples(
    st.sampled_from(["n1", "n2"]),
    st.sampled_from([0, 15, 30, 59.999999, 60, 61, 3599, 3600, 3660, -3600, -86_400, 7100]),
    st.lists(st.tuples(_VALUES, _VALUES), max_size=2),
)
_TABLES = (
    *("gpu_node", "gpu_sample", "gpu_told", "gpu_node_told", "gpu_minute", "gpu_hour"),
    *("gpu_dirty_minute", "gpu_dirty_hour"),
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("told"), st.lists(_SAMPLES, min_size=1, max_size=6)),
        st.tuples(st.sampled_from(["cut off", "restart", "later", "tidy"]), st.none()),
    ),
    max_size=20,
)


@dataclass
class _Model:
    """All samples that are kept: node, time, GPU, and their values."""

    samples: list[tuple[str, datetime, str, dict[str, float | None]]] = field(
        default_factory=list[tuple[str, datetime, str, dict[str, float | None]]]
    )
    last: dict[str, datetime] = field(default_factory=dict[str, datetime])
    newest: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def take(self, update: GpuUpdate) -> None:
        node, when = update.node_name, update.sampled_at
        again = when in {self.last.get(node), self.newest.get(node)}
        self.last[node] = when
        if again:
            return
        self.newest[node] = max(when, self.newest.get(node, when))
        for each in update.gpus:
            values = {name: getattr(each, name) for name in _FIELDS}
            self.samples.append((update.node_name, update.sampled_at, each.uuid, values))

    def rolled(self, length: timedelta) -> dict[tuple[str, str, datetime], tuple[Any, ...]]:
        groups: dict[Any, list[dict[str, float | None]]] = defaultdict(list)
        for node, when, uuid, values in self.samples:
            begin = when - (when - START) % length
            groups[node, uuid, begin].append(values)
        return {
            key: (len(found), *(part for name in _FIELDS for part in _summed(found, name)))
            for key, found in groups.items()
        }


def _summed(found: list[dict[str, float | None]], name: str) -> Iterator[Any]:
    known = [value for each in found if (value := each[name]) is not None]
    yield pytest.approx(sum(known) / len(known), rel=1e-6) if known else None
    yield min(known, default=None)
    yield max(known, default=None)


def _update(
    node: str, seconds: float, values: list[tuple[float | None, float | None]]
) -> GpuUpdate:
    gpus = [
        gpu(
            uuid=f"GPU-{number}",
            index=number,
            utilization_gpu_percent=used,
            power_draw_watts=watts,
            nvlink_bytes_per_second=used,
        )
        for number, (used, watts) in enumerate(values)
    ]
    return gpu_update(node_name=node, sampled_at=at(seconds), gpus=gpus)


async def _rolled(hand: ByHand, table: str) -> dict[Any, tuple[Any, ...]]:
    columns = ", ".join(f"r.{name}_{what}" for name in _FIELDS for what in ("avg", "min", "max"))
    rows = await hand.ask(
        f"select n.node_name, g.uuid, r.at, r.samples, {columns} from aiops.{table} r"
        " join aiops.gpu g on g.id = r.gpu_id join aiops.gpu_node n on n.id = r.node_id"
    )
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


@tuned(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_roll_ups_are_what_all_samples_say(
    bus_less: Settings, steps: list[tuple[str, list[Any] | None]]
) -> None:
    asyncio.run(_play(bus_less, steps))


@pytest.fixture
def bus_less(bus_settings: Settings, fresh_database: Any) -> Settings:
    return bus_settings.model_copy(update={"database": fresh_database})


async def _play(settings: Settings, steps: list[tuple[str, list[Any] | None]]) -> None:
    clock, model = SetClock(START + timedelta(hours=1, minutes=59)), _Model()
    async with by_hand(settings, clock) as hand:
        for table in _TABLES:
            await hand.ask(f"delete from aiops.{table} returning 1")
        await hand.restart()
        for what, samples in steps:
            updates = [_update(*each) for each in samples or ()]
            await _step(hand, model, what, updates)
        clock.time += timedelta(hours=2)
        await hand.tidy()
        assert await _rolled(hand, "gpu_minute") == model.rolled(timedelta(minutes=1))
        assert await _rolled(hand, "gpu_hour") == model.rolled(timedelta(hours=1))


async def _step(hand: ByHand, model: _Model, what: str, updates: list[GpuUpdate]) -> None:
    match what:
        case "told":
            await hand.write(*updates)
            for each in updates:
                model.take(each)
        case "cut off":  # What was not committed comes again, to whoever goes on.
            hand.add(_update("n1", 45, [(3.0, 3.0)]))
            with suppress(ZeroDivisionError):
                async with hand.connection.transaction():
                    await hand.keeper.write(hand.connection, hand.keeper.batch())
                    raise ZeroDivisionError
            await hand.restart()
            await _restarted(hand, model)
        case "restart":
            await hand.restart()
            await _restarted(hand, model)
        case "later":
            hand.clock.time += timedelta(seconds=90)
        case _:
            await hand.tidy()


async def _restarted(hand: ByHand, model: _Model) -> None:
    """It knows the newest sample of a node then, not the one that came last."""
    rows = await hand.ask("select node_name, sampled_at from aiops.gpu_node")
    model.last = dict(rows)
