"""What a cluster's Alertmanager and Prometheus answered, read as far as alerts need it: pure.

Formats: Alertmanager's API v2, ``GET /alerts`` and ``GET /status``; Prometheus' HTTP API,
``GET /api/v1/alerts``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from pydantic import TypeAdapter, ValidationError

from contracts.alerts import AlertReport, OpenAlert
from services.alerts.normalize import Observation, normalize

_OPEN: TypeAdapter[list[OpenAlert]] = TypeAdapter(list[OpenAlert])


class Unreadable(Exception):
    """An answer that is not what it should be."""


class Muting(msgspec.Struct, frozen=True):
    """Why an Alertmanager holds back what it would notify of an alert."""

    silencedBy: tuple[str, ...] = ()  # noqa: N815 - Alertmanager's spelling, as all of these
    inhibitedBy: tuple[str, ...] = ()  # noqa: N815

    @property
    def known(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As we tell it: silences and inhibitors, each in one order."""
        return tuple(sorted(set(self.silencedBy))), tuple(sorted(set(self.inhibitedBy)))


class Shown(msgspec.Struct, frozen=True):
    """An alert that an Alertmanager has; it shows none that has ended."""

    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: str | None = None  # noqa: N815
    generatorURL: str | None = None  # noqa: N815
    status: Muting = Muting()


class _Status(msgspec.Struct):
    uptime: str | None = None


class _Alertmanager(msgspec.Struct):
    alerts: list[Shown]
    status: _Status


class _Rule(msgspec.Struct):
    labels: dict[str, str]
    state: str
    annotations: dict[str, str] = {}
    activeAt: str | None = None  # noqa: N815


class _Prometheus(msgspec.Struct):
    alerts: list[_Rule]


_ALERTMANAGER = msgspec.json.Decoder(_Alertmanager)
_PROMETHEUS = msgspec.json.Decoder(_Prometheus)


@dataclass(frozen=True, slots=True)
class Had:
    """What an Alertmanager had when it was asked."""

    shown: dict[str, Shown]
    """By fingerprint."""
    since: datetime | None
    """When it was started; None if it does not say."""


def had(body: bytes) -> Had:
    """Of the answer to `contracts.telemetry.ReadAlerts`; Unreadable."""
    try:
        told = _ALERTMANAGER.decode(body)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from None
    return Had({each.fingerprint: each for each in told.alerts}, _moment(told.status.uptime))


def open_ones(body: bytes) -> list[OpenAlert]:
    """Of the answer to `contracts.alerts.OpenAlerts`; Unreadable."""
    try:
        return _OPEN.validate_json(body)
    except ValidationError as error:
        raise Unreadable(str(error)) from None


def firing(shown: Iterable[Shown], cluster_id: UUID, asked_at: datetime) -> Iterator[Observation]:
    """Each as a report that is current; what makes no sense as one is left out."""
    for each in shown:
        fields = {name: getattr(each, name) for name in each.__struct_fields__ if name != "status"}
        observation = _observation(fields, cluster_id, asked_at)
        if observation is not None:
            yield observation


def pending(body: bytes, cluster_id: UUID, asked_at: datetime) -> dict[str, Observation]:
    """Of Prometheus' alerts those that are pending, by fingerprint; Unreadable.

    A Prometheus adds its external labels only to what it sends: where it has any, what is pending
    and what then fires differ in their fingerprint.
    """
    try:
        told = _PROMETHEUS.decode(body)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from None
    found: dict[str, Observation] = {}
    for each in told.alerts:
        if each.state == "pending":
            times = {"startsAt": each.activeAt}
            fields = {"labels": each.labels, "annotations": each.annotations, **times}
            observation = _observation(fields, cluster_id, asked_at)
            if observation is not None:
                found[observation.fingerprint] = observation
    return found


def _observation(
    fields: dict[str, Any], cluster_id: UUID, asked_at: datetime
) -> Observation | None:
    try:
        report = AlertReport.model_validate({**fields, "status": "firing"})
    except ValidationError:
        return None
    return normalize(report, cluster_id, asked_at, current=True)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
