"""What incidents there would have been with another rule, before it is made."""

import asyncio
from datetime import timedelta
from typing import Annotated

from litestar import Response, post
from litestar.params import JSONBody
from pydantic import Field

from contracts.clusters import HUB
from contracts.envelope import Message
from contracts.incidents import (
    CorrelationRule,
    DefineCorrelationRule,
    Rehearsed,
    RehearseRules,
    RuleId,
)
from contracts.refusals import Code, Refused
from gateway.auth.guards import giving, principal_of
from gateway.gate import Gate
from gateway.rest.shared import AnyRequest, WithGate, errors, field_error, raw
from gateway.slots import Slots
from projections.incidents import rule_queries
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.rights import given_by, require_clusters

_SECONDS = 120.0
_HUB = Place(HUB, "-")
_SLOTS = Slots(2)
"""Each takes a core of a worker for as long as it runs."""


class DryRun(Message):
    """A rule to try, and over which time."""

    rule: CorrelationRule | None = None
    """As it would be made, or changed."""
    without: RuleId | None = None
    """A rule as if it were removed."""
    hours: Annotated[int, Field(ge=1, le=168)] = 24
    """Until now."""


@post("/dry-run", operation_id="rehearseCorrelationRule", status_code=200,
      opt=giving(DefineCorrelationRule), summary="Try a rule on what has happened",
      responses=errors(Code.INVALID_JSON, Code.RULE_NOT_FOUND, Code.LIMIT_REACHED,
                       Code.BODY_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE, Code.UPSTREAM_FAILED,
                       Code.BUS_UNAVAILABLE, Code.CLUSTER_UNREACHABLE,
                       Code.QUERY_TIMEOUT))  # fmt: skip
async def rehearse_rule(
    gate: WithGate, request: AnyRequest, data: JSONBody[DryRun]
) -> Response[Rehearsed]:
    """What incidents there would have been in the last hours; nothing is changed.

    What people have done (merged, split, resolved) is not looked at, in neither of the two. At most
    100,000 events; an answer takes up to two minutes.
    """
    mine = principal_of(request).scope(given_by(DefineCorrelationRule))
    if data.rule is not None:
        require_clusters(mine, data.rule.cluster_ids)
    before = await rule_queries.all_of_them(gate.database)
    now = gate.clock.now()
    question = RehearseRules(
        since=now - timedelta(hours=data.hours),
        until=now,
        before=before,
        after=_after(before, data),
        cluster_ids=() if mine.whole else mine.narrow(),
    )
    return raw(await _ask(gate, question))


def _after(before: tuple[CorrelationRule, ...], tried: DryRun) -> tuple[CorrelationRule, ...]:
    if tried.rule is None and tried.without is None:
        raise field_error("rule", "one of these must be given: rule, without")
    if tried.rule is not None and tried.without is not None:
        raise field_error("rule", "cannot be given together with without")
    name = tried.without if tried.rule is None else tried.rule.id
    left = tuple(rule for rule in before if rule.id != name)
    if tried.rule is not None:
        return (*left, tried.rule)
    if len(left) == len(before):
        raise Refused(Code.RULE_NOT_FOUND, f"there is no rule {name}")
    return left


async def _ask(gate: Gate, question: RehearseRules) -> bytes:
    if not _SLOTS.take():
        raise Refused(Code.OVERLOADED, "two rules are being tried already; try again later")
    try:
        async with (
            asyncio.timeout(_SECONDS),
            Asker(gate.runtime.bus, gate.clock).ask(_HUB, question, seconds=_SECONDS) as answer,
        ):
            return b"".join([part async for part in answer])
    except Unanswered as nothing:
        raise Refused(nothing.code, nothing.message) from None
    except TimeoutError:
        raise Refused(Code.QUERY_TIMEOUT, "no answer in time; try fewer hours") from None
    finally:
        _SLOTS.give_back()
