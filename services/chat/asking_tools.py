"""Calls the tools of a turn: with the rights of who asked, and only those that a persona has."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.chat import ToolStatus
from contracts.conversing import WantedCall
from contracts.refusals import Code, Refused, TryLater
from contracts.tools import TOOLS, ToolAnswer
from services.chat.frozen import Frozen
from services.chat.steps import Answered
from services.runtime.api import Api

_TRIES = 15
_PAUSE = 1.0
"""Seconds: a gateway that starts anew is waited for."""
_GRACE = 5.0
"""Seconds beyond a tool's own time, in which it says itself that it was too slow."""


@dataclass(frozen=True, slots=True)
class _Failed:
    status: ToolStatus
    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class Tools:
    """Those that a turn may call."""

    api: Api
    allowed: Collection[str]
    turn_id: UUID
    frozen: Frozen | None = None
    """What is seen in place of the world, where a question is asked again."""

    async def run(self, call: WantedCall, arguments: Mapping[str, Any], seconds: float) -> Answered:
        """What came of a call; never raises for what a tool or a model does wrong."""

        if call.problem:
            failed = _Failed(ToolStatus.ERROR, Code.VALIDATION_FAILED, call.problem)
        elif self.frozen is not None:
            return self.frozen.find(call, arguments)
        else:
            told = await self._told_or_failed(call, arguments, seconds)
            if isinstance(told, ToolAnswer):
                success = ToolStatus.SUCCESS
                return Answered(call.id, call.name, dict(arguments), success, None, told)
            failed = told
        status, code = failed.status, failed.code.name
        return Answered(call.id, call.name, dict(arguments), status, code, text=failed.text)

    async def _told_or_failed(
        self, call: WantedCall, arguments: Mapping[str, Any], seconds: float
    ) -> "ToolAnswer | _Failed":
        try:
            return await self._told(call, arguments, seconds)
        except Refused as refused:
            late = refused.code is Code.QUERY_TIMEOUT
            status = ToolStatus.TIMEOUT if late else ToolStatus.ERROR
            return _Failed(status, refused.code, _words(refused))
        except TryLater as later:
            return _Failed(ToolStatus.ERROR, Code.TOOL_EXECUTION_FAILED, later.reason)
        except TimeoutError:
            text = "it did not answer in time"
            return _Failed(ToolStatus.TIMEOUT, Code.QUERY_TIMEOUT, text)

    async def _told(
        self, call: WantedCall, arguments: Mapping[str, Any], seconds: float
    ) -> ToolAnswer:
        tool = TOOLS.get(call.name)
        patience = tool.patience.total_seconds() + _GRACE if tool is not None else _GRACE
        async with asyncio.timeout(min(patience, seconds)):
            reason = TryLater("nobody runs tools")
            for _ in range(_TRIES):
                try:
                    return await self.api.tool(
                        call.name,
                        arguments,
                        allowed=self.allowed,
                        seconds=min(patience, seconds),
                        # Called again after a crash, what it makes is made once.
                        key=f"{self.turn_id}/{call.id}",
                    )
                except TryLater as later:
                    reason = later
                await asyncio.sleep(_PAUSE)
            raise reason


def _words(refused: Refused) -> str:
    fields = refused.details.get("fields")
    if not fields:
        return refused.message
    told = "; ".join(f"{each.get('field')}: {each.get('message')}" for each in fields[:5])
    return f"{refused.message}: {told}"
