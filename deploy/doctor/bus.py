"""The bus: whether it lets us in, has its streams, keeps enough copies and has room."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from deploy.doctor.findings import Finding, finding
from services.runtime import bus as buses, streams
from services.runtime.bus import Bus, BusUnavailable
from services.runtime.settings import Settings

_LARGEST = 2 * 1024 * 1024
"""Bytes that a message of ours may have: `max_payload` of every configuration that we write."""
_FULL = 0.9
_PATIENCE = 3.0


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Everything about the bus; one line only if it cannot be reached."""
    try:
        bus = await buses.connect(settings.nats, "aiops-doctor", patience=_PATIENCE)
    except BusUnavailable as error:
        do = "is NATS running? AIOPS_NATS__URL, AIOPS_NATS__USER and AIOPS_NATS__PASSWORD say where"
        yield finding("bus", ok=False, detail=str(error), do=do)
        return
    try:
        yield finding("bus", ok=bus.connected, detail=settings.nats.url, do="")
        yield payload(bus.client.max_payload)
        try:
            yield room(await bus.api("INFO"))
        except BusUnavailable as error:
            yield finding(
                "JetStream", ok=False, detail=str(error), do="turn on `jetstream` in NATS"
            )
            return
        async for each in _streams(bus, settings):
            yield each
    finally:
        await bus.close()


def payload(size: int) -> Finding:
    text = f"messages of {size:,} bytes"
    return finding(
        "bus payload", ok=size >= _LARGEST, detail=text, do=f"set NATS' max_payload to {_LARGEST}"
    )


def room(info: Mapping[str, Any]) -> Finding:
    """Of an account without a limit nothing is known but what it uses."""
    used, most = info["storage"], info["limits"]["max_storage"]
    full = most > 0 and used > _FULL * most
    text = f"{used:,} bytes used" + (f" of {most:,}" if most > 0 else "")
    do = "raise max_file_store of NATS, or keep less: AIOPS_RETENTION__…"
    return finding("JetStream", ok=not full, detail=text, do=do)


async def _streams(bus: Bus, settings: Settings) -> AsyncIterator[Finding]:
    have = await streams.configurations(bus)
    for wanted in streams.definitions(settings):
        name = wanted["name"]
        same = streams.is_as_wanted(have.get(name, {}), wanted)
        text = "as it should be" if same else "missing or different"
        yield finding(f"stream {name}", ok=same, detail=text, do="run `aiops run setup`")
    if streams.EVENTS in have:
        yield copies(await bus.api(f"STREAM.INFO.{streams.EVENTS}"))


def copies(info: Mapping[str, Any]) -> Finding:
    copies = info["config"]["num_replicas"]
    clustered = bool(info.get("cluster", {}).get("name"))
    text = f"{copies} of the log" + ("" if clustered else ", on a server of its own")
    do = "AIOPS_NATS__REPLICAS=3, then `aiops run setup`: the loss of one server would be its end"
    return finding("copies", ok=copies > 1 or not clustered, detail=text, do=do)
