"""What-if: what happened is run again as it was set, and compared; and what that costs.

Storms with people in them, on a hub in memory that acts late and by fits. With settings as they
are every incident has to come out just so. Raw: those that do where it decides once a second, as
it would if the log did not tell when, and knowing what, was decided.
"""

import time

from contracts.replays import ReplayResult
from services.replays.comparing import Incidents
from services.replays.correlation import Course
from tests.benchmarks.kit import Figure, Options, at_least, log
from tests.services.replays.hub import Hub, course, once_a_second, stormy

_BENCH = "what_if"
_FIRST, _SEEDS = 100, 20
_ALERTS = 600
_END = 1_600


async def measure(options: Options) -> list[Figure]:
    """Some storms, of the whole time and from the middle on."""
    told = equal = plain = events = 0
    spent = 0.0
    for seed in range(_FIRST, _FIRST + options.pick(_SEEDS, 2)):
        hub = stormy(seed, alerts=_ALERTS)
        for start in (0.0, 300.0):
            began = time.process_time()
            result = _result(course(hub, start, _END))
            spent += time.process_time() - began
            told += result.told
            equal += result.equal - len(result.differences)
            plain += _result_plainly(hub, start)
            events += len(hub.records)
    log(f"{told} incidents in {events:,} events")
    note = "raw: decided once a second instead of at the moments that the log tells"
    return [
        Figure(
            _BENCH, "as it was set: just so", equal / told, "", (at_least(1.0),), plain / told, note
        ),
        Figure(_BENCH, "CPU of 1,000 events", 1_000 * spent / events, "s"),
    ]


def _result(made: Course) -> ReplayResult:
    return ReplayResult.model_validate({"events": 0} | made.end())


def _result_plainly(hub: Hub, start: float) -> int:
    before, told, again = once_a_second(hub, start, _END)
    return Incidents(before, told, again, ()).compared().equal
