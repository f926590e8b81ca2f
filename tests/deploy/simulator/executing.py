"""How the tests run commands in the pods of a simulated cluster."""

import json
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from deploy.simulator.simulator import Running, RunningCluster
from tests.deploy.simulator.reaching import with_trait

V4, V5 = Subprotocol("v4.channel.k8s.io"), Subprotocol("v5.channel.k8s.io")
SPACE = "nvidia-gpu-operator"
GPU_FIELDS = (
    "index,uuid,name,driver_version,memory.total,memory.used,memory.free,utilization.gpu,"
    "utilization.memory,temperature.gpu,power.draw,power.limit,fan.speed"
)
QUERY = ("nvidia-smi", f"--query-gpu={GPU_FIELDS}", "--format=csv,noheader,nounits")
APPS = (
    "nvidia-smi",
    "--query-compute-apps=gpu_uuid,pid,process_name,used_memory",
    "--format=csv,noheader,nounits",
)
SUCCESS: dict[str, Any] = {"metadata": {}, "status": "Success"}


@dataclass
class Said:
    """What came on a WebSocket, by channel."""

    messages: list[bytes]

    def text(self, channel: int) -> str:
        return b"".join(each[1:] for each in self.messages if each[0] == channel).decode()

    @property
    def status(self) -> dict[str, Any]:
        return json.loads(self.text(3))


@dataclass
class Asking:
    """Asks a pod of the driver of a cluster with GPUs."""

    running: Running
    cluster: RunningCluster
    token: str

    @property
    def pod(self) -> str:
        pods = self.cluster.simulated.cluster.pods(SPACE)
        return next(each.name for each in pods if each.app == "nvidia-driver-daemonset")

    def path(self, command: Iterable[str] = QUERY, pod: str | None = None, **more: str) -> str:
        query = [*(("command", word) for word in command), *more.items()]
        place = f"/api/v1/namespaces/{SPACE}/pods/{pod or self.pod}/exec"
        return f"{place}?{urlencode(query)}"

    def connect(self, path: str, offered: Sequence[Subprotocol] = (V5, V4)) -> connect:
        return connect(
            self.cluster.api_url.replace("https", "wss", 1) + path,
            ssl=ssl.create_default_context(cadata=self.running.authority.pem.decode()),
            additional_headers={"Authorization": f"Bearer {self.token}"},
            subprotocols=list(offered) or None,
            proxy=None,
            close_timeout=1,
        )

    async def said(
        self, command: Iterable[str], offered: Sequence[Subprotocol] = (V5, V4), **more: str
    ) -> Said:
        async with self.connect(self.path(command, **more), offered) as socket:
            return await all_of(socket)

    async def denied(self, path: str, offered: Sequence[Subprotocol] = (V5, V4)) -> Any:
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with self.connect(path, offered):
                pass
        return caught.value.response


async def all_of(socket: ClientConnection) -> Said:
    messages = [message async for message in socket]
    assert socket.close_code == 1000
    return Said([message for message in messages if isinstance(message, bytes)])


def asking_gpus(running: Running) -> Asking:
    """As somebody who may do so, in the first cluster that has GPUs."""
    cluster = with_trait(running, lambda each: each.traits.gpu_nodes)
    return Asking(running, cluster, cluster.account("operator").token)
