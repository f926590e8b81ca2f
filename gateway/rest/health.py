"""Is it alive, can it serve, and how is it: for probes, balancers and people."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import MediaType, Response, get

from contracts.refusals import Code, Refused
from gateway.auth.guards import PUBLIC
from gateway.gate import Gate
from gateway.rest.shared import WithGate, errors, raw
from services.runtime import metrics
from services.runtime.bus import BusUnavailable
from services.runtime.database import DatabaseUnavailable
from services.runtime.health import Finding

_TAGS = ["Health"]
_UNREADY = {"bus": Code.BUS_UNAVAILABLE, "database": Code.DATABASE_UNAVAILABLE}


@get("/health", operation_id="health", opt=PUBLIC, tags=_TAGS, summary="Alive")
async def health() -> Response[dict[str, str]]:
    """This process answers."""
    return raw(b'{"status":"alive"}')


@get("/ready", operation_id="ready", opt=PUBLIC, tags=_TAGS, summary="Can serve",
     responses=errors(*_UNREADY.values()))  # fmt: skip
async def ready(gate: WithGate) -> Response[dict[str, Any]]:
    """200 when reads and writes can be served; 503 otherwise, with the same report as details."""
    good, report = await _report(gate)
    if not good:
        failed = [name for name, check in report["checks"].items() if not check["ready"]]
        code = _UNREADY.get(failed[0], Code.PROJECTION_BEHIND)
        raise Refused(code, f"not ready: {', '.join(failed)}", report)
    return raw(msgspec.json.encode(report))


@get("/health/detailed", operation_id="healthDetailed", tags=_TAGS, summary="Every component",
     responses=errors())  # fmt: skip
async def detailed(gate: WithGate) -> Response[dict[str, Any]]:
    """Every check, and how far each projection is behind the log."""
    _, report = await _report(gate)
    report["projections"] = await _projections(gate)
    return raw(msgspec.json.encode(report))


@get("/metrics", operation_id="metrics", tags=_TAGS, summary="Prometheus metrics",
     media_type=MediaType.TEXT, responses=errors())  # fmt: skip
async def prometheus_metrics() -> Response[bytes]:
    """This process's own metrics in Prometheus' text format."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _report(gate: Gate) -> tuple[bool, dict[str, Any]]:
    good, report = gate.runtime.health.report()
    finding = await _database(gate)
    detail = {"detail": finding.detail} if finding.detail else {}
    checks: Mapping[str, Any] = report["checks"]
    good = good and finding.ready
    told = {**checks, "database": {"ready": finding.ready} | detail}
    return good, report | {"ready": good, "checks": told}


async def _database(gate: Gate) -> Finding:
    try:
        row = await gate.database.fetch_one(
            "select count(*) from aiops.projection where slot = 'live'"
        )
    except DatabaseUnavailable as error:
        return Finding(ready=False, detail=str(error))
    return Finding(ready=bool(row and row[0]), detail="" if row and row[0] else "no projection yet")


async def _last_sequence(gate: Gate) -> int | None:
    try:
        _, last = await gate.log.bounds()
    except BusUnavailable:
        return None
    return last


async def _projections(gate: Gate) -> list[dict[str, object]]:
    """How far each is; nothing while the database is away, as the check says."""
    last = await _last_sequence(gate)
    try:
        rows = await gate.database.fetch_all(
            "select p.name, p.slot, p.version, p.sequence, p.updated_at,"
            " (select count(*) from aiops.projection_error e where e.name = p.name)"
            " from aiops.projection p where p.name not like '%.measures' order by p.name, p.slot"
        )
    except DatabaseUnavailable:
        return []
    return [
        {
            "name": name,
            "slot": slot,
            "version": version,
            "sequence": sequence,
            "log_sequence": last,
            "updated_at": updated_at,
            "poison_events": errors,
        }
        for name, slot, version, sequence, updated_at, errors in rows
    ]
