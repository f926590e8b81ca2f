"""A Prometheus that has what exporters tell at the moment, for whoever asks for their series."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import msgspec

from services.cnf.vectors import Sample
from tests.runtime.outbound.origins import Origin, Talk, answer, serving

_SELECTOR = re.compile(r"\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|=)"([^"]*)"')
_COUNT = re.compile(r"count\((\w+)\)")


@dataclass
class FakePrometheus:
    """Its series, and what it was asked for."""

    origin: Origin
    series: list[Sample] = field(default_factory=list[Sample])
    asked: list[str] = field(default_factory=list[str])
    ill: Talk | None = None
    """How it talks instead, if it is not well."""

    @property
    def url(self) -> str:
        return self.origin.url()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int(self.origin.header("content-length") or 0)
        form = parse_qs((await reader.readexactly(size)).decode())
        query = form["query"][0]
        self.asked.append(query)
        if self.ill is not None:
            await self.ill(reader, writer)
            return
        writer.write(answer(_vector(self._found(query))))
        await writer.drain()

    def _found(self, query: str) -> list[Sample]:
        counted = _COUNT.fullmatch(query)
        if counted is not None:
            number = sum(each.metric == counted[1] for each in self.series)
            return [Sample("", {}, float(number))] if number else []
        found: list[Sample] = []
        for selector in _SELECTOR.findall(query):
            matchers: list[tuple[str, str, str]] = _MATCHER.findall(selector)
            found += [
                each
                for each in self.series
                if each not in found and all(_matches(each, *matcher) for matcher in matchers)
            ]
        return found


def _matches(sample: Sample, label: str, operator: str, value: str) -> bool:
    told = sample.metric if label == "__name__" else sample.labels.get(label, "")
    return re.fullmatch(value, told) is not None if operator == "=~" else told == value


def _vector(found: Iterable[Sample]) -> bytes:
    result = [
        {"metric": {"__name__": each.metric, **each.labels}, "value": [1.7e9, f"{each.value:g}"]}
        for each in found
    ]
    return msgspec.json.encode(
        {"status": "success", "data": {"resultType": "vector", "result": result}}
    )


@asynccontextmanager
async def prometheus() -> AsyncGenerator[FakePrometheus]:
    """One without series, for the time of a block."""
    made: list[FakePrometheus] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].talk(reader, writer)

    async with serving(talk) as origin:
        made.append(FakePrometheus(origin))
        yield made[0]
