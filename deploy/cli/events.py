"""`aiops events tail`: the live stream in a terminal."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from deploy.cli.output import fail, say
from deploy.cli.reach import hub

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class TailRequest:
    """What to show."""

    event_types: list[str]
    clusters: list[str]
    since: int | None
    count: int | None
    """Events after which it ends; None: it does not."""
    as_json: bool


async def tail(wanted: TailRequest) -> None:
    """Print events until Ctrl-C, or so many; a lost connection is resumed without loss."""
    found = hub()
    if not found.token:
        fail("events tail needs a run.json with a token: run it where `aiops up` runs")
    url = found.gateway.replace("http", "ws", 1) + "/ws"
    position, pause, shown = wanted.since, _FIRST_PAUSE, 0
    while True:
        try:
            async with connect(url) as socket:
                await socket.send(json.dumps({"type": "auth", "token": found.token}))
                await socket.send(json.dumps(_subscription(wanted, position)))
                pause = _FIRST_PAUSE
                async for text in socket:
                    frame = json.loads(text)
                    shown += _show(frame, wanted)
                    if shown == wanted.count:
                        return
                    position = _position(frame, position)
        except (ConnectionClosed, WebSocketException, OSError):
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _subscription(wanted: TailRequest, position: int | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "event_types": wanted.event_types,
        "cluster_filter": wanted.clusters,
    }
    if position is not None:
        fields["since_sequence"] = position
    return {"type": "subscribe", "subscription": fields}


def _show(frame: dict[str, Any], wanted: TailRequest) -> bool:
    """True for an event that was shown."""
    if frame["type"] == "error":
        fail(f"{frame['code']}: {frame['message']}")
    if frame["type"] != "event":
        return False
    # Telemetry comes by the second; it is shown to who asks for it.
    if frame["sequence"] is None and frame["event_type"] not in wanted.event_types:
        return False
    say(json.dumps(frame) if wanted.as_json else _line(frame))
    return True


def _position(frame: dict[str, Any], position: int | None) -> int | None:
    """From where it goes on after a lost connection."""
    sequence = frame.get("sequence")
    tells = frame["type"] == "event" or (frame["type"] == "subscribed" and position is None)
    return int(sequence) if tells and sequence is not None else position


def _line(frame: dict[str, Any]) -> str:
    cluster, sequence = frame["cluster_name"] or "-", frame["sequence"] or "-"
    return f"{sequence:>8}  {frame['timestamp']}  {frame['event_type']:<22} {cluster}"
