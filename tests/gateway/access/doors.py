"""Every door of a gateway that is no plain request, on a port, and those who listen at them."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from websockets.asyncio.client import connect

from contracts.clusters import ClusterHealthChecked
from contracts.envelope import Event
from contracts.incidents import IncidentOpened
from contracts.subjects import token as subject_token
from gateway.app import build
from gateway.auth.credentials import SESSION_COOKIE
from gateway.limits.heads import HeadProtocol
from gateway.live.protocol import websocket_options
from gateway.live.socket import Live, live_socket, log_tail_socket
from gateway.middleware import Front
from services.runtime.access import Session
from services.runtime.ids import new_id
from services.runtime.tail import Tail
from services.runtime.telemetry_tail import TelemetryTail
from tests.gateway.access.world import MARK, Somewhere, World
from tests.kit import access_builders, builders
from tests.kit.anomaly_builders import metric_update
from tests.kit.gateway import API, Json, Platform
from tests.kit.gpu_builders import cnf_update, gpu, gpu_update
from tests.kit.incident_builders import incident, signal
from tests.kit.live import Client, Frame
from tests.kit.runtime import running, store, until

WS, LOGS, SSE = "/ws", f"{API}/logs/tail", f"{API}/events/stream"
_POSITION = re.compile(r"^id: (\d+)$", re.MULTILINE)
_DATA = re.compile(r"^data: (.*)$", re.MULTILINE)


@dataclass
class Listener(Client):
    """Keeps all that it is sent."""

    heard: list[Frame] = field(default_factory=list[Frame])

    async def next(self, within: float = 30.0) -> Frame:
        """The next frame."""
        frame = await super().next(within)
        self.heard.append(frame)
        return frame

    async def find(self, kind: str) -> Frame:
        """The next frame of this type, past all others."""
        while (frame := await self.next())["type"] != kind:
            pass
        return frame

    async def until_event(self, sequence: int) -> None:
        """Read until this event has come."""
        while sequence not in self.sequences:
            await self.next()


@dataclass
class News:
    """What has just happened, the last of it at the cluster that is `World.mine`."""

    first: int
    before: int
    """The one that was told before the last: the platform may tell of something in between."""
    last: int


@dataclass
class Doors:
    """A gateway with all of its doors."""

    world: World
    live: Live
    port: int

    @asynccontextmanager
    async def listen(self, token: str | None, path: str = WS) -> AsyncGenerator[Listener]:
        """A socket; without a token nothing is said on it yet."""
        async with self._socket(path) as listener:
            if token is not None:
                await listener.say(type="auth", token=token)
                assert (await listener.next())["type"] == "auth_response"
            yield listener

    @asynccontextmanager
    async def browse(self, session: Session, path: str = WS) -> AsyncGenerator[Listener]:
        """A socket of a browser that has logged in."""
        async with self.show(session.secret, path) as listener:
            assert (await listener.next())["type"] == "auth_response"
            yield listener

    @asynccontextmanager
    async def show(self, secret: str, path: str = WS) -> AsyncGenerator[Listener]:
        """A socket of a browser that shows a session, which may be none."""
        cookie = {"cookie": f"{SESSION_COOKIE}={secret}"}
        async with self._socket(
            path, origin=f"http://127.0.0.1:{self.port}", additional_headers=cookie
        ) as listener:
            yield listener

    @asynccontextmanager
    async def _socket(self, path: str, **options: Any) -> AsyncGenerator[Listener]:
        plain: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        async with connect(f"ws://127.0.0.1:{self.port}{path}", **(plain | options)) as opened:
            yield Listener(opened)

    @asynccontextmanager
    async def stream(self, headers: dict[str, str], asked: Json) -> AsyncGenerator[httpx.Response]:
        """Server-sent events, begun."""
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=30) as client,
            client.stream("GET", SSE, params=asked, headers=headers) as answer,
        ):
            yield answer

    async def news(self) -> News:
        """All kinds of things are measured and happen: at the foreign cluster, at none, at `mine`.

        In this order, and what is measured before what happens.
        """
        world, bus = self.world, self.world.platform.gate.runtime.bus
        ack = None
        for about in (world.foreign, world.mine):
            for subject, message in _measures(about):
                ack = await bus.publish(subject, message.model_dump_json().encode())
        assert ack is not None
        telemetry = self.live.telemetry
        assert telemetry is not None
        reached = ack.seq
        await until(lambda: telemetry.last >= reached)
        log = world.platform.gate.log
        nowhere: Event = access_builders.denied(user=f"somebody-{new_id().hex}")
        both = over_both(world)
        events = [both, *_events(world.foreign), nowhere, *_events(world.mine)]
        told = [(await store(log, event)).sequence for event in events]
        await until(lambda: self.live.tail.ring.last >= told[-1])
        return News(told[0], told[-2], told[-1])


def _measures(about: Somewhere) -> list[tuple[str, Any]]:
    now, cluster = builders.at(), UUID(about.id)
    health: Json = {
        "cluster_id": cluster, "checked_at": now, "answered": True, "state": "ONLINE",
        "health_score": 1, "checks": [],
    }  # fmt: skip
    update = gpu_update(cluster_id=cluster, node_name=about.node, gpus=(gpu(name=about.name),))
    return [
        (f"tel.cnf.{about.id}.-", cnf_update(cluster_id=cluster)),
        (f"tel.gpu.{about.id}.{subject_token(about.node)}", update),
        (f"tel.metric.{about.id}.{about.watch}", metric_update(**_found(about))),
        (f"tel.health.{about.id}.-", ClusterHealthChecked.model_validate(health)),
    ]


def _found(about: Somewhere) -> Json:
    series = ({"labels": {"namespace": about.name}, "value": 1.0},)
    return {"cluster_id": about.id, "watch_id": about.watch, "series": series}


def _events(about: Somewhere) -> list[Event]:
    cluster = UUID(about.id)
    return [
        builders.cnf_status_changed(cluster_id=cluster, name=f"{about.name}/{new_id()}"),
        builders.fired(
            cluster_id=cluster,
            fingerprint=f"{new_id().int & (2**64 - 1):016x}",
            labels={"alertname": about.name, "namespace": about.name},
        ),
    ]


SPANNING = ("INCIDENT_", "RCA_", "REPLAY_", "REPORT_")
"""How types of events begin that may be about both clusters."""


def over_both(world: World) -> Event:
    """An incident of both clusters, the foreign one's mark in all that it says."""
    theirs, mine = (
        signal(id=new_id(), cluster_id=each.id, name=each.name, where=(f"node/{each.node}",))
        for each in (world.foreign, world.mine)
    )
    told = incident(
        id=new_id(),
        title=f"{world.foreign.name} and 1 more",
        cluster_ids=(theirs.cluster_id, mine.cluster_id),
        where=(*theirs.where, *mine.where),
        signals=2,
        lasting=2,
    )
    return IncidentOpened(incident=told, reason=world.foreign.name, added=(theirs, mine))


async def read_stream(answer: httpx.Response, until_sequence: int) -> list[Frame]:
    """What server-sent events tell until their reader stands there."""
    text = ""
    async with asyncio.timeout(30):
        async for chunk in answer.aiter_text():
            text += chunk
            # What is cut in the middle of a line waits for the rest of it.
            whole = text[: text.rfind("\n\n") + 2]
            if any(int(each) >= until_sequence for each in _POSITION.findall(whole)):
                return [json.loads(each) for each in _DATA.findall(whole)]
    raise EOFError(text)


def events_of(frames: list[Frame]) -> list[Frame]:
    """The events in frames, alone or together."""
    found = [frame for frame in frames if frame["type"] == "event"]
    return found + [
        each for frame in frames if frame["type"] == "events" for each in frame["events"]
    ]


def assert_hidden(world: World, frames: list[Frame], asked: str) -> None:
    """Nothing is told of the foreign cluster, or of none; what was asked may be said again.

    Of what is about several clusters only the part of theirs, and that it is one.
    """
    for frame in frames:
        text = json.dumps(frame)
        if frame["type"] in {"event", "events"}:
            assert world.foreign.id not in text, frame
            assert MARK not in text, frame
        else:
            assert world.foreign.id not in text or world.foreign.id in asked, frame
            assert MARK not in text or MARK in asked, frame
    of_none = [each for each in events_of(frames) if each["cluster_id"] is None]
    for each in of_none:
        assert each["event_type"].startswith(SPANNING), each
        payload = each["payload"]
        names = ("incident", "asked", "recurring", "result")
        told = next(payload[each] for each in names if payload.get(each))
        clusters = told["cluster_scope"] if "cluster_scope" in told else told["cluster_ids"]
        assert clusters == [world.mine.id], each


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def doors_on(platform: Platform, world: World, **changes: Any) -> AsyncGenerator[Doors]:
    """Serve a platform's gateway as its process does; ``changes`` are those of `Live`."""
    gate = platform.gate
    tail = Tail(gate.log, gate.directory.name, 100)
    telemetry = TelemetryTail(gate.runtime.bus, gate.directory.name, pace=0.02)
    told: dict[str, Any] = {"telemetry": telemetry, "trail": gate.trail} | changes
    live = Live(tail, gate.principal, platform.settings.gateway, gate.clock, **told)
    app = build(gate, live_socket(live), log_tail_socket(live, gate))
    app.state["live"] = live
    config = uvicorn.Config(
        Front(app, gate),
        http=HeadProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        **websocket_options(),
    )
    server, listening = _Server(config), socket.create_server(("127.0.0.1", 0))
    async with running(tail.run), running(telemetry.run), running(live.run):
        serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        try:
            await until(lambda: server.started and tail.error is None)
            yield Doors(world, live, listening.getsockname()[1])
        finally:
            await live.shutdown()
            server.should_exit = True
            await asyncio.wait_for(serving, 30)
