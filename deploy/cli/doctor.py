"""`aiops doctor`: what is wrong here, and what to do about it."""

from collections.abc import AsyncIterator

import httpx

from deploy.cli.output import listing
from deploy.cli.reach import Hub, hub
from deploy.doctor import bus, database, machine, models
from deploy.doctor.findings import Finding
from deploy.doctor.gateway import Doctor
from services.runtime.clock import SystemClock

_PATIENCE = 8.0


async def examine(*, as_json: bool) -> int:
    """Look at everything that the platform stands on; 1 if something is wrong."""
    found = hub()
    findings = [each async for each in _findings(found)]
    listing(findings, as_json=as_json, empty="")
    return 0 if all(finding["ok"] for finding in findings) else 1


async def _findings(found: Hub) -> AsyncIterator[Finding]:
    for each in machine.examine(found.settings):
        yield each
    async for each in bus.examine(found.settings):
        yield each
    async for each in database.examine(found.settings, SystemClock()):
        yield each
    async for each in models.examine(found.settings.llm):
        yield each
    headers = {"Authorization": f"Bearer {found.token}"} if found.token else {}
    async with httpx.AsyncClient(
        base_url=found.gateway, headers=headers, timeout=_PATIENCE
    ) as client:
        async for each in Doctor(client).examine(known=bool(found.token)):
            yield each
