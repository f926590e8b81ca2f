"""A platform of processes that are replaced one after the other, and clients who do not mind.

As Kubernetes does it: a new one starts beside the old one; once it is ready the old one gets no new
connections and, a moment later, SIGTERM.
"""

import asyncio
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import httpx

from deploy.local.child import spawn
from deploy.local.ports import answers, free_port
from services.runtime.settings import Settings
from tests.kit.gateway_process import part_command, wired
from tests.kit.hub import PATIENT, alert, until
from tests.kit.round_robin import RoundRobin, round_robin

WITHIN = 60.0
_GRACE = 45
"""Seconds from SIGTERM to SIGKILL, as in the charts."""
_DRAINS = 0.5
"""Seconds from the last new connection to SIGTERM; `sleep 5` in the charts."""
_OWNERS, _SOURCES = 3, 2
CLIENTS = _OWNERS + _SOURCES
_CHANGES = 4
_PAUSE = 0.05
_TRIES, _AGAIN = 10, 0.1


@dataclass
class Pod:
    """One process of a part."""

    settings: Settings
    part: str
    number: int
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        wiring = wired(self.settings, port=self.port)
        told = {**wiring.environment, **PATIENT, "AIOPS_GATEWAY__AUTH": "none"}
        wiring = replace(wiring, environment=told)
        program = wiring.program(part_command(self.part), self.port)
        log = program.log.with_stem(f"{self.part}-{self.number}")
        self.process = spawn(replace(program, log=log))

    @property
    def ready(self) -> bool:
        assert self.process.poll() is None, f"{self.part}-{self.number} has ended"
        return answers("127.0.0.1", self.port, "/ready")

    def end(self) -> int:
        """SIGTERM; what it ended with."""
        self.process.terminate()
        return self.process.wait(_GRACE)

    def kill(self) -> None:
        """Whatever it does."""
        self.process.kill()
        self.process.wait()


@dataclass
class Load:
    """Clients, and what they were told.

    They do what any client of a service of several servers does: what met a closing one is sent
    again, commands under the same `Idempotency-Key`.
    """

    url: str
    changed: dict[str, int] = field(default_factory=dict[str, int])
    """Changes of each cluster that was registered."""
    fired: list[int] = field(default_factory=list[int])
    """Numbers of alerts."""
    cut: int = 0
    """Requests that met the end of a connection, or nobody to connect to, and were sent again."""
    refused: int = 0
    """Requests that were answered 503, or of which nothing was to be seen in time; likewise."""
    failed: list[str] = field(default_factory=list[str])
    stopped: threading.Event = field(default_factory=threading.Event)
    _numbers: "count[int]" = field(default_factory=count)
    _first: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue[str])
    """Clusters that alerts may be of."""

    def run(self) -> None:
        """Until it is told to stop."""
        asyncio.run(self._run())

    def goes_on(self) -> None:
        """Some more of everything is answered."""
        before = self._so_far()

        def more() -> bool:
            assert self.failed == []
            return all(now > then + 5 for now, then in zip(self._so_far(), before, strict=True))

        until(more, WITHIN)

    def _so_far(self) -> tuple[int, int]:
        return sum(self.changed.copy().values()), len(self.fired)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(_OWNERS):
                group.create_task(self._owner(number))
            for _ in range(_SOURCES):
                group.create_task(self._source())

    async def _owner(self, number: int) -> None:
        """Registers a cluster, changes it a few times, registers the next one."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            while not self.stopped.is_set():
                name = f"rolling-{number}-{next(self._numbers)}"
                body = {"name": name, "api_server_url": f"https://{name}.example.com:6443"}
                made = await self._send(client, "POST", "/api/v1/clusters", body, name)
                if made is None:
                    return
                cluster: str = made["id"]
                self.changed[cluster] = 0
                self._first.put_nowait(cluster)
                for turn in range(1, _CHANGES + 1):
                    change = {"labels": {"turn": f"{turn}"}}
                    path, key = f"/api/v1/clusters/{cluster}", f"{name}/{turn}"
                    if await self._send(client, "PATCH", path, change, key) is None:
                        return
                    self.changed[cluster] = turn
                    await asyncio.sleep(_PAUSE)

    async def _source(self) -> None:
        """Posts one alert after the other."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            path = f"/api/v1/alerts/webhook/{await self._first.get()}"
            while not self.stopped.is_set():
                number = next(self._numbers)
                body = {"version": "4", "alerts": [alert(number)]}
                if await self._send(client, "POST", path, body) is None:
                    return
                self.fired.append(number)
                await asyncio.sleep(_PAUSE)

    async def _send(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any, key: str = ""
    ) -> dict[str, Any] | None:
        """Send until it is taken, so often at most; the answer, None if it has failed."""
        headers = {"Idempotency-Key": key} if key else {}
        for _ in range(_TRIES):
            try:
                answer = await client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                self.cut += 1
                await asyncio.sleep(_AGAIN)
                continue
            # Of a command 202 says that its effect is not to be seen yet: asked again by its key.
            if answer.status_code == 503 or (key and answer.status_code == 202):
                self.refused += 1
                await asyncio.sleep(_AGAIN)
                continue
            if answer.is_success:
                return answer.json()
            self.failed.append(f"{method} {path}: {answer.status_code} {answer.text}")
            return None
        self.failed.append(f"{method} {path}: sent {_TRIES} times")
        return None


@dataclass
class Rollout:
    """The processes of each part, and the service in front of the gateways."""

    settings: Settings
    pods: dict[str, list[Pod]] = field(default_factory=dict[str, list[Pod]])
    started: Counter[str] = field(default_factory=Counter[str])
    service: RoundRobin = field(init=False)

    def start(self, part: str) -> Pod:
        """One more of a part."""
        self.started[part] += 1
        pod = Pod(self.settings, part, self.started[part])
        self.pods.setdefault(part, []).append(pod)
        return pod

    def replace(self, part: str, load: Load) -> None:
        """A new one beside the old one, then the old one away."""
        old, new = self.pods[part][0], self.start(part)
        until(lambda: new.ready, WITHIN)
        if part == "gateway":
            self.service.ports = [old.port, new.port]
        load.goes_on()
        if part == "gateway":
            self.service.ports = [new.port]
            time.sleep(_DRAINS)
        assert old.end() == 0
        self.pods[part].remove(old)
        load.goes_on()

    def end(self) -> None:
        """All of them."""
        for pods in self.pods.values():
            for pod in pods:
                pod.kill()


@contextmanager
def rolling_out(settings: Settings) -> Generator[Rollout]:
    """One process of each part, behind a service, for the time of a block."""
    made = Rollout(settings)
    try:
        first = [made.start(part) for part in ("projector", "workers", "gateway")]
        until(lambda: all(pod.ready for pod in first), WITHIN)
        with round_robin(first[-1].port) as made.service:
            yield made
    finally:
        made.end()


@contextmanager
def loaded(rollout: Rollout) -> Generator[Load]:
    """Clients of the service, for the time of a block; what is under way is answered first."""
    load = Load(f"http://127.0.0.1:{rollout.service.port}")
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        thread.join(WITHIN)
