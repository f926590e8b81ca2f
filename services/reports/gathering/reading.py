"""How a report reads: what cannot be read is a gap that it tells, and no reason to fail."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

from contracts.envelope import rfc3339
from contracts.refusals import Refused
from contracts.reports import ReportAsked
from services.reports.data import plain

Json = dict[str, Any]
PAGE = 100
MOST_GAPS = 200
_AT_ONCE = 6
Given = ParamSpec("Given")
T = TypeVar("T")


class Reads(Protocol):
    """The REST API, as somebody may ask it: `services.runtime.api.Api`."""

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """JSON of a read; Refused as the API refuses."""
        ...

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """JSON of a question with a body."""
        ...


class Bounded:
    """The same API, asked so much at once that a report does not crowd out people."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """As the API's."""
        async with self._turns:
            return await self._reads.get(path, query)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """As the API's."""
        async with self._turns:
            return await self._reads.post(path, body)


async def _untold(_: str) -> None:
    return None


@dataclass
class Reading:
    """One report on its way."""

    reads: Reads
    asked: ReportAsked
    at: datetime
    """When it was asked for: nothing later is looked at."""
    tell: Callable[[str], Awaitable[None]] = _untold
    """Says what is being done."""
    gaps: list[str] = field(default_factory=list[str])

    @property
    def start(self) -> datetime:
        """Of the time it is about."""
        return self.asked.time_range.start

    @property
    def end(self) -> datetime:
        """Of that time, as far as it is over."""
        return min(self.asked.time_range.end, self.at)

    @property
    def scope(self) -> dict[str, object]:
        """Parameters that keep a read to its clusters."""
        return {"cluster_id": [str(each) for each in self.asked.cluster_scope] or None}

    def has(self, cluster: UUID | str) -> bool:
        """True for a cluster that it is about."""
        scope = self.asked.cluster_scope
        return not scope or UUID(str(cluster)) in scope

    def gap(self, what: str, why: str) -> None:
        """Something is missing."""
        if len(self.gaps) < MOST_GAPS:
            self.gaps.append(plain(f"{what}: {why}", 400))

    @asynccontextmanager
    async def at_once(self) -> "AsyncGenerator[Begin]":
        """Reads that begin in the block and are over after it.

        Their gaps are told in the order in which they began. Raises what one of them has raised,
        and the others are ended.
        """
        try:
            async with asyncio.TaskGroup() as group:
                begin = Begin(self, group)
                yield begin
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        for branch in begin.branches:
            self.gaps += branch.gaps[: max(MOST_GAPS - len(self.gaps), 0)]

    async def get(self, what: str, path: str, **query: object) -> Json | None:
        """One read; None, and a gap, where it was refused."""
        try:
            found: Json = await self.reads.get(path, query)
        except Refused as refused:
            self.gap(what, refused.message)
            return None
        return found

    async def post(self, what: str, path: str, body: Mapping[str, object]) -> Json | None:
        """One question; None, and a gap, where it was refused."""
        try:
            found: Json = await self.reads.post(path, body)
        except Refused as refused:
            self.gap(what, refused.message)
            return None
        return found

    async def needed(self, path: str) -> Json:
        """What there can be no report without."""
        found: Json = await self.reads.get(path)
        return found

    async def all_of(
        self, what: str, path: str, most: int, **query: object
    ) -> tuple[list[Json], int]:
        """Items of a list, page by page, and how many there are in all; of more, a gap tells."""
        items: list[Json] = []
        total, page, more = 0, 1, dict(query)
        while len(items) < most:
            told = await self.get(what, path, page_size=PAGE, **more)
            if told is None:
                break
            items += told["items"]
            total = max(told["total"], len(items))
            cursor, page = told.get("next_cursor"), page + 1
            is_last = cursor is None if "next_cursor" in told else page > told["total_pages"]
            if is_last or not told["items"]:
                break
            more = dict(query) | ({"page": page} if cursor is None else {"cursor": cursor})
        if total > len(items):
            self.gap(what, f"only {len(items):,} of {total:,} were read")
        return items, total

    async def newest_of(self, what: str, path: str, most: int) -> list[Json]:
        """The newest of a history whose pages follow each other by a cursor; of more, a gap
        tells."""
        items: list[Json] = []
        cursor: str | None = None
        while len(items) < most:
            told = await self.get(what, path, limit=min(PAGE, most - len(items)), cursor=cursor)
            if told is None:
                return items
            items += told["items"]
            cursor = told["next_cursor"]
            if cursor is None or not told["items"]:
                return items
        self.gap(what, f"only its newest {len(items):,} entries were read")
        return items

    def within(self, start: datetime, end: datetime) -> dict[str, object]:
        """Parameters that keep a read to a time."""
        return {"from": rfc3339(start), "to": rfc3339(end)}


@dataclass
class Begin:
    """Begins reads of a report that go on at once."""

    reading: Reading
    group: asyncio.TaskGroup
    branches: list[Reading] = field(default_factory=list[Reading])

    def __call__(
        self,
        read: Callable[Concatenate[Reading, Given], Coroutine[Any, Any, T]],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> asyncio.Task[T]:
        """One of them; its result is there after the block."""
        branch = replace(self.reading, gaps=[])
        self.branches.append(branch)
        return self.group.create_task(read(branch, *given, **named))


def moment_of(text: str) -> datetime:
    """A time as the API tells it."""
    return datetime.fromisoformat(text)


def span(seconds: float) -> str:
    """A duration as it is read: the two largest units."""
    left, told = round(seconds), list[str]()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            told.append(f"{count} {unit}")
    return " ".join(told[:2]) or "0 s"
