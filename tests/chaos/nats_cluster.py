"""Three NATS servers of one cluster, whose routes lead through proxies."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.child import Program, last_lines, spawn
from deploy.local.nats_server import find_binary
from deploy.local.ports import free_port
from tests.chaos.proxy import Line, Proxies, Proxy

_SIZE = 3
_PATIENCE = 30.0


@dataclass(eq=False)
class Node:
    """One server, which can be killed, stopped for a while and started again on its files."""

    name: str
    directory: Path
    port: int = field(default_factory=free_port)
    monitor: int = field(default_factory=free_port)
    routes: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def configure(self, routes: list[int], most: int) -> None:
        """Write its configuration; ``routes`` are the ports that lead to the others."""
        self.directory.mkdir(parents=True, exist_ok=True)
        told = {
            "server_name": self.name,
            "server_tags": [self.name],
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{self.monitor}",
            "max_payload": 2 * 1024 * 1024,
            "write_deadline": "10s",
            "jetstream": {
                "store_dir": str(self.directory / "store"),
                "max_file_store": most,
                "sync_interval": "1h",
            },
            "cluster": {
                "name": "chaos",
                "listen": f"127.0.0.1:{self.routes}",
                # What the servers tell one another leads nowhere: no route beside the proxies.
                "advertise": "127.0.0.1:1",
                "no_advertise": True,
                "pool_size": -1,
                "routes": [f"nats://127.0.0.1:{port}" for port in routes],
            },
        }
        (self.directory / "nats.conf").write_text(json.dumps(told))

    def start(self) -> None:
        """Begin to start; `wait` tells when it is there."""
        argv = (str(find_binary({})), "--config", str(self.directory / "nats.conf"))
        log = self.directory.parent / f"{self.name}.log"
        self.process = spawn(Program(self.name, argv, {}, log))

    def wait(self) -> None:
        """Until its JetStream says that it is current."""
        deadline = time.monotonic() + _PATIENCE
        while not self.is_ready():
            if time.monotonic() > deadline:
                said = last_lines(self.directory.parent / f"{self.name}.log")
                raise RuntimeError(f"{self.name} is not ready:\n{said}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        address = f"http://127.0.0.1:{self.monitor}/healthz?js-server-only=true"
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """It does nothing, and its connections stay."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)


@dataclass(eq=False)
class NatsCluster:
    """The three of them."""

    nodes: list[Node]
    ways: dict[tuple[int, int], Proxy]
    proxies: Proxies

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    def around(self, number: int, line: Line) -> None:
        """How the lines are between one node and the others."""
        touched = [proxy for ends, proxy in self.ways.items() if number in ends]
        self.proxies.become(touched, line)


@contextmanager
def running_cluster(directory: Path, most: int) -> Generator[NatsCluster]:
    """Three servers with ``most`` bytes of file store each, for the time of a block."""
    nodes = [
        Node(f"nats-{number + 1}", directory / f"nats-{number + 1}") for number in range(_SIZE)
    ]
    ways = {
        (here, there): Proxy(nodes[there].routes)
        for here in range(_SIZE)
        for there in range(_SIZE)
        if here != there
    }
    proxies = Proxies(list(ways.values()))
    try:
        for number, node in enumerate(nodes):
            node.configure([way.port for ends, way in ways.items() if ends[0] == number], most)
            node.start()
        for node in nodes:
            node.wait()
        yield NatsCluster(nodes, ways, proxies)
    finally:
        for node in nodes:
            node.thaw()
            node.kill()
        proxies.close()
