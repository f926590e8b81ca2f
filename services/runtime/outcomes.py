"""Outcomes of commands: one per command id, kept for 24 hours in the KV bucket ``outcomes``."""

from uuid import UUID

from contracts.outcomes import Outcome
from services.runtime import streams
from services.runtime.bus import Bus


async def put(bus: Bus, outcome: Outcome) -> None:
    """Keep an outcome; returns when it is durable."""
    await bus.publish(f"$KV.outcomes.{outcome.command_id}", outcome.model_dump_json().encode())


async def find(bus: Bus, command_id: UUID) -> Outcome | None:
    """The outcome of a command, None if there is none yet or no longer."""
    stored = await bus.get(streams.OUTCOMES, {"last_by_subj": f"$KV.outcomes.{command_id}"})
    return None if stored is None else Outcome.model_validate_json(stored.data)
