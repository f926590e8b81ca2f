"""Asks a Tempo for its traces with errors of a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Refused
from contracts.telemetry import Budget, SearchTraces
from services.runtime.backends import faults
from services.runtime.backends.backend import backend_of
from services.runtime.backends.bodies import read
from services.runtime.replies import Asked
from services.telemetry.error_traces import ErrorTrace
from services.telemetry.tempo import Tempo

LIMIT = 200
"""Traces of one answer."""
_SEARCHES = 3
_BUDGET = Budget(bytes=4 * 1024 * 1024, series=1_000)
_NO_ROOT = frozenset({"", "<root span not yet received>"})
"""What Tempo says while it has no root."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Nanoseconds = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Stats(msgspec.Struct, frozen=True, rename="camel"):
    span_count: _Count = 0
    error_count: _Count = 0


class _Set(msgspec.Struct, frozen=True):
    matched: _Count = 0


class _Found(msgspec.Struct, frozen=True, rename="camel"):
    """One result of a search; Tempo leaves out what is zero, also at the front of an id."""

    trace_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{1,32}\Z")] = msgspec.field(
        name="traceID"
    )
    root_service_name: str = ""
    root_trace_name: str = ""
    start_time_unix_nano: _Nanoseconds = "0"
    duration_ms: _Count = 0
    service_stats: dict[str, _Stats] | None = None
    span_sets: list[_Set] | None = None


async def error_traces(asked: Asked, since: datetime, until: datetime) -> list[ErrorTrace]:
    """Traces with an error in that time, each once; Refused if the Tempo does not tell.

    If there are more than one answer holds, it is asked again without the service that most of
    them are of: what is rare is not crowded out.
    """
    found: dict[str, ErrorTrace] = {}
    loud: list[str] = []
    async with backend_of(asked, Checked.TEMPO, _BUDGET) as backend:
        tempo = Tempo(backend, _BUDGET.series)
        for number in range(_SEARCHES):
            try:
                page = await _page(tempo, _without(loud), since, until)
            except Refused:
                if not number:
                    raise
                break  # What came before it counts all the same.
            found |= {trace.trace_id: trace for trace in page}
            loudest = _loudest(page)
            if len(page) < LIMIT or loudest is None or loudest in loud:
                break
            loud.append(loudest)
    return list(found.values())


async def _page(tempo: Tempo, query: str, since: datetime, until: datetime) -> list[ErrorTrace]:
    wanted = SearchTraces(traceql=query, start=since, end=until, limit=LIMIT)
    answer = await tempo.search(wanted)
    return [_trace(each) for each in read(Checked.TEMPO, bytes(answer.data), list[_Found])]


def _without(services: Sequence[str]) -> str:
    quoted = (msgspec.json.encode(each).decode() for each in services)
    conditions = ["status = error", *(f"rootServiceName != {each}" for each in quoted)]
    return f"{{ {' && '.join(conditions)} }}"


def _loudest(page: Sequence[ErrorTrace]) -> str | None:
    counted = Counter(trace.service for trace in page if trace.service)
    return counted.most_common(1)[0][0] if counted else None


def _trace(found: _Found) -> ErrorTrace:
    known = found.root_service_name not in _NO_ROOT
    stats = found.service_stats
    matched = sum(each.matched for each in found.span_sets or ())
    return ErrorTrace(
        trace_id=found.trace_id.lower().zfill(32),
        service=faults.cleaned(found.root_service_name) if known else None,
        operation=faults.cleaned(found.root_trace_name) if known else None,
        started_at=_EPOCH + timedelta(microseconds=int(found.start_time_unix_nano) // 1_000),
        duration_ms=found.duration_ms,
        span_count=sum(each.span_count for each in stats.values()) if stats else None,
        error_count=sum(each.error_count for each in stats.values()) if stats else matched or None,
    )
