"""Asks one cluster's backends, by whoever reaches them, until a moment."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from contracts.clusters import Checked, Cluster
from contracts.envelope import Query
from contracts.rca_seen import RcaLook
from contracts.refusals import Refused
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.bus import BusUnavailable
from services.runtime.masking import without_logins

BYTES = 4 * 1024 * 1024
"""Of one answer: what is asked for is small."""
_SPARE = {Checked.KORREL8R: 0.5}
"""Seconds before the end at which an answer is given up, where it only helps: the others' are to be
put together in peace."""
_AT_ONCE = 6
"""Questions to one backend."""
_UNREADABLE = (ValueError, AttributeError, TypeError, msgspec.DecodeError, BusUnavailable)
"""What a site in wrong hands may make of an answer; and that the bus went away meanwhile."""


@dataclass
class Asking:
    """One cluster, for the time of one look."""

    asker: Asker
    cluster: Cluster
    until: float
    """Time of the event loop."""
    failures: dict[Checked, str] = field(default_factory=dict[Checked, str])
    asked: set[Checked] = field(default_factory=set[Checked])
    _room: dict[Checked, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
    )

    def has(self, backend: Checked) -> bool:
        """Whether the cluster has such a backend, as far as is registered."""
        return bool(getattr(self.cluster.endpoints, f"{backend.value.lower()}_url", None))

    async def ask(self, backend: Checked, query: Query) -> bytes | None:
        """The whole answer; None, and why, if there is none."""
        self.asked.add(backend)
        place = Place(self.cluster.site, str(self.cluster.id))
        async with self._room[backend]:
            end = self.until - _SPARE.get(backend, 0.0)
            seconds = end - asyncio.get_running_loop().time()
            if seconds <= 0:
                return self.fail(backend, "QUERY_TIMEOUT: there was no time for all questions")
            try:
                return await self._whole(backend, place, query, seconds)
            except (Refused, Unanswered) as refused:
                return self.fail(backend, f"{refused.code.name}: {refused.message}")
            except _UNREADABLE:
                return self.fail(backend, "UPSTREAM_FAILED: an answer cannot be read")

    def fail(self, backend: Checked, why: str) -> None:
        """The first failure of a backend is told."""
        self.failures.setdefault(backend, without_logins(why)[:300])

    def looks(self) -> list[RcaLook]:
        """What was asked, and what failed."""
        told: Mapping[Checked, str] = self.failures
        return [
            RcaLook(cluster_id=self.cluster.id, backend=each, failure=told.get(each, ""))
            for each in sorted(self.asked)
        ]

    async def _whole(
        self, backend: Checked, place: Place, query: Query, seconds: float
    ) -> bytes | None:
        body = bytearray()
        async with self.asker.ask(place, query, seconds=seconds) as answer:
            async for part in answer:
                body += part
                if len(body) > BYTES:
                    return self.fail(backend, "LIMIT_REACHED: an answer was too large")
        # No database keeps a text with a NUL.
        return bytes(body).replace(b"\\u0000", b"")
