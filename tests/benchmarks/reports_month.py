"""What a report is of in the benchmark: a fleet that answers, and a month of what went wrong in it.

A few clusters hang, as in a fleet of a hundred some always do. Incidents are planted with their
analyses, as after a month they are there: a fleet in which a month's incidents are all looked at
in the same minutes is nobody's.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from contracts.envelope import Event
from services.runtime.clock import SystemClock
from services.runtime.ids import derived_id
from services.runtime.log import NOTHING
from tests.benchmarks.kit import log
from tests.benchmarks.platform import Platform, context, event_log
from tests.kit.builders import resolved
from tests.kit.incident_builders import incident, opened, signal
from tests.kit.rca_builders import rca_complete

SILENT = 5
"""Clusters whose metrics hang."""
_AT_ONCE = 500
_A_DAY = 4
"""Alerts of a cluster."""
_SIGNALS = 5
"""Of an incident: so many that another one would not have its cause looked for again."""
_KNOWN_WITHIN = 300.0
Simulated = Mapping[str, Any]


async def plant(running: Platform, fleet: Simulated, days: int) -> UUID:
    """All of it, until it is known; the id of one of the incidents."""
    ids = [await _enrol(running, each) for each in _bodies(fleet)]
    await _hang(fleet)
    now = SystemClock().now()
    last = 0
    async with running.bus() as bus:
        written = event_log(bus)
        part: list[Event] = []
        for event in _events(ids, days, now):
            part.append(event)
            if len(part) == _AT_ONCE:
                last = _last(await written.append_each(_new(part), context(), now), last)
                part = []
        last = _last(await written.append_each(_new(part), context(), now), last)
    running.until_projected(last, "alerts", "incidents", "rca")
    await _known(running, len(ids))
    log(f"planted {len(ids)} clusters, {days} days: the log up to {last:,}")
    return _incident_id(0, 0)


async def _enrol(running: Platform, body: tuple[dict[str, Any], dict[str, Any]]) -> str:
    registration, credentials = body
    made = await running.address.once("POST", "/api/v1/clusters/", registration)
    cluster: str = json.loads(made.body)["id"]
    path = f"/api/v1/clusters/{cluster}/credentials"
    given = await running.address.once("POST", path, credentials)
    if given.status != 201:
        raise RuntimeError(f"credentials not taken: {given}")
    return cluster


def _bodies(fleet: Simulated) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    secrets = json.loads(Path(fleet["credentials"]).read_text())
    authority = Path(fleet["ca"]).read_text()
    kept = ("name", "api_server_url", "cluster_type", "platform", "endpoints")
    for each in fleet["clusters"]:
        known = secrets[each["name"]]
        token = next(token for name, token in known["accounts"].items() if "reader" in name)
        backends = {name: {"token": token} for name, token in known["backends"].items()}
        credentials = {"auth_type": "SERVICE_ACCOUNT", "token": token, "ca_bundle": authority}
        yield {name: each[name] for name in kept}, credentials | {"backends": backends}


async def _hang(fleet: Simulated) -> None:
    trust = ssl.create_default_context(cafile=fleet["ca"])
    async with httpx.AsyncClient(verify=trust, base_url=fleet["url"]) as client:
        for each in fleet["clusters"][:SILENT]:
            order = {"cluster": each["name"], "part": "prometheus", "fault": {"kind": "hang"}}
            (await client.post("/_control/faults", json=order)).raise_for_status()


async def _known(running: Platform, count: int) -> None:
    """Wait until each cluster was looked at, and those that hang are known to."""
    deadline = time.monotonic() + _KNOWN_WITHIN
    while True:
        ((seen, silent),) = running.ask(
            "select (select count(*) from fleet.capabilities),"
            " (select count(*) from fleet.status where not prometheus_healthy)"
        )
        if seen >= count - SILENT and silent >= SILENT:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{seen} clusters are known, {silent} are silent")
        await asyncio.sleep(0.5)


def _new(events: list[Event]) -> list[Any]:
    return [(event, NOTHING) for event in events]


def _last(answers: list[Any], before: int) -> int:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return max([before, *answers])


def _events(ids: list[str], days: int, now: datetime) -> Iterator[Event]:
    names = ("KubePodCrashLooping", "KubeNodeNotReady", "TargetDown", "CPUThrottlingHigh")
    severities = ("WARNING", "CRITICAL", "WARNING", "INFO")
    for day in range(days):
        for at, cluster in enumerate(ids):
            for number in range(_A_DAY):
                began = now - timedelta(days=day, hours=number * 5 + 1)
                one = derived_id("bench", day, at, number)
                alert: dict[str, Any] = {
                    "id": one,
                    "fingerprint": one.hex[:16],
                    "cluster_id": cluster,
                    "alertname": names[number],
                    "severity": severities[number],
                    "starts_at": began,
                    "ends_at": began + timedelta(minutes=10),
                    "first_seen_at": began,
                }
                yield resolved(**alert)
            if (at + day) % 5 == 0:
                yield from _incident(cluster, day, at, now - timedelta(days=day, hours=2))


def _incident_id(day: int, at: int) -> UUID:
    return derived_id("incident", day, at)


def _incident(cluster: str, day: int, at: int, began: datetime) -> Iterator[Event]:
    one = _incident_id(day, at)
    of = signal(id=derived_id("signal", day, at), cluster_id=cluster, started_at=began)
    told = incident(
        id=one,
        title=f"KubeNodeNotReady on worker-{at} and {_SIGNALS - 1} more",
        cluster_ids=(cluster,),
        state="RESOLVED",
        signals=_SIGNALS,
        opened_at=began,
        last_signal_at=began,
        resolved_at=began + timedelta(minutes=30),
    )
    yield opened(incident=told, added=(of,))
    yield rca_complete(
        cluster=UUID(cluster),
        id=derived_id("analysis", day, at),
        trigger_id=one,
        incident_id=one,
        window_start=began - timedelta(hours=1),
        window_end=began + timedelta(minutes=1),
    )
