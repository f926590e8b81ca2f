"""The REST API and the tools of the gateway, asked by a worker over the bus as somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from contracts.acting import Acting
from contracts.api import ReadApi, RunTool
from contracts.clusters import HUB
from contracts.envelope import Query
from contracts.refusals import Code, Refused, TryLater
from contracts.tools import ToolAnswer
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.bus import Bus
from services.runtime.clock import Clock

_HUB = Place(HUB, "-")
_SECONDS = 60.0
_STARTING = frozenset({Code.CLUSTER_UNREACHABLE, Code.BUS_UNAVAILABLE})
"""Nobody listens, as while a gateway starts anew."""

Parameters = Mapping[str, object]
"""What is null is left out, a sequence is repeated."""


@dataclass(frozen=True, slots=True)
class Api:
    """The gateway, for one who asks: with the rights that they had when they asked."""

    bus: Bus
    clock: Clock
    acting: Acting
    traceparent: str | None = None

    async def get(self, path: str, query: Parameters | None = None) -> Any:
        """JSON of a read; Refused with the API's own code and text, TryLater if nobody answers."""
        asked = ReadApi(acting=self.acting, path=path, parameters=_pairs(query or {}))
        return msgspec.json.decode(await self._ask(asked, _SECONDS))

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The same of a question that has a body; what is null in it is left out."""
        told = {name: value for name, value in body.items() if value is not None}
        written = msgspec.json.encode(told).decode()
        asked = ReadApi(acting=self.acting, method="POST", path=path, body=written)
        return msgspec.json.decode(await self._ask(asked, _SECONDS))

    async def tool(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        allowed: Collection[str],
        seconds: float = _SECONDS,
        key: str = "",
    ) -> ToolAnswer:
        """What a tool tells, which is one of those allowed; Refused and TryLater as above.

        ``key``: asked again with the same one, what it makes is made once.
        """
        asked = RunTool(
            acting=self.acting,
            tool=name,
            arguments=msgspec.json.encode(arguments).decode(),
            allowed=tuple(allowed),
            key=key,
        )
        return ToolAnswer.model_validate_json(await self._ask(asked, seconds))

    async def _ask(self, asked: Query, seconds: float) -> bytes:
        try:
            async with Asker(self.bus, self.clock).ask(
                _HUB, asked, seconds=seconds, traceparent=self.traceparent
            ) as answer:
                return b"".join([part async for part in answer])
        except Unanswered as nothing:
            if nothing.code not in _STARTING:
                raise Refused(nothing.code, nothing.message) from None
            raise TryLater(f"the gateway does not answer: {nothing.message}", delay=1.0) from None


def _pairs(query: Parameters) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        some = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
        pairs += [(name, _text(each)) for each in some]
    return tuple(pairs)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    moment = getattr(value, "isoformat", None)
    return str(value) if moment is None else str(moment())
