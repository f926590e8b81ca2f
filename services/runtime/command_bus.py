"""Publishing commands: durable, idempotent by command id, with an optional wait for the outcome."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.envelope import Command
from contracts.outcomes import Outcome
from contracts.subjects import command_subject
from services.runtime import metrics, outcomes
from services.runtime.bus import Bus, BusUnavailable, Outgoing, read_ack

_ASK_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, and within which trace."""

    actor: str
    traceparent: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CommandBus:
    """Publishes commands under one publisher's name."""

    bus: Bus
    publisher: str

    def message(self, command: Command, command_id: UUID, origin: Origin) -> Outgoing:
        """The message of one command."""
        headers = {"Nats-Msg-Id": str(command_id), "ce-actor": origin.actor}
        if origin.traceparent:
            headers["traceparent"] = origin.traceparent
        if origin.correlation_id:
            headers["ce-correlationid"] = str(origin.correlation_id)
        if origin.causation_id:
            headers["ce-causationid"] = str(origin.causation_id)
        subject = command_subject(self.publisher, command.area, command.snake_name())
        return Outgoing(subject, command.model_dump_json(exclude_unset=True).encode(), headers)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store commands, all or none; returns when they are durable."""
        if len(messages) == 1:
            await self.bus.publish(messages[0].subject, messages[0].data, messages[0].headers)
        else:
            await self.bus.publish_batch(messages)

    async def call(
        self, command: Command, command_id: UUID, origin: Origin, *, wait: float
    ) -> Outcome | None:
        """Store a command and wait for its outcome, None if there is none within ``wait`` seconds.

        BusUnavailable if the command could not be stored; then it was perhaps stored all the same,
        and the same command id may be sent again.
        """
        message = self.message(command, command_id, origin)
        stored_at, stored = self.bus.expect()
        outcome_at, outcome = self.bus.expect(outcome=True)
        message.headers["reply_to"] = outcome_at
        with metrics.COMMAND_ROUND_TRIP.labels(command.snake_name()).time():
            try:
                await self.bus.emit(message.subject, message.data, message.headers, reply=stored_at)
                async with asyncio.timeout(wait):
                    if read_ack(await stored).duplicate:
                        return await self._earlier(command_id)
                    return Outcome.model_validate_json((await outcome).data)
            except TimeoutError:
                if not stored.done():
                    raise BusUnavailable("the bus did not store the command in time") from None
                return None
            finally:
                self.bus.forget(stored_at)
                self.bus.forget(outcome_at)

    async def _earlier(self, command_id: UUID) -> Outcome:
        """The outcome of a command that came before: whoever sent it first gets the reply."""
        while True:
            outcome = await outcomes.find(self.bus, command_id)
            if outcome is not None and outcome.outcome != "pending":
                return outcome
            await asyncio.sleep(_ASK_AGAIN)
