"""Dead letters over REST: what could not be handled and why; retried, or given up."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter

from contracts.envelope import Command
from contracts.operations import DropDeadLetter, RetryDeadLetter
from contracts.outcomes import Outcome
from contracts.refusals import Code, Refused
from gateway.rest.documented_operations import DeadLetterItem, DeadLetterList
from gateway.rest.shared import AnyRequest, Text, WithGate, errors, field_error, raw, zoned
from gateway.rest.writes import Pending, write
from services.runtime import dead_letters as kept
from services.runtime.dead_letters import DeadLetter, Wanted
from services.runtime.masking import readable_text, without_logins

_LISTED, _WHOLE = 2_000, 64_000
"""Characters of a body that are shown: in a list, and of one letter."""
_READ_FOR_A_LIST = 64_000
"""Bytes: a hundred bodies of a list are not kept, nor looked through, if they are larger."""
_ONE = errors(Code.DEAD_LETTER_NOT_FOUND, Code.BUS_UNAVAILABLE)
_LATER = ResponseSpec(Outcome, generate_examples=False, description="Taken: see Location.")
_WRITE = {202: _LATER} | _ONE
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="Letters of one answer.")]
Since = Annotated[datetime | None, QueryParameter(description="Failed then or later.")]
Retried = Annotated[bool, QueryParameter(description="Those that were retried, too.")]


@get("/", operation_id="listDeadLetters", summary="What could not be handled",
     responses=errors(Code.BUS_UNAVAILABLE))  # fmt: skip
async def list_dead_letters(
    gate: WithGate,
    stream: Text = None,
    consumer: Text = None,
    since: Since = None,
    retried: Retried = False,
    limit: Limit = 20,
    cursor: Text = None,
) -> Response[DeadLetterList]:
    """Oldest first. ``next_cursor`` is null at the end."""
    wanted = Wanted(stream, consumer, zoned("since", since), retried, _READ_FOR_A_LIST)
    found, following = await kept.part(gate.runtime.bus, wanted, _after(cursor), limit)
    items = [_shown(letter, _LISTED) for letter in found]
    told = {"items": items, "next_cursor": None if following is None else str(following)}
    return raw(msgspec.json.encode(told))


@get("/{letter_id:int}", operation_id="getDeadLetter", summary="One dead letter",
     responses=_ONE)  # fmt: skip
async def get_dead_letter(gate: WithGate, letter_id: FromPath[int]) -> Response[DeadLetterItem]:
    """One letter, with more of its body than a list shows."""
    letter = await kept.find(gate.runtime.bus, _known(letter_id))
    return raw(msgspec.json.encode(_shown(letter, _WHOLE)))


@post("/{letter_id:int}/retry", operation_id="retryDeadLetter", summary="Have it handled again",
      status_code=200, responses=_WRITE)  # fmt: skip
async def retry_dead_letter(
    gate: WithGate, request: AnyRequest, letter_id: FromPath[int]
) -> Response[Outcome]:
    """Publish a command again, or have an event handled again by the reaction that has failed."""
    return await _given(gate, request, RetryDeadLetter(sequence=_known(letter_id)))


@delete("/{letter_id:int}", operation_id="dropDeadLetter", summary="Give it up",
        status_code=204, responses=_WRITE)  # fmt: skip
async def drop_dead_letter(
    gate: WithGate, request: AnyRequest, letter_id: FromPath[int]
) -> Response[None]:
    """The letter is listed no more, and its body is gone; it is not handled."""
    answer = await _given(gate, request, DropDeadLetter(sequence=_known(letter_id)))
    return answer if answer.status_code == 202 else Response(None, status_code=204)


async def _given(gate: WithGate, request: AnyRequest, command: Command) -> Response[Any]:
    # No row shows it, so there is no projection to wait for.
    done = await write(gate, request, command, "activity")
    if isinstance(done, Pending):
        return done.response()
    return raw(done.outcome.model_dump_json().encode())


def _known(letter_id: int) -> int:
    if not 0 < letter_id < 2**63:
        raise Refused(Code.DEAD_LETTER_NOT_FOUND, f"there is no dead letter {letter_id}")
    return letter_id


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 18:
        raise field_error("cursor", "is not one that an earlier answer gave")
    return int(cursor)


def _shown(letter: DeadLetter, most: int) -> dict[str, object]:
    body = readable_text(letter.body) if len(letter.body) == letter.body_bytes else None
    return {
        "id": letter.sequence,
        "stream": letter.stream,
        "consumer": letter.consumer,
        "subject": letter.subject,
        "original_sequence": letter.original_sequence,
        "error": without_logins(letter.error),
        "failed_at": letter.failed_at,
        "retried": letter.retried,
        "body": None if body is None else body[:most],
        "body_bytes": letter.body_bytes,
        "truncated": bool(letter.body_bytes) if body is None else len(body) > most,
    }


dead_letters = Router(
    "/dead-letters",
    route_handlers=[list_dead_letters, get_dead_letter, retry_dead_letter, drop_dead_letter],
    tags=["Events and operations"],
)
