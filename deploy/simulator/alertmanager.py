"""The Alertmanager of a simulated cluster: its API v2, which tells alerts and keeps silences.

Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. It posts nothing
by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from deploy.simulator import alerts
from deploy.simulator.alerts import Firing, Matcher
from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Request, json_answer
from deploy.simulator.objects import CREATED, Json
from deploy.simulator.prometheus_api import VERSION
from services.runtime.ids import new_id

_MOST = 1_000
"""Silences that one keeps."""
_RETENTION = timedelta(hours=120)
_TRUE = "true"


class _Matcher(msgspec.Struct, frozen=True):
    name: str
    value: str
    isRegex: bool  # noqa: N815 - its name on the wire
    isEqual: bool = True  # noqa: N815


class _Asked(msgspec.Struct, frozen=True):
    """A silence as somebody posts it."""

    matchers: Annotated[list[_Matcher], msgspec.Meta(min_length=1)]
    startsAt: Annotated[datetime, msgspec.Meta(tz=True)]  # noqa: N815
    endsAt: Annotated[datetime, msgspec.Meta(tz=True)]  # noqa: N815
    createdBy: str  # noqa: N815
    comment: str


class NotGranted(Exception):
    """What the real one would say no to, in its words."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence that is kept."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    created_by: str
    comment: str

    def state(self, now: datetime) -> str:
        """Its state at a time."""
        if now >= self.ends_at:
            return "expired"
        return "active" if now >= self.starts_at else "pending"


@dataclass
class Silences:
    """What one Alertmanager remembers."""

    _kept: dict[str, Silence] = field(default_factory=dict[str, Silence])

    def all(self, now: datetime) -> list[Silence]:
        """All of them; those whose retention is over are forgotten."""
        self._kept = {
            key: each for key, each in self._kept.items() if now - each.ends_at < _RETENTION
        }
        return list(self._kept.values())

    def get(self, silence_id: str) -> Silence | None:
        """The silence of this id."""
        return self._kept.get(silence_id)

    def put(self, silence: Silence, now: datetime) -> None:
        """Keep one more."""
        if len(self.all(now)) >= _MOST:
            raise NotGranted(f"exceeded maximum number of silences: {_MOST} (limit: {_MOST})")
        self._kept[silence.id] = silence

    def end(self, silence: Silence, now: datetime) -> None:
        """It is over now, if it was not before."""
        if silence.state(now) != "expired":
            starts_at = min(silence.starts_at, now)
            ended = replace(silence, starts_at=starts_at, ends_at=now, updated_at=now)
            self._kept[silence.id] = ended

    def of(self, firing: Firing, now: datetime) -> list[str]:
        """The ids of those that hold an alert back."""
        return [
            each.id
            for each in self.all(now)
            if each.state(now) == "active" and alerts.silences(each.matchers, firing.labels)
        ]


def answer(cluster: Cluster, silences: Silences, path: str, request: Request) -> Answer | None:
    """What a path of the API gives, None if there is nothing."""
    match request.method, path.split("/"):
        case "GET", ["api", "v2", what]:
            told = _listed(cluster, silences, what, request)
            return None if told is None else json_answer(told)
        case "POST", ["api", "v2", "silences"]:
            return _make(silences, request)
        case "GET" | "DELETE", ["api", "v2", "silence", silence_id]:
            return _one(silences, silence_id, request)
        case _:
            return None


def _listed(
    cluster: Cluster, silences: Silences, what: str, request: Request
) -> Json | list[Json] | None:
    match what:
        case "status":
            return _status(cluster)
        case "alerts":
            return _alerts(cluster, silences, request)
        case "silences":
            return [_told(each, request.now) for each in silences.all(request.now)]
        case _:
            return None


def _alerts(cluster: Cluster, silences: Silences, request: Request) -> list[Json]:
    now, found = request.now, list[Json]()
    for firing in alerts.firing(cluster, now):
        silenced, inhibited = silences.of(firing, now), list(firing.inhibited_by)
        wanted = {"silenced": bool(silenced), "inhibited": bool(inhibited)}
        wanted["active"] = not any(wanted.values())
        if all(request.query.get(name, _TRUE) == _TRUE for name, it_is in wanted.items() if it_is):
            found.append(_alert(firing, now, silenced))
    return found


def _alert(firing: Firing, now: datetime, silenced: Sequence[str]) -> Json:
    muted = bool(silenced or firing.inhibited_by)
    return {
        "annotations": {"summary": firing.summary},
        "endsAt": _time(alerts.ends_at(now)),
        "fingerprint": firing.fingerprint,
        "receivers": [{"name": "aiops"}],
        "startsAt": _time(firing.starts_at),
        "status": {
            "inhibitedBy": list(firing.inhibited_by),
            "silencedBy": list(silenced),
            "state": "suppressed" if muted else "active",
        },
        "updatedAt": _time(alerts.updated_at(now)),
        "generatorURL": "http://prometheus.simulated/graph",
        "labels": dict(firing.labels),
    }


def _make(silences: Silences, request: Request) -> Answer:
    now = request.now
    try:
        asked = msgspec.json.decode(request.body, type=_Asked)
    except msgspec.DecodeError as wrong:
        return json_answer({"code": 422, "message": str(wrong)}, 422)
    try:
        made = _sound(asked, now)
        silences.put(made, now)
    except NotGranted as no:
        return json_answer(str(no), 400)
    return json_answer({"silenceID": made.id})


def _sound(asked: _Asked, now: datetime) -> Silence:
    matchers = tuple(Matcher(m.name, m.value, m.isRegex, m.isEqual) for m in asked.matchers)
    if asked.endsAt <= asked.startsAt:
        raise NotGranted("Failed to create silence: start time must be before end time")
    if asked.endsAt < now:
        raise NotGranted("Failed to create silence: end time can't be in the past")
    for number, each in enumerate(matchers):
        if each.is_regex and not _compiles(each.value):
            raise NotGranted(f"silence invalid: invalid label matcher {number}: {each.value!r}")
    if alerts.silences(matchers, {}):
        text = "at least one matcher must not match the empty string"
        raise NotGranted(f"silence invalid: {text}")
    starts_at, ends_at = max(asked.startsAt, now), asked.endsAt
    return Silence(str(new_id()), matchers, starts_at, ends_at, now, asked.createdBy, asked.comment)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _one(silences: Silences, silence_id: str, request: Request) -> Answer:
    silence = silences.get(silence_id)
    if silence is None:
        return Answer(404)
    if request.method == "GET":
        return json_answer(_told(silence, request.now))
    silences.end(silence, request.now)
    return Answer()


def _told(silence: Silence, now: datetime) -> Json:
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": _time(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": _time(silence.ends_at),
        "matchers": [
            {
                "isEqual": each.is_equal,
                "isRegex": each.is_regex,
                "name": each.name,
                "value": each.value,
            }
            for each in silence.matchers
        ],
        "startsAt": _time(silence.starts_at),
    }


def _time(moment: datetime) -> str:
    """With milliseconds, as the real one writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _status(cluster: Cluster) -> Json:
    name = f"{cluster.name}-alertmanager-0"
    return {
        "cluster": {
            "name": name,
            "status": "ready",
            "peers": [{"name": name, "address": "10.0.0.1:9094"}],
        },
        "config": {"original": "route:\n  receiver: aiops\nreceivers:\n- name: aiops\n"},
        "uptime": CREATED,
        "versionInfo": VERSION | {"version": "0.28.0+simulated"},
    }
