"""Asks a Loki: LogQL, and what it knows of its streams.

Source: "Loki HTTP API", https://grafana.com/docs/loki/latest/reference/loki-http-api/. Answers are
checked and counted, and passed on as they came: no line is made an object of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeLogs, QueryLogs
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend, Params
from services.runtime.backends.bodies import (
    Found,
    read,
    require_few,
    require_text,
    too_many,
    warned,
)

_LONGEST_URL = 4_096
"""Bytes of a query in a URL; a longer one goes as a form, which Loki reads as well."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SERIES = frozenset({"matrix", "vector"})


class _Data(msgspec.Struct, frozen=True):
    resultType: str  # noqa: N815 - its name on the wire
    result: msgspec.Raw


class _Told(msgspec.Struct, frozen=True):
    status: str
    warnings: list[str] | None = None


A = TypeVar("A", bound=_Told)


class _Queried(_Told, frozen=True, kw_only=True):
    data: _Data


class _DescribedAs(_Told, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Stream(msgspec.Struct, frozen=True):
    stream: dict[str, str]
    values: msgspec.Raw


class _Series(msgspec.Struct, frozen=True):
    metric: dict[str, str]


class _Object(msgspec.Struct, frozen=True):
    """Any JSON object."""


@dataclass(frozen=True, slots=True)
class Loki:
    """The Loki of one cluster, for the time of one question."""

    backend: Backend
    most: int
    """Streams, series or values of one answer."""

    async def query(self, asked: QueryLogs) -> Found:
        """Evaluate LogQL; Refused for whatever is wrong with it or with the backend."""
        params = [
            ("query", asked.query),
            ("start", nanoseconds(asked.start)),
            ("end", nanoseconds(asked.end)),
            ("limit", str(asked.limit)),
            ("direction", asked.direction.value.lower()),
        ]
        if asked.step_seconds is not None:
            params.append(("step", f"{asked.step_seconds:.3f}s"))
        return await self._ask("loki/api/v1/query_range", params, self._queried)

    async def describe(self, asked: DescribeLogs) -> Found:
        """Which labels or series it has, or which values a label has."""
        path, selector = _described(asked)
        params = [(selector, asked.query)] if asked.query is not None else []
        params += [
            (name, nanoseconds(at))
            for name, at in (("start", asked.start), ("end", asked.end))
            if at is not None
        ]
        series = asked.what is Described.SERIES
        return await self._ask(path, params, lambda body: self._described(body, series=series))

    def _queried(self, body: bytes) -> Found:
        answer = _sound(body, _Queried)
        kind, result = answer.data.resultType, answer.data.result
        count = self._count(body, kind, result)
        return Found(memoryview(result), count, kind, warned(answer.warnings))

    def _described(self, body: bytes, *, series: bool) -> Found:
        answer = _sound(body, _DescribedAs)
        data = memoryview(answer.data)
        if bytes(data[:4]) == b"null":  # Loki says nothing where there is nothing.
            return Found(b"[]", 0, "", warned(answer.warnings))
        require_few(Checked.LOKI, body, b"{" if series else b'",', self.most)
        count = len(read(Checked.LOKI, answer.data, list[_Object] if series else list[str]))
        return Found(data, self._few(count), "", warned(answer.warnings))

    async def _ask(self, path: str, params: Params, read: Callable[[bytes], Found]) -> Found:
        short = len(urlencode(params)) <= _LONGEST_URL
        return await (self.backend.get if short else self.backend.post)(path, params, read=read)

    def _count(self, body: bytes, kind: str, result: msgspec.Raw) -> int:
        if kind == "streams":
            require_few(Checked.LOKI, body, b'"stream"', self.most)
            streams = read(Checked.LOKI, result, list[_Stream])
            if not all(bytes(memoryview(each.values)[:1]) == b"[" for each in streams):
                raise faults.broken(Checked.LOKI, "a stream has no lines")
            return self._few(len(streams))
        if kind not in _SERIES:
            raise faults.broken(Checked.LOKI, "it has a type of result that is not known")
        require_few(Checked.LOKI, body, b'"metric"', self.most)
        return self._few(len(read(Checked.LOKI, result, list[_Series])))

    def _few(self, count: int) -> int:
        if count > self.most:
            raise too_many(Checked.LOKI, count, self.most)
        return count


def _sound(body: bytes, kind: type[A]) -> A:
    require_text(Checked.LOKI, body)
    answer = read(Checked.LOKI, body, kind)
    if answer.status != "success":
        raise faults.broken(Checked.LOKI, "it is no success")
    return answer


def nanoseconds(at: datetime) -> str:
    """A moment as Loki takes it, to the microsecond."""
    return str((at - _EPOCH) // timedelta(microseconds=1) * 1_000)


def _described(asked: DescribeLogs) -> tuple[str, str]:
    """The path that is asked, and the name under which streams are selected there."""
    match asked.what:
        case Described.LABELS:
            return "loki/api/v1/labels", "query"
        case Described.LABEL_VALUES if asked.label is not None:
            # A name of dots would be taken for a way up.
            name = quote(asked.label, safe="").replace(".", "%2E")
            return f"loki/api/v1/label/{name}/values", "query"
        case Described.SERIES:
            return "loki/api/v1/series", "match[]"
        case Described.LABEL_VALUES:
            raise Refused(Code.VALIDATION_FAILED, "label: values are asked for of a label")
        case _:
            text = f"what: a Loki has no {asked.what.value.lower()} of this kind"
            raise Refused(Code.VALIDATION_FAILED, f"{text}; ask for labels, values or series")
