"""Is it alive, can it serve, and how is it: for probes, balancers and people."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import MediaType, Response, get

from contracts.refusals import Code, Refused
from gateway.auth.guards import PUBLIC
from gateway.builds import builds, measure
from gateway.gate import Gate
from gateway.rest.shared import WithGate, errors, raw
from services.runtime import metrics
from services.runtime.database import DatabaseUnavailable
from services.runtime.health import Finding, told
from services.runtime.standing import PartStanding

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
    """Every check of this process, every process that is heard of, and how far projections are."""
    _, report = await _report(gate)
    parts = await gate.parts.standing()
    report["parts"] = [_part(each) for each in parts]
    report["projections"] = await _projections(gate, parts)
    return raw(msgspec.json.encode(report))


@get("/metrics", operation_id="metrics", tags=_TAGS, summary="Prometheus metrics",
     media_type=MediaType.TEXT, responses=errors())  # fmt: skip
async def prometheus_metrics(gate: WithGate) -> Response[bytes]:
    """This process's own metrics in Prometheus' text format, and how far projections are."""
    measure(await gate.parts.standing())
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")


async def _report(gate: Gate) -> tuple[bool, dict[str, Any]]:
    good, report = gate.runtime.health.report()
    finding = await _database(gate)
    detail = {"detail": finding.detail} if finding.detail else {}
    checks: Mapping[str, Any] = report["checks"]
    good = good and finding.ready
    complete = {**checks, "database": {"ready": finding.ready} | detail}
    return good, report | {"ready": good, "checks": complete}


async def _database(gate: Gate) -> Finding:
    try:
        row = await gate.database.fetch_one(
            "select count(*) from aiops.projection where slot = 'live'"
        )
    except DatabaseUnavailable as error:
        return Finding(ready=False, detail=str(error))
    return Finding(ready=bool(row and row[0]), detail="" if row and row[0] else "no projection yet")


async def _projections(gate: Gate, parts: Sequence[PartStanding]) -> list[dict[str, Any]]:
    """How far each is; nothing while the database is away, as the check says."""
    try:
        return await builds(gate.database, gate.log, parts)
    except DatabaseUnavailable:
        return []


def _part(standing: PartStanding) -> dict[str, Any]:
    return {
        "part": standing.part,
        "instance": standing.instance,
        "ready": standing.ready,
        "checks": told(standing.checks),
    }
