"""Instant vectors as Prometheus answers them, and the labels by which clusters know their things.

Source: "HTTP API", https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import msgspec

Labels = Mapping[str, str]

_NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at one moment."""

    metric: str
    labels: Labels
    value: float

    @property
    def count(self) -> int | None:
        """As a number of things, None if it is none."""
        return count(self.value)


class _Series(msgspec.Struct, frozen=True):
    metric: dict[str, str]
    value: tuple[float, str]


class NoVector(ValueError):
    """What was answered is no vector."""


def samples(data: bytes | memoryview) -> list[Sample]:
    """The series of a vector; those without a finite value are left out. NoVector."""
    try:
        told = msgspec.json.decode(data, type=list[_Series])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoVector("its data are no vector") from None
    found: list[Sample] = []
    for each in told:
        value = _number(each.value[1])
        if value is not None:
            found.append(Sample(each.metric.pop(_NAME, ""), each.metric, value))
    return found


def count(told: float | None) -> int | None:
    """A number of things, None if it is not known, or none that anybody could have counted."""
    return int(told) if told is not None and 0 <= told < 2**63 else None


def own(labels: Labels, name: str) -> str | None:
    """What a series says itself of a pod, namespace or node.

    Where Prometheus says of whom it has scraped it under the same name, that comes as
    ``exported_pod`` and so on, and ``pod`` is the exporter's.
    """
    return labels.get(f"exported_{name}") or labels.get(name) or None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None
