"""Outcomes of commands: one per command id, kept for 24 hours in the KV bucket ``outcomes``.

With each is kept whose command it was, as a header that is told to nobody: command ids are no
secrets, so whoever knows one must neither hear of another's command nor take its place.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from services.runtime import streams
from services.runtime.bus import Bus, JetStreamRefused, Outgoing
from services.runtime.ids import derived_id

_INBOX = re.compile(r"_INBOX(\.[^\s.*>]+)+\Z")
_OWNER = "aiops-owner"


def may_be_told(subject: str) -> bool:
    """True for a subject to which an outcome may be sent: a plain one below ``_INBOX.``.

    A worker publishes there with its own rights, so nothing else that a message names will do.
    """
    return _INBOX.match(subject) is not None


def told_at(publisher: str, reply_to: str) -> str:
    """Where an outside publisher's inbox lies in our account of the bus.

    Its own account imports this as its inboxes, and those of nobody else.
    """
    return f"_P.{publisher}.{reply_to}"


def owner_of(publisher: str, actor: str) -> str:
    """Whose a command is, in 32 characters: the same for one actor at one publisher alone."""
    return derived_id("owner", publisher, actor.strip()).hex


@dataclass(frozen=True, slots=True)
class Kept:
    """An outcome as it is kept."""

    outcome: Outcome
    owner: str
    """Empty where an earlier release has kept it: then it is anybody's, as it was there."""

    def belongs_to(self, owner: str) -> bool:
        """True if it may be told to this owner."""
        return self.owner in ("", owner)


def id_taken(command_id: UUID) -> Refused:
    """What somebody is told who gives a command under an id that is another's."""
    text = f"the command id {command_id} is that of somebody else's command: take a new one"
    return Refused(Code.COMMAND_ID_TAKEN, text)


def message(outcome: Outcome, owner: str) -> Outgoing:
    """The message that keeps an outcome."""
    subject = f"$KV.outcomes.{outcome.command_id}"
    return Outgoing(subject, outcome.model_dump_json().encode(), {_OWNER: owner})


async def put(bus: Bus, outcome: Outcome, owner: str) -> None:
    """Keep an outcome; returns when it is durable."""
    kept = message(outcome, owner)
    await bus.publish(kept.subject, kept.data, kept.headers)


async def find(bus: Bus, command_id: UUID) -> Kept | None:
    """The outcome of a command and whose it is, None if there is none yet or no longer."""
    stored = await bus.get(streams.OUTCOMES, {"last_by_subj": f"$KV.outcomes.{command_id}"})
    if stored is None:
        return None
    return Kept(Outcome.model_validate_json(stored.data), stored.headers.get(_OWNER, ""))


async def mark_pending(bus: Bus, command_id: UUID, owner: str) -> None:
    """Say that a command was taken, unless its outcome is known already."""
    marker = message(Outcome(command_id=command_id, outcome="pending"), owner)
    first = {"Nats-Expected-Last-Subject-Sequence": "0"}
    try:
        await bus.publish(marker.subject, marker.data, marker.headers | first)
    except JetStreamRefused:
        return  # There is an outcome.
