"""A Tempo that holds the traces that a test gives it, for whoever searches for errors."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.runtime.outbound.origins import Origin, Talk, answer, serving

Json = dict[str, Any]


def found(number: int, at: datetime, service: str = "shop", **changes: Any) -> Json:
    """A trace of this number as a search tells it; Tempo leaves out zeros before an id."""
    told: Json = {
        "traceID": f"{number:x}",
        "rootServiceName": service,
        "rootTraceName": "POST /orders",
        "startTimeUnixNano": str(int(at.timestamp() * 1e6) * 1000),
        "durationMs": 412,
        "serviceStats": {service: {"spanCount": 4, "errorCount": 2}, "billing": {"spanCount": 1}},
        "spanSets": [{"matched": 2, "spans": []}],
    }
    return told | changes


@dataclass
class FakeTempo:
    """Its traces, and what it was asked for."""

    origin: Origin
    traces: list[Json] = field(default_factory=list[Json])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    ill: Talk | None = None
    """How it talks instead, if it is not well."""

    @property
    def url(self) -> str:
        return self.origin.url()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = urlsplit(self.origin.heads[-1].split(" ", 2)[1])
        if path.path != "/api/search":  # A health check.
            writer.write(answer())
            return
        form = {name: values[0] for name, values in parse_qs(path.query).items()}
        self.asked.append(form)
        if self.ill is not None:
            await self.ill(reader, writer)
            return
        writer.write(answer(msgspec.json.encode({"traces": self._search(form)})))
        await writer.drain()

    def _search(self, form: dict[str, str]) -> list[Json]:
        assert form["q"].startswith("{ status = error")
        without = set(re.findall(r'rootServiceName != "([^"]*)"', form["q"]))
        start, end = int(form["start"]), int(form["end"])
        held = [
            trace
            for trace in self.traces
            if start <= int(trace["startTimeUnixNano"]) / 1e9 <= end
            and trace["rootServiceName"] not in without
        ]
        return held[: int(form["limit"])]


@asynccontextmanager
async def tempo() -> AsyncGenerator[FakeTempo]:
    """One without traces, for the time of a block."""
    made: list[FakeTempo] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].talk(reader, writer)

    async with serving(talk) as origin:
        made.append(FakeTempo(origin))
        yield made[0]
