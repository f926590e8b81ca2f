"""How far projections are: what the database says of each build, and what its processes tell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.parts import SILENT
from services.runtime import metrics
from services.runtime.bus import BusUnavailable
from services.runtime.database import Database
from services.runtime.log import EventLog
from services.runtime.standing import BuildStanding, PartStanding

_NOBODY = f"no process has told of it for {SILENT:g} seconds"
_WHOLE = None
"""The partition of a build that is not partitioned."""

_Of = tuple[str, str, int | None]
"""Projection, slot and partition."""


async def builds(
    database: Database, log: EventLog, parts: Iterable[PartStanding]
) -> list[dict[str, Any]]:
    """Every build as the database has it, with what the processes tell of it.

    DatabaseUnavailable while the database is away.
    """
    last = await _last_sequence(log)
    rows = await database.fetch_all(
        "select b.name, b.slot, b.version, b.sequence, b.updated_at,"
        " (select count(*) from aiops.projection_error e where e.name"
        " = b.name || case b.slot when 'live' then '' else '.next' end),"
        " array(select p.sequence from aiops.projection_partition p"
        " where (p.name, p.slot) = (b.name, b.slot) order by p.partition)"
        " from aiops.projection b where b.name not like '%.measures' order by b.name, b.slot"
    )
    told = _by_writer(parts)
    return [_build(row, last, told) for row in rows]


def measure(parts: Iterable[PartStanding]) -> None:
    """Have our own metrics tell how far projections are, which other processes fold."""
    lags: dict[str, int] = {}
    for (name, slot, _), each in _by_writer(parts).items():
        if slot == "live" and each.lag is not None:
            lags[name] = max(lags.get(name, 0), each.lag)
    metrics.PROJECTION_LAG.clear()
    for name, lag in lags.items():
        metrics.PROJECTION_LAG.labels(name).set(lag)


def _by_writer(parts: Iterable[PartStanding]) -> dict[_Of, BuildStanding]:
    """What is told by whoever writes; others, that wait for their turn, say so as an error."""
    found: dict[_Of, BuildStanding] = {}
    for each in (build for part in parts for build in part.builds):
        of = each.name, each.slot, each.partition
        before = found.get(of)
        if before is None or _rank(each) < _rank(before):
            found[of] = each
    return found


def _rank(told: BuildStanding) -> tuple[bool, int]:
    return told.error is not None, -told.sequence


def _build(
    row: tuple[Any, ...], last: int | None, told: Mapping[_Of, BuildStanding]
) -> dict[str, Any]:
    name, slot, version, sequence, updated_at, poison, positions = row
    numbers: Sequence[int | None] = range(len(positions)) if positions else (_WHOLE,)
    shares = [_share(told.get((name, slot, number))) for number in numbers]
    error = next((each["error"] for each in shares if each["error"]), None)
    good = "live" if slot == "live" else "rebuilding"
    lags = [each["lag"] for each in shares]
    rates = [each["rate"] for each in shares if each["rate"] is not None]
    return {
        "name": name,
        "slot": slot,
        "version": version,
        "state": good if error is None else "stopped",
        "error": error,
        "sequence": sequence,
        "log_sequence": last,
        "lag": None if None in lags else max(lags),
        "rate": round(sum(rates), 1) if rates else None,
        "poison_events": poison,
        "updated_at": updated_at,
        "partitions": [
            {"partition": number, "sequence": at} | share
            for number, (at, share) in enumerate(zip(positions, shares, strict=False))
        ],
    }


def _share(told: BuildStanding | None) -> dict[str, Any]:
    if told is None:
        return {"lag": None, "rate": None, "error": _NOBODY}
    return {"lag": told.lag, "rate": told.rate, "error": told.error}


async def _last_sequence(log: EventLog) -> int | None:
    try:
        _, last = await log.bounds()
    except BusUnavailable:
        return None
    return last
