"""What a Prometheus has answered to a range query, as series: pure."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from contracts.analysis import SearchLimit
from services.anomalies.on_demand.series import Known, LeftOut, Series, Span, is_told, series
from services.anomalies.watching_series import Unreadable, metric_of

_NAME = "__name__"
_LARGEST = 1024 * 1024
"""Bytes of one series' samples: the 11,000 that there are at most take half of it."""


class _Sampled(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    values: msgspec.Raw = msgspec.Raw(b"")
    """Read one series at a time: an object for each number would take ten times their bytes."""


_MATRIX = msgspec.json.Decoder(list[_Sampled])
_VALUES = msgspec.json.Decoder(list[tuple[float, str]])


def read(
    query: str, cluster_id: UUID, kind: str, data: bytes | memoryview, span: Span
) -> tuple[list[Series], LeftOut]:
    """The series of an answer, and how many were left out; Unreadable if it is none to a range."""
    if kind != "matrix":
        raise Unreadable(f"it is a {kind or 'nothing'}, where series over a time were asked for")
    left_out, found, otherwise = LeftOut(), list[Series](), metric_of(query)[0]
    try:
        for sampled in _MATRIX.decode(data):
            limit = _limit(sampled)
            if limit is None:
                found.append(_series(cluster_id, sampled, otherwise, span))
            else:
                left_out[limit] += 1
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable("it cannot be read") from None
    return found, left_out


def _limit(sampled: _Sampled) -> SearchLimit | None:
    size = len(memoryview(sampled.values))
    if not size:
        return SearchLimit.HISTOGRAMS
    if size > _LARGEST:
        return SearchLimit.POINTS
    return None if is_told(sampled.metric) else SearchLimit.LABELS


def _series(cluster_id: UUID, sampled: _Sampled, otherwise: str, span: Span) -> Series:
    labels = dict(sampled.metric)
    name = labels.pop(_NAME, "")
    known = Known(cluster_id, (name or otherwise)[:200], labels, named=bool(name))
    return series(known, _rows(sampled.values), span)


def _rows(values: msgspec.Raw) -> Iterator[tuple[float, float]]:
    for time, text in _VALUES.decode(values):
        try:
            yield time, float(text)
        except ValueError:
            yield time, float("nan")
