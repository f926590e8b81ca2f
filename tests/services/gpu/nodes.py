"""An API server whose pods run nvidia-smi: what they print is up to the tests."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from contracts.gpu import GpuUpdate
from services.gpu import smi_source
from services.gpu.smi_source import Wanted
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.kube.failures import ApiFailure
from services.runtime.outbound.clients import Outbound, Target
from tests.runtime.kube.pods import SUCCESS, exited

SPACE = "nvidia-gpu-operator"
DRIVER = "580.105.08"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HANG = "hang"
"""What a command prints that never ends."""

Printed = str | tuple[str, int]
"""What a command prints, and its exit code."""
Program = Callable[[Sequence[str]], Printed]


@dataclass
class Node:
    """A node with one GPU."""

    name: str
    pod: str = ""
    host_pid: bool = True
    driver: str = DRIVER
    unknown: tuple[str, ...] = ()
    """Fields that its driver does not know."""
    values: dict[str, str] = field(default_factory=dict[str, str])
    """Of the query, beside those that a GPU has in any case."""
    processes: str = ""
    cgroups: list[str] = field(default_factory=list[str])
    overview: str = "| NVIDIA-SMI 580.105.08   Driver Version: 580.105.08   CUDA Version: 13.0   |"
    listed: str = ""
    gpus: Sequence[Mapping[str, str]] = ()
    """The values of each GPU by field, instead of one with ``values``."""
    instead: Printed | None = None
    """What is printed whatever is asked."""

    def __post_init__(self) -> None:
        self.pod = self.pod or f"nvidia-driver-daemonset-{self.name}"

    @property
    def uuid(self) -> str:
        return f"GPU-{self.name}"

    def run(self, command: Sequence[str]) -> Printed:
        """What a command prints there."""
        if self.instead is not None:
            return self.instead
        asked, _, fields = command[1].partition("=") if len(command) > 1 else ("", "", "")
        match asked:
            case "--query-gpu":
                return self._gpus(fields.split(","))
            case "-H":
                told = [each for each in self.cgroups if each.partition(":")[0] in command]
                return "\n".join(told), 2
            case _:
                others = {"": self.overview, "-L": self.listed}
                return others.get(asked, self.processes)

    def _gpus(self, fields: Sequence[str]) -> Printed:
        unknown = next((each for each in fields if each in self.unknown), None)
        if unknown is not None:
            return f'Field "{unknown}" is not a valid field to query.\n\n', 2
        one = {"index": "0", "uuid": self.uuid, "driver_version": self.driver, **self.values}
        return "\n".join(
            ", ".join(told.get(each, "[N/A]") for each in fields) for told in self.gpus or (one,)
        )

    @property
    def described(self) -> dict[str, Any]:
        """Its pod, as the API server lists it."""
        return {
            "metadata": {"name": self.pod, "namespace": SPACE, "uid": f"uid-{self.name}"},
            "spec": {
                "nodeName": self.name,
                "hostPID": self.host_pid,
                "containers": [{"name": "nvidia-driver-ctr"}],
            },
            "status": {"phase": "Running"},
        }


@dataclass
class Cluster:
    """A cluster with GPUs, and what it was asked."""

    nodes: list[Node]
    client: httpx.AsyncClient
    url: str
    others: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Pods that are no part of the GPU operator."""
    wanted: Wanted = field(
        default_factory=lambda: Wanted(new_id(), SPACE, "there are no metrics", NOW, 15)
    )
    asked: list[str] = field(default_factory=list[str])
    """Commands, and what was listed, in order."""
    at_once: int = 0
    most_at_once: int = 0
    refused: tuple[int, str] | None = None
    """How everything is refused."""

    async def sample(self, *, later: float = 0, seconds: float = 10.0) -> dict[str, GpuUpdate]:
        """What is told, by node; so many seconds after the first."""
        first = self.wanted
        at = first.now + timedelta(seconds=later)
        wanted = Wanted(first.cluster_id, SPACE, first.reason, at, first.interval)
        self.asked.clear()
        found = await smi_source.sample(self.client, wanted, seconds=seconds)
        return {each.node_name: each for each in found}

    async def failure(self, **how: float) -> ApiFailure:
        """Why nothing is told."""
        try:
            found = await self.sample(**how)
        except ApiFailure as failure:
            return failure
        raise AssertionError(f"there are samples: {found}")

    def node(self, pod: str) -> Node | None:
        return next((each for each in self.nodes if each.pod == pod), None)

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        """Lists, and refusals of commands; None: a command is run."""
        url = urlsplit(request.path)
        if self.refused is not None:
            return socket.respond(*self.refused)
        if url.path.endswith("/exec"):
            known = self.node(url.path.split("/")[-2])
            gone = json.dumps({"kind": "Status", "code": 404})
            return None if known is not None else socket.respond(404, gone)
        fields = parse_qs(url.query).get("fieldSelector", [""])[0]
        self.asked.append(f"list {url.path} {fields}".strip())
        pods = self.others if fields else [each.described for each in self.nodes]
        return socket.respond(200, json.dumps({"kind": "PodList", "metadata": {}, "items": pods}))

    async def talk(self, socket: ServerConnection) -> None:
        """Run a command."""
        assert socket.request is not None
        url = urlsplit(socket.request.path)
        query = parse_qs(url.query, keep_blank_values=True)
        assert query["container"] == ["nvidia-driver-ctr"]
        node = self.node(url.path.split("/")[-2])
        assert node is not None
        self.asked.append(f"{node.name}: {' '.join(query['command'])[:24]}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._print(socket, node.run(query["command"]))
        finally:
            self.at_once -= 1

    async def _print(self, socket: ServerConnection, printed: Printed) -> None:
        if printed == HANG:
            await socket.wait_closed()
            return
        text, code = (printed, 0) if isinstance(printed, str) else printed
        await asyncio.sleep(0)
        if text:
            await socket.send(b"\x01" + text.encode())
        await socket.send(exited(code) if code else SUCCESS)


@asynccontextmanager
async def cluster(*nodes: Node) -> AsyncGenerator[Cluster]:
    """A cluster with these nodes, for the time of a block."""
    outbound = Outbound(SystemClock())
    made: list[Cluster] = []

    async def talk(socket: ServerConnection) -> None:
        await made[0].talk(socket)

    def answer(socket: ServerConnection, request: Request) -> Response | None:
        return made[0].answer(socket, request)

    understood = [Subprotocol("v4.channel.k8s.io")]
    serving = serve(talk, "127.0.0.1", 0, process_request=answer, subprotocols=understood)
    async with serving as server:
        port = next(iter(server.sockets)).getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        made.append(Cluster(list(nodes), outbound.client(Target(base_url=url)), url))
        try:
            yield made[0]
        finally:
            smi_source.forget(made[0].wanted.cluster_id)
            await outbound.close()
