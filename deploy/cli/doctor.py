"""`aiops doctor`: what is wrong here, and what to do about it."""

import json
import resource
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx

from deploy.cli.output import listing
from deploy.cli.reach import Hub, bus_of, database_of, hub
from deploy.platform import PARTS
from services.runtime import streams
from services.runtime.database import DatabaseUnavailable

_FEW_FILES = 4096
_LITTLE_DISK = 2 * 1024**3

Finding = dict[str, Any]


async def examine(*, as_json: bool) -> int:
    """Look at everything that the platform stands on; 1 if something is wrong."""
    found = hub()
    findings = [each async for each in _findings(found)]
    listing(findings, as_json=as_json, empty="")
    return 0 if all(finding["ok"] for finding in findings) else 1


async def _findings(found: Hub) -> AsyncIterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield _finding("open files", soft >= _FEW_FILES, f"limit {soft}", "raise `ulimit -n`")
    if found.settings.data_dir.exists():
        free = shutil.disk_usage(found.settings.data_dir).free
        text = f"{free // 1024**3} GiB free"
        yield _finding("disk", free > _LITTLE_DISK, text, "free some disk space")
    async for each in _bus(found):
        yield each
    yield await _database(found)
    yield await _gateway(found)
    for each in await _parts(found) if found.token else []:
        yield each


async def _bus(found: Hub) -> AsyncIterator[Finding]:
    async with bus_of(found) as bus:
        yield _finding("bus", bus.connected, found.settings.nats.url, "")
        have = await streams.configurations(bus)
        for wanted in streams.definitions(found.settings):
            name = wanted["name"]
            same = streams.is_as_wanted(have.get(name, {}), wanted)
            text = "as it should be" if same else "missing or different"
            yield _finding(f"stream {name}", same, text, "run `aiops run setup`")


async def _database(found: Hub) -> Finding:
    try:
        async with database_of(found) as database:
            row = await database.fetch_one("select version()")
    except DatabaseUnavailable as error:
        return _finding("database", False, str(error), "is PostgreSQL running?")
    return _finding("database", True, str(row[0]).partition(",")[0] if row else "", "")


async def _gateway(found: Hub) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=3) as client:
            answer = await client.get(f"{found.gateway}/ready")
    except httpx.HTTPError as error:
        return _finding("gateway", False, type(error).__name__, "is `aiops up` running?")
    report = json.loads(answer.content)
    checks = report.get("checks", {})
    bad = [name for name, check in checks.items() if not check["ready"]]
    text = "ready" if not bad else f"not ready: {', '.join(bad)}"
    return _finding("gateway", answer.status_code == 200, text, "see DIR/logs/")


async def _parts(found: Hub) -> list[Finding]:
    """Every process that tells how it stands, and every projection; nothing without a gateway."""
    try:
        async with httpx.AsyncClient(timeout=8) as client:
            headers = {"Authorization": f"Bearer {found.token}"}
            answer = await client.get(f"{found.gateway}/health/detailed", headers=headers)
            report = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return []
    parts = {each["part"] for each in report["parts"]}
    missing = [
        _finding(f"part {name}", False, "not heard of", f"see DIR/logs/{name}.log")
        for name in sorted({part.name for part in PARTS if part.health} - parts)
    ]
    return [
        *missing,
        *(_of_part(each) for each in report["parts"]),
        *(_of_projection(each) for each in report["projections"]),
    ]


def _of_part(part: dict[str, Any]) -> Finding:
    bad = [
        f"{name} ({check.get('detail', 'not ready')})"
        for name, check in part["checks"].items()
        if not check["ready"]
    ]
    remedy = f"see DIR/logs/{part['part']}.log"
    return _finding(f"part {part['part']}", part["ready"], ", ".join(bad) or "ready", remedy)


def _of_projection(build: dict[str, Any]) -> Finding:
    name = build["name"] if build["slot"] == "live" else f"{build['name']} (rebuild)"
    text = build["error"] or f"{build['lag']} events behind, {build['rate']:g} a second"
    return _finding(
        f"projection {name}", build["error"] is None, text, "see DIR/logs/projector.log"
    )


def _finding(what: str, ok: bool, detail: str, remedy: str) -> Finding:
    return {"what": what, "ok": ok, "detail": detail, "do": "" if ok else remedy}
