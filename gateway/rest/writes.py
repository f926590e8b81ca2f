"""A write: a command on the bus, its outcome, and the wait for the projection."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from contracts.envelope import Command
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.auth.guards import principal_of
from gateway.gate import Gate
from gateway.origin import origin_of
from gateway.rest.shared import AnyRequest, field_error, raw
from services.runtime import outcomes, rights
from services.runtime.ids import derived_id, new_id


@dataclass(frozen=True, slots=True)
class Done:
    """The projection shows what the command has changed."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Pending:
    """It was taken, but is not visible within the time-out."""

    command_id: UUID

    def response(self) -> Response[Any]:
        """202 with the place where the outcome will be."""
        body = msgspec.json.encode({"command_id": str(self.command_id), "outcome": "pending"})
        return raw(body, status=202, headers={"Location": f"/api/v1/commands/{self.command_id}"})


async def write(
    gate: Gate,
    request: AnyRequest,
    command: Command,
    projection: str | None,
    *,
    wait: float | None = None,
    command_id: UUID | None = None,
) -> Done | Pending:
    """Send a command and wait until a projection shows its effect; Refused if it was refused, or
    if whoever asks may not give it.

    ``wait`` seconds, where its handler asks others and may take long. ``projection`` None: no
    projection shows it.
    """
    principal = principal_of(request)
    rights.require(principal, command)
    wait = wait or gate.runtime.settings.gateway.write_timeout
    command_id = command_id or await command_id_of(gate, request)
    origin = replace(origin_of(request), scope=principal.scope(rights.given_by(type(command))))
    started = gate.clock.monotonic()
    outcome = await gate.commands.call(command, command_id, origin, wait=wait)
    if outcome is None:
        await outcomes.mark_pending(gate.runtime.bus, command_id, gate.commands.owner(origin))
        return Pending(command_id)
    if outcome.outcome != "accepted":
        raise refusal(outcome)
    if projection is None:
        return Done(outcome)
    left = wait - (gate.clock.monotonic() - started)
    reached = await gate.positions.wait_for(projection, outcome.sequence or 0, max(left, 0.05))
    return Done(outcome) if reached else Pending(command_id)


def refusal(outcome: Outcome) -> Refused:
    """A refused or failed outcome as the error that the caller gets."""
    code = outcome.code if outcome.code in Code.__members__ else Code.INTERNAL_ERROR.name
    return Refused(Code[code or "INTERNAL_ERROR"], outcome.message or "refused", outcome.details)


async def command_id_of(gate: Gate, request: AnyRequest) -> UUID:
    """A new command id, or the one that the caller's Idempotency-Key stands for.

    That one nobody else can tell: who could would send a command under it first.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return new_id()
    if not 1 <= len(key) <= 256:
        raise field_error("Idempotency-Key", "must have 1 to 256 characters")
    secret = await gate.access.command_id_secret()
    what = (principal_of(request).actor, request.method, request.url.path, key)
    return derived_id("idempotency-key", secret, *what)
