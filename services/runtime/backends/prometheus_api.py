"""Prometheus' answers as they come: checked and counted, without an object for every sample.

Source: "HTTP API", https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Described
from services.runtime.backends import faults
from services.runtime.backends.bodies import Found, warned

T = TypeVar("T", bound="_Head")

_VECTORS = frozenset({"matrix", "vector"})
_SINGLES = frozenset({"scalar", "string"})
_ALLOWED_ANYHOW = 10_000


class _Head(msgspec.Struct, frozen=True):
    status: str
    error: str = ""
    errorType: str = ""  # noqa: N815 - its name on the wire
    warnings: list[str] | None = None
    infos: list[str] | None = None


class _Result(msgspec.Struct, frozen=True):
    resultType: str  # noqa: N815 - its name on the wire
    result: msgspec.Raw


class _Queried(_Head, frozen=True):
    data: _Result | None = None


class _Described(_Head, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Series(msgspec.Struct, frozen=True):
    metric: msgspec.Raw


class _Object(msgspec.Struct, frozen=True):
    """Any JSON object."""


class _Group(msgspec.Struct, frozen=True):
    rules: list[_Object]


class _Groups(msgspec.Struct, frozen=True):
    groups: list[_Group]


class _Alerts(msgspec.Struct, frozen=True):
    alerts: list[_Object]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How to count what is in data of one kind.

    Each thing that is counted has ``mark``, and hardly more than ``often`` times. Where there are
    more marks than that in too many, nothing is taken apart: an answer made of brackets alone
    would become gigabytes.
    """

    mark: bytes
    often: int
    count: Callable[[msgspec.Raw], int]
    empty: bytes = b"[]"
    """What ``null`` stands for, which Go makes of an empty list."""


def _series(data: msgspec.Raw) -> int:
    return len(msgspec.json.decode(data, type=list[_Series]))


def _objects(data: msgspec.Raw) -> int:
    return len(msgspec.json.decode(data, type=list[_Object]))


def _strings(data: msgspec.Raw) -> int:
    return len(msgspec.json.decode(data, type=list[str]))


def _rules(data: msgspec.Raw) -> int:
    return sum(len(each.rules) for each in msgspec.json.decode(data, type=_Groups).groups)


def _alerts(data: msgspec.Raw) -> int:
    return len(msgspec.json.decode(data, type=_Alerts).alerts)


def _metadata(data: msgspec.Raw) -> int:
    return len(msgspec.json.decode(data, type=dict[str, list[_Object]]))


def _single(data: msgspec.Raw) -> int:
    msgspec.json.decode(data, type=tuple[float, str])
    return 1


_VECTOR = _Shape(b'"metric"', 3, _series)
_SINGLE = _Shape(b'"', 64, _single)
_STRINGS = _Shape(b'"', 8, _strings)
_SHAPES = {
    Described.SERIES: _Shape(b"{", 4, _objects),
    Described.LABELS: _STRINGS,
    Described.LABEL_VALUES: _STRINGS,
    Described.METADATA: _Shape(b'":', 64, _metadata, b"{}"),
    Described.RULES: _Shape(b"{", 64, _rules, b'{"groups":[]}'),
    Described.ALERTS: _Shape(b"{", 16, _alerts, b'{"alerts":[]}'),
}


def queried(body: bytes, most: int) -> Found:
    """The result of PromQL; Refused if it is none, or is of more than so many series."""
    told = _good(body, _Queried)
    if told.data is None:
        raise faults.broken(Checked.PROMETHEUS, "it has no data")
    kind = told.data.resultType
    if kind not in _VECTORS | _SINGLES:
        raise faults.broken(Checked.PROMETHEUS, "its type of result is not known")
    shape = _VECTOR if kind in _VECTORS else _SINGLE
    data = _or_empty(told.data.result, shape)
    count = _counted(body, data, shape, most)
    return Found(memoryview(data), count, kind, warned(told.warnings), warned(told.infos))


def described(body: bytes, what: Described, most: int) -> Found:
    """The data of one kind of description; Refused as `queried`."""
    told, shape = _good(body, _Described), _SHAPES[what]
    data = _or_empty(told.data, shape)
    count = _counted(body, data, shape, most)
    return Found(memoryview(data), count, "", warned(told.warnings), warned(told.infos))


def _good(body: bytes, kind: type[T]) -> T:
    """An answer that says of itself that it is good."""
    try:
        if not body.isascii():
            body.decode()  # What is passed over below is not looked at so closely.
        told = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _bad(body) from None
    if told.status != "success":
        raise faults.of_error(Checked.PROMETHEUS, told.errorType, told.error)
    return told


def _bad(body: bytes) -> Refused:
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        what = "it is empty" if not body.strip() else "it is no JSON, or was cut off"
    else:
        what = "it is other JSON"
    return faults.broken(Checked.PROMETHEUS, what)


def _or_empty(data: msgspec.Raw, shape: _Shape) -> msgspec.Raw:
    return msgspec.Raw(shape.empty) if bytes(memoryview(data)[:4]) == b"null" else data


def _counted(body: bytes, data: msgspec.Raw, shape: _Shape, most: int) -> int:
    if body.count(shape.mark) > max(most * shape.often, _ALLOWED_ANYHOW):
        raise _too_many(f"more than {most}", most)
    try:
        found = shape.count(data)
    except (msgspec.DecodeError, RecursionError):
        raise faults.broken(Checked.PROMETHEUS, "its data are not as they should be") from None
    if found > most:
        raise _too_many(str(found), most)
    return found


def _too_many(number: str, most: int) -> Refused:
    text = f"Prometheus: the answer has {number} series or values, and {most} are allowed"
    return Refused(Code.LIMIT_REACHED, f"{text}; choose fewer of them, or aggregate")
