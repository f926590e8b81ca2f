"""What a gateway remembers of processes that tell how they stand."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from gateway.parts import Parts
from services.runtime.bus import Bus
from services.runtime.health import Finding, Health
from services.runtime.standing import PartStanding, Telling
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


@dataclass
class Hands:
    """A clock that a test sets."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


async def _listening(bus: Bus, clock: Hands) -> Parts:
    parts = Parts(bus, clock)
    await parts.open()
    clock.seconds += 2
    return parts


def _told(number: int) -> bytes:
    standing = PartStanding("workers", f"host/{number:05}", ready=True, checks={})
    return msgspec.json.encode(standing)


async def test_a_process_tells_by_itself_how_it_stands(bus: Bus) -> None:
    parts = await _listening(bus, Hands())
    health = Health("workers", {"reactions": lambda: Finding(ready=False, detail="stopped")})
    async with running(Telling(health, bus).run):
        await until(lambda: parts._heard)
        (told,) = await parts.standing()
    assert (told.part, told.ready, told.builds) == ("workers", False, [])
    assert told.checks == {"reactions": Finding(ready=False, detail="stopped")}


async def test_who_says_nothing_for_five_seconds_is_gone(bus: Bus) -> None:
    clock = Hands()
    parts = await _listening(bus, clock)
    parts._take("", _told(1))
    clock.seconds += 5
    parts._take("", _told(2))
    assert [each.instance for each in await parts.standing()] == ["host/00001", "host/00002"]
    clock.seconds += 0.5
    assert [each.instance for each in await parts.standing()] == ["host/00002"]


async def test_what_is_remembered_has_a_bound(bus: Bus) -> None:
    parts = await _listening(bus, Hands())
    for number in range(1500):
        parts._take("", _told(number))
    told = await parts.standing()
    assert len(told) == 1000
    assert told[-1].instance == "host/01499", "the newest stay"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"part": 1}', b"\xff", b"[" * 9999])
async def test_what_is_not_understood_is_passed_over(bus: Bus, body: bytes) -> None:
    parts = await _listening(bus, Hands())
    parts._take("", body)
    assert await parts.standing() == []
