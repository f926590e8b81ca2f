"""Outcomes of commands: one per command id, kept for 24 hours in the KV bucket ``outcomes``."""

import re
from uuid import UUID

from contracts.outcomes import Outcome
from services.runtime import streams
from services.runtime.bus import Bus, JetStreamRefused, Outgoing

_INBOX = re.compile(r"_INBOX(\.[^\s.*>]+)+\Z")


def may_be_told(subject: str) -> bool:
    """True for a subject to which an outcome may be sent: a plain one below ``_INBOX.``.

    A worker publishes there with its own rights, so nothing else that a message names will do.
    """
    return _INBOX.match(subject) is not None


def message(outcome: Outcome) -> Outgoing:
    """The message that keeps an outcome."""
    subject = f"$KV.outcomes.{outcome.command_id}"
    return Outgoing(subject, outcome.model_dump_json().encode(), {})


async def put(bus: Bus, outcome: Outcome) -> None:
    """Keep an outcome; returns when it is durable."""
    kept = message(outcome)
    await bus.publish(kept.subject, kept.data)


async def find(bus: Bus, command_id: UUID) -> Outcome | None:
    """The outcome of a command, None if there is none yet or no longer."""
    stored = await bus.get(streams.OUTCOMES, {"last_by_subj": f"$KV.outcomes.{command_id}"})
    return None if stored is None else Outcome.model_validate_json(stored.data)


async def mark_pending(bus: Bus, command_id: UUID) -> None:
    """Say that a command was taken, unless its outcome is known already."""
    marker = Outcome(command_id=command_id, outcome="pending")
    subject = f"$KV.outcomes.{command_id}"
    first = {"Nats-Expected-Last-Subject-Sequence": "0"}
    try:
        await bus.publish(subject, marker.model_dump_json().encode(), first)
    except JetStreamRefused:
        return  # There is an outcome.
