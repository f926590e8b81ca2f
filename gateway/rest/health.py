"""Is it alive, can it serve, and how is it: for probes, balancers and people."""

import msgspec
from litestar import MediaType, Response, get

from gateway.auth.guards import PUBLIC
from gateway.rest.shared import WithGate, raw
from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable
from services.runtime.health import Finding

_TAGS = ["Health"]


@get("/health", operation_id="health", opt=PUBLIC, tags=_TAGS, summary="Alive")
async def health() -> Response[bytes]:
    """This process answers."""
    return raw(b'{"status":"alive"}')


@get("/ready", operation_id="ready", opt=PUBLIC, tags=_TAGS, summary="Can serve")
async def ready(gate: WithGate) -> Response[bytes]:
    """200 when reads and writes can be served, 503 with the reason otherwise."""
    good, report = await _report(gate)
    return raw(msgspec.json.encode(report), status=200 if good else 503)


@get("/health/detailed", operation_id="healthDetailed", tags=_TAGS, summary="Every component")
async def detailed(gate: WithGate) -> Response[bytes]:
    """Every check, and how far each projection is behind the log."""
    _, report = await _report(gate)
    report["projections"] = await _projections(gate)
    return raw(msgspec.json.encode(report))


@get("/metrics", operation_id="metrics", tags=_TAGS, summary="Prometheus metrics",
     media_type=MediaType.TEXT)  # fmt: skip
async def prometheus_metrics() -> Response[bytes]:
    """This process's own metrics in Prometheus' text format."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _report(gate: WithGate) -> tuple[bool, dict[str, object]]:
    good, report = gate.runtime.health.report()
    finding = await _database(gate)
    report["checks"] = {**report["checks"], "database": {"ready": finding.ready} | (
        {"detail": finding.detail} if finding.detail else {}
    )}  # fmt: skip
    good = good and finding.ready
    report["ready"] = good
    return good, report


async def _database(gate: WithGate) -> Finding:
    try:
        row = await gate.database.fetch_one(
            "select count(*) from aiops.projection where slot = 'live'"
        )
    except DatabaseUnavailable as error:
        return Finding(ready=False, detail=str(error))
    return Finding(ready=bool(row and row[0]), detail="" if row and row[0] else "no projection yet")


async def _projections(gate: WithGate) -> list[dict[str, object]]:
    _, last = await gate.log.bounds()
    rows = await gate.database.fetch_all(
        "select p.name, p.slot, p.version, p.sequence, p.updated_at,"
        " (select count(*) from aiops.projection_error e where e.name = p.name)"
        " from aiops.projection p order by p.name, p.slot"
    )
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
