"""How a report reads: at once and within bounds; what is silent is told and not waited for."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from contracts.refusals import Code, Refused, TryLater
from services.reports.gathering.fleet import Span
from services.reports.gathering.reading import MOST_GAPS, Bounded, Reading, Reads
from services.reports.gathering.used import used_by, whom
from tests.kit.report_builders import report_asked
from tests.kit.samples import at

pytestmark = pytest.mark.anyio

SOUND, SILENT, OFFLINE = "sound", "silent", "offline"
MONTH = Span(at(), at(30 * 86_400))


class Told(Reads):
    """An API in which a cluster called sound answers, and no other one does."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.under_way = self.most = 0

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        self.under_way -= 1
        if path.startswith("/no"):
            raise Refused(Code.NOT_FOUND, f"there is no {path}")
        return {"path": path}

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        self.asked.append(body)
        ids = body["cluster_ids"] or [SOUND]
        missing = [
            {"cluster_id": each, "cluster_name": each, "code": "X", "reason": f"{each} is away"}
            for each in ids
            if each != SOUND
        ]
        if len(missing) == len(ids):
            details = {"results": [], "missing": missing}
            raise Refused(Code.UPSTREAM_FAILED, "none has answered", details)
        answer = {"values": [[at(day * 86_400).timestamp(), str(day)] for day in range(30)]}
        known = {"cluster_id": SOUND, "cluster_name": SOUND, "status": "SUCCESS", "data": [answer]}
        return {"results": [known], "missing": missing}


def _reading(reads: Reads) -> Reading:
    return Reading(reads, report_asked(cluster_scope=()), at(31 * 86_400))


def _cluster(name: str, state: str = "ONLINE", *, metrics: bool | None = True) -> dict[str, Any]:
    return {
        "id": name,
        "endpoints": {"prometheus_url": f"https://{name}.example.com"},
        "status": {"state": state, "prometheus_healthy": metrics},
    }


FLEET = [
    _cluster(SOUND),
    _cluster(SILENT, "DEGRADED", metrics=False),
    _cluster(OFFLINE, "OFFLINE", metrics=None),
]


async def _slow(reading: Reading, turns: int, name: str) -> str:
    for _ in range(turns):
        await asyncio.sleep(0)
    reading.gap(name, "it is away")
    return name


async def test_what_is_read_at_once_tells_its_gaps_in_order() -> None:
    reading = _reading(Told())
    reading.gap("before", "it is away")
    async with reading.at_once() as begin:
        tasks = [begin(_slow, 9, "first"), begin(_slow, 0, "second")]
    assert [each.result() for each in tasks] == ["first", "second"]
    assert reading.gaps == [f"{name}: it is away" for name in ("before", "first", "second")]


async def test_gaps_stay_bounded() -> None:
    reading = _reading(Told())
    async with reading.at_once() as begin:
        for number in range(MOST_GAPS + 5):
            begin(_slow, 0, str(number))
    assert len(reading.gaps) == MOST_GAPS


async def test_where_nobody_answers_all_of_it_ends_with_that() -> None:
    async def away(_: Reading) -> None:
        raise TryLater("nobody answers")

    async def for_ever(_: Reading) -> None:
        await asyncio.Event().wait()

    async def both() -> None:
        async with _reading(Told()).at_once() as begin:
            begin(for_ever)
            begin(away)

    with pytest.raises(TryLater):
        await both()


async def test_not_all_is_asked_at_once() -> None:
    told = Told()
    reading = _reading(Bounded(told))
    async with reading.at_once() as begin:
        tasks = [begin(Reading.get, "it", f"/{number}") for number in range(40)]
        refused = begin(Reading.get, "that", "/no")
    assert [each.result() for each in tasks] == [{"path": f"/{number}"} for number in range(40)]
    assert refused.result() is None
    assert reading.gaps == ["that: there is no /no"]
    assert 1 < told.most <= 6


async def test_a_silent_cluster_is_asked_and_told_and_holds_up_nobody() -> None:
    told = Told()
    reading = _reading(told)
    used = await used_by(reading, MONTH, whom(reading, FLEET, FLEET))
    assert [each.name for each in used] == ["CPU", "memory"]
    for each in used:
        assert each.last(SOUND) == 29
        line = each.line(SOUND)
        assert line is not None
        assert line.a_day == pytest.approx(1)
        assert each.last(SILENT) is None
    assert reading.gaps == [
        f"{name} of {each}: {each} is away"
        for name in ("CPU", "memory")
        for each in (OFFLINE, SILENT)
    ]
    patience = {tuple(each["cluster_ids"]): each["timeout"] for each in told.asked}
    assert patience[(SOUND,)] >= 30
    assert patience[(SILENT, OFFLINE)] <= 3


async def test_a_fleet_without_a_silent_one_is_asked_as_a_whole() -> None:
    told = Told()
    reading = _reading(told)
    await used_by(reading, MONTH, whom(reading, FLEET[:1], FLEET[:1]))
    assert [each["cluster_ids"] for each in told.asked] == [None, None]
    assert reading.gaps == []


async def test_a_fleet_that_is_not_wholly_listed_is_asked_as_a_whole() -> None:
    reading = _reading(Told())
    ((ids, seconds),) = whom(reading, [*FLEET, {"id": "more"}], FLEET).parts
    assert not ids
    assert seconds >= 30


async def test_where_none_answers_it_is_said_once() -> None:
    reading = _reading(Told())
    used = await used_by(reading, MONTH, whom(reading, FLEET[1:], FLEET[1:]))
    assert [each.values for each in used] == [{}, {}]
    assert reading.gaps == [
        f"{name} of all clusters: none has answered" for name in ("CPU", "memory")
    ]
