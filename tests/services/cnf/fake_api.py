"""An API server that lists what a test gives it and runs commands in pods as the test says."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.services.cnf.objects import Json

TOKEN = "sha256~never-tell-this-token"
_SUCCESS = b'\x03{"metadata":{},"status":"Success"}'
_STATES = "/apis/sriovnetwork.openshift.io/v1/sriovnetworknodestates"

Command = tuple[str, tuple[str, ...]]
"""A pod, and the words of what is run in it."""


@dataclass
class FakeApi:
    """Its objects, its faults, and what it was asked for."""

    url: str = ""
    pods: list[Json] = field(default_factory=list[Json])
    nodes: list[Json] = field(default_factory=list[Json])
    states: list[Json] | None = None
    """None: the SR-IOV operator is not there."""
    refused: dict[str, int] = field(default_factory=dict[str, int])
    """Paths that are answered with a status alone."""
    runs: Callable[[str, tuple[str, ...]], tuple[int, str]] = lambda _, __: (127, "")
    """What a command in a pod comes to: its exit code and what it prints."""
    asked: list[str] = field(default_factory=list[str])
    commands: list[Command] = field(default_factory=list[Command])

    def listed(self, path: str) -> int:
        """How often this was asked for."""
        return sum(each == path for each in self.asked)

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        if url.path.endswith("/exec"):
            return None
        self.asked.append(url.path)
        status = self.refused.get(url.path)
        items = self._items(url.path, query.get("fieldSelector", ""))
        if status is None and items is not None:
            return socket.respond(200, json.dumps({"kind": "List", "items": items}))
        told = {"kind": "Status", "code": status or 404}
        return socket.respond(status or 404, json.dumps(told))

    def _items(self, path: str, selector: str) -> list[Any] | None:
        *_, space, resource = path.split("/")
        match resource:
            case "namespaces":
                spaces = {each["metadata"]["namespace"] for each in self.pods}
                return [{"metadata": {"name": each}} for each in sorted(spaces)]
            case "pods":
                return [each for each in self.pods if _is_wanted(each, space, selector)]
            case "nodes":
                return [each for each in self.nodes if selector in {"", _named(each)}]
            case "sriovnetworknodestates":
                assert path == _STATES
                return self.states
            case _:
                return None

    async def run(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        url = urlsplit(socket.request.path)
        words = tuple(value for name, value in parse_qsl(url.query) if name == "command")
        pod = url.path.split("/")[-2]
        self.commands.append((pod, words))
        code, output = self.runs(pod, words)
        await socket.send(b"\x01" + output.encode())
        await socket.send(_SUCCESS if code == 0 else _exited(code))


def _is_wanted(pod: Json, space: str, selector: str) -> bool:
    there = space in {"v1", pod["metadata"]["namespace"]}
    return there and selector in {"", f"spec.nodeName={pod['spec'].get('nodeName')}"}


def _named(node: Json) -> str:
    return f"metadata.name={node['metadata']['name']}"


def _exited(code: int) -> bytes:
    causes = [{"reason": "ExitCode", "message": str(code)}]
    told = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return b"\x03" + json.dumps(told).encode()


@asynccontextmanager
async def api_server() -> AsyncGenerator[FakeApi]:
    """One without objects, for the time of a block."""
    made = FakeApi()
    subprotocols = [Subprotocol("v5.channel.k8s.io")]
    async with serve(
        made.run, "127.0.0.1", 0, process_request=made.answer, subprotocols=subprotocols
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        made.url = f"http://127.0.0.1:{port}"
        yield made
