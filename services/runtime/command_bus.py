"""Publishing commands: durable, idempotent by command id, with an optional wait for the outcome."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.envelope import Command
from contracts.outcomes import Outcome
from contracts.subjects import command_subject
from services.runtime import metrics, outcomes, rights
from services.runtime.bus import Ack, Bus, BusUnavailable, Outgoing, read_ack
from services.runtime.principals import NOWHERE, Scope

LARGEST_COMMAND = 1 << 20
"""Bytes of a command's fields: nothing larger travels on the bus."""
_ASK_AGAIN = 0.02
SCOPE = "aiops-scope"
"""Header: where whoever asks may do this. Of publishers from outside it is not read."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, and within which trace."""

    actor: str
    traceparent: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    scope: Scope = NOWHERE
    """Where they may do it; told of commands that are `rights.is_of_its_own_clusters`."""


@dataclass(frozen=True, slots=True)
class CommandBus:
    """Publishes commands under one publisher's name."""

    bus: Bus
    publisher: str

    def owner(self, origin: Origin) -> str:
        """Whose the commands of this origin are."""
        return outcomes.owner_of(self.publisher, origin.actor)

    def message(self, command: Command, command_id: UUID, origin: Origin) -> Outgoing:
        """The message of one command."""
        # With whose it is: another's command of the same id makes ours no duplicate.
        headers = {
            "Nats-Msg-Id": f"{command_id}:{self.owner(origin)}",
            "ce-actor": origin.actor,
        }
        if origin.traceparent:
            headers["traceparent"] = origin.traceparent
        if origin.correlation_id:
            headers["ce-correlationid"] = str(origin.correlation_id)
        if origin.causation_id:
            headers["ce-causationid"] = str(origin.causation_id)
        if rights.is_of_its_own_clusters(type(command)):
            headers[SCOPE] = origin.scope.written()
        subject = command_subject(self.publisher, command.area, command.snake_name())
        return Outgoing(subject, command.model_dump_json(exclude_unset=True).encode(), headers)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Store commands one by one; returns when all are durable.

        Raises what the first was refused with that is not stored; others then are perhaps, and all
        may be sent again with the same ids. No atomic batch: of open ones a stream has 50, and a
        publisher from outside that commits none of its own could hold them all.
        """
        for answer in await self.bus.publish_each(messages):
            if not isinstance(answer, Ack):
                raise answer

    async def call(
        self, command: Command, command_id: UUID, origin: Origin, *, wait: float
    ) -> Outcome | None:
        """Store a command and wait for its outcome, None if there is none within ``wait`` seconds.

        BusUnavailable if the command could not be stored; then it was perhaps stored all the same,
        and the same command id may be sent again. Refused if the id is another's.
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
                        return await self._earlier(command_id, self.owner(origin))
                    return Outcome.model_validate_json((await outcome).data)
            except TimeoutError:
                if not stored.done():
                    raise BusUnavailable("the bus did not store the command in time") from None
                return None
            finally:
                self.bus.forget(stored_at)
                self.bus.forget(outcome_at)

    async def _earlier(self, command_id: UUID, owner: str) -> Outcome:
        """The outcome of a command that came before: whoever sent it first gets the reply."""
        while True:
            kept = await outcomes.find(self.bus, command_id)
            if kept is not None and not kept.belongs_to(owner):
                raise outcomes.id_taken(command_id)
            if kept is not None and kept.outcome.outcome != "pending":
                return kept.outcome
            await asyncio.sleep(_ASK_AGAIN)
