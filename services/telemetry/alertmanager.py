"""Asks an Alertmanager: which alerts and silences it has; makes silences and ends them.

Source: its API v2, https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, which
Alertmanager has from version 0.16 on. Alerts and silences are checked and counted, and passed on as
they came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, TypeVar
from uuid import UUID

import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import ExpireSilence, PutSilence
from services.runtime.backends import faults
from services.runtime.backends.backend import Backend
from services.runtime.backends.bodies import Found, read, require_few, require_text, too_many

T = TypeVar("T")

_WHICH = Checked.ALERTMANAGER
_ALL = tuple((name, "true") for name in ("active", "silenced", "inhibited", "unprocessed"))
_ALERTS, _STATUS, _SILENCES = "api/v2/alerts", "api/v2/status", "api/v2/silences"
_LATE = timedelta(days=1)
"""How far its clock may be behind ours: it takes a start that has passed for now."""
_ORDER = ("active", "pending")


class _Object(msgspec.Struct, frozen=True):
    """Any JSON object."""


class _Cluster(msgspec.Struct, frozen=True):
    status: str
    name: str = ""


class _Version(msgspec.Struct, frozen=True):
    version: str = ""


class _Status(msgspec.Struct, frozen=True):
    """Of itself. Its configuration stays where it is: it may hold secrets."""

    uptime: str
    cluster: _Cluster
    versionInfo: _Version  # noqa: N815 - its name on the wire


class _AlertStatus(msgspec.Struct, frozen=True):
    state: str
    silencedBy: list[str]  # noqa: N815
    inhibitedBy: list[str]  # noqa: N815


class _Alert(msgspec.Struct, frozen=True):
    fingerprint: str
    labels: _Object
    startsAt: str  # noqa: N815
    endsAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    status: _AlertStatus


class _SilenceStatus(msgspec.Struct, frozen=True):
    state: str


class _Silence(msgspec.Struct, frozen=True):
    id: str
    status: _SilenceStatus
    matchers: list[_Object]
    startsAt: str  # noqa: N815
    endsAt: str  # noqa: N815
    createdBy: str = ""  # noqa: N815
    comment: str = ""


class _Made(msgspec.Struct, frozen=True):
    silenceID: str  # noqa: N815


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """The Alertmanager of one cluster, for the time of one question.

    Refused for whatever is wrong with the question, the answer or the backend.
    """

    backend: Backend
    most: int
    """Alerts or silences of one answer."""

    async def alerts(self) -> Found:
        """All its alerts, and after them what it says of itself.

        In this order: if it has been up since long before, it was up when it told its alerts.
        """
        alerts, count = await self._listed(_ALERTS, _ALL, b'"fingerprint"', list[_Alert])
        status = await self.backend.get(
            _STATUS, read=lambda body: _read(body, _Status), absent=_no_api
        )
        parts = (b'{"status":', msgspec.json.encode(status), b',"alerts":', alerts, b"}")
        return Found(b"".join(parts), count)

    async def silences(self) -> Found:
        """All its silences, those too that ended within its retention."""
        return Found(*await self._silences())

    async def put(self, asked: PutSilence) -> Found:
        """Make a silence, unless there is or was one with this mark: then its id is told."""
        body, _ = await self._silences()
        silence_id = _marked(read(_WHICH, body, list[_Silence]), asked.mark)
        if silence_id is None:
            made = await self.backend.post_json(
                _SILENCES,
                msgspec.json.encode(self._silence(asked)),
                read=lambda told: _read(told, _Made),
            )
            silence_id = made.silenceID
        return Found(msgspec.json.encode(_Made(silence_id)), 1)

    async def expire(self, asked: ExpireSilence) -> Found:
        """End a silence; one that has ended already is fine. Refused if it has no such silence."""
        path = f"api/v2/silence/{_uuid(asked.silence_id)}"
        # Asked first: what a DELETE answers to an unknown one depends on the version.
        silence = await self.backend.get(
            path,
            read=lambda body: _read(body, _Silence),
            absent=lambda body: _no_silence(body, asked.silence_id),
        )
        if silence.status.state != "expired":
            await self.backend.delete(path, absent=lambda body: _no_silence(body, asked.silence_id))
        return Found(b"", 0)

    async def _silences(self) -> tuple[bytes, int]:
        return await self._listed(_SILENCES, (), b'"matchers"', list[_Silence])

    async def _listed(
        self, path: str, params: Sequence[tuple[str, str]], mark: bytes, kind: type[list[T]]
    ) -> tuple[bytes, int]:
        """An array as it came, and how many are in it."""

        def checked(body: bytes) -> tuple[bytes, int]:
            if body.strip() == b"null":  # Go's empty list.
                return b"[]", 0
            require_few(_WHICH, body, mark, self.most)
            count = len(_read(body, kind))
            if count > self.most:
                raise too_many(_WHICH, count, self.most)
            return body, count

        return await self.backend.get(path, params, read=checked, absent=_no_api)

    def _silence(self, asked: PutSilence) -> Mapping[str, object]:
        return {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True}
                for name, value in asked.labels.items()
            ],
            "startsAt": self.backend.asked.outside.clock.now() - _LATE,
            "endsAt": asked.ends_at,
            "createdBy": asked.created_by,
            "comment": f"{asked.comment} ({_mark(asked.mark)})".strip(),
        }


def _read(body: bytes, kind: type[T]) -> T:
    require_text(_WHICH, body)
    return read(_WHICH, body, kind)


def _mark(mark: UUID) -> str:
    return f"aiops:{mark}"


def _marked(silences: Sequence[_Silence], mark: UUID) -> str | None:
    """The one that was made for a mark: what is in force before what has ended.

    Whoever changes a silence by hand makes a new one with its comment.
    """
    found = [each for each in silences if _mark(mark) in each.comment]
    for state in _ORDER:
        for each in found:
            if each.status.state == state:
                return each.id
    return found[0].id if found else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown(text) from None


def _no_silence(body: bytes, silence_id: str) -> NoReturn:
    if faults.no_path(_WHICH, body) is not None:
        _no_api(body)
    raise _unknown(silence_id)


def _unknown(silence_id: str) -> Refused:
    return Refused(Code.SILENCE_NOT_FOUND, f"Alertmanager has no silence {silence_id}")


def _no_api(_: bytes) -> NoReturn:
    text = "Alertmanager answered 404: there is no API v2 below this URL"
    advice = "it needs Alertmanager 0.16 or later; if it is that, check the URL and its prefix"
    raise faults.Failing(Code.UPSTREAM_FAILED, f"{text}; {advice}")
