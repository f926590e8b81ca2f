"""Silences of many clusters' Alertmanagers, as one list."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from contracts.refusals import Code
from gateway.federation.outcome import ClusterAnswer, Status

_MARK = re.compile(r"\s*\(?aiops:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)?\s*\Z")
"""What the collector adds to the comment of a silence that it makes."""
_BROKEN = (
    "its Alertmanager sent silences that cannot be read; look whether alertmanager_url leads to one"
)


class SilenceState(StrEnum):
    """What a silence is now."""

    ACTIVE = "ACTIVE"
    PENDING = "PENDING"
    """It begins later."""
    EXPIRED = "EXPIRED"


class Matcher(msgspec.Struct, frozen=True):
    """What a label of an alert must be, or must not be."""

    name: str
    value: str
    is_regex: bool
    is_equal: bool
    """False where it must be anything else."""


class Silence(msgspec.Struct, frozen=True):
    """A silence of a cluster's Alertmanager."""

    id: str
    cluster_id: UUID
    cluster_name: str
    state: SilenceState
    matchers: list[Matcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    command_id: UUID | None
    """Of the command by which it was made here; None if somebody made it there."""


class Silences(msgspec.Struct, frozen=True):
    """What many clusters have."""

    items: list[Silence]
    total: int
    """How many there are, also of those that are not among the items."""


class _Matcher(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


class _Status(msgspec.Struct, frozen=True):
    state: str


class _Silence(msgspec.Struct, frozen=True, rename="camel"):
    """As Alertmanager's API v2 tells it."""

    id: str
    status: _Status
    matchers: list[_Matcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""
    comment: str = ""


_SILENCES = msgspec.json.Decoder(list[_Silence])


def gathered(answers: Sequence[ClusterAnswer]) -> tuple[list[ClusterAnswer], list[Silence]]:
    """All silences, those that end first before others; the answers again, as some are unreadable.

    Active ones come before those that begin later, and the ended ones last, the newest first.
    """
    read: list[ClusterAnswer] = []
    found: list[Silence] = []
    for answer in answers:
        try:
            found += _silences(answer)
            read.append(answer)
        except (msgspec.DecodeError, ValueError):
            read.append(_broken(answer))
    return read, sorted(found, key=_order)


def _silences(answer: ClusterAnswer) -> list[Silence]:
    return [_silence(answer, told) for told in _SILENCES.decode(answer.body or b"[]")]


def _silence(answer: ClusterAnswer, told: _Silence) -> Silence:
    mark = _MARK.search(told.comment)
    return Silence(
        id=told.id,
        cluster_id=answer.cluster.id,
        cluster_name=answer.cluster.name,
        state=SilenceState(told.status.state.upper()),
        matchers=[
            Matcher(each.name, each.value, each.is_regex, each.is_equal) for each in told.matchers
        ],
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        created_by=told.created_by,
        comment=told.comment[: mark.start()] if mark else told.comment,
        command_id=UUID(mark[1]) if mark else None,
    )


def _broken(answer: ClusterAnswer) -> ClusterAnswer:
    failed = replace(answer, status=Status.ERROR, code=Code.UPSTREAM_FAILED, message=_BROKEN)
    return replace(failed, parts=(), told={})


def _order(silence: Silence) -> tuple[int, float, str]:
    ends = silence.ends_at.timestamp()
    match silence.state:
        case SilenceState.ACTIVE:
            return 0, ends, silence.id
        case SilenceState.PENDING:
            return 1, ends, silence.id
        case SilenceState.EXPIRED:
            return 2, -ends, silence.id
