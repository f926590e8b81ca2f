"""Real Alertmanagers for tests: started, given alerts and silences, stopped, with their own API."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import free_port
from tests.kit.programs import program
from tests.kit.runtime import eventually

PROGRAM = "prometheus-alertmanager"

Labels = Mapping[str, str]
Json = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How an Alertmanager is set up; times as its configuration writes them."""

    webhook: str = ""
    """Where it posts everything; nowhere if empty."""
    token_file: Path | None = None
    """With the bearer token that it posts with."""
    group_interval: str = "1s"
    repeat_interval: str = "1h"
    resolve_timeout: str = "5m"
    """After it an alert that was told without an end is over."""
    inhibit_rules: str = "[]"
    """YAML."""
    prefix: str = ""
    """Of all its paths, such as ``/alertmanager``."""
    web: str = ""
    """YAML of its web configuration: TLS and logins."""
    flags: tuple[str, ...] = ()

    @property
    def configuration(self) -> str:
        """Its configuration file."""
        return f"""
global: {{resolve_timeout: {self.resolve_timeout}}}
route:
  receiver: hub
  group_by: ['...']
  group_wait: 0s
  group_interval: {self.group_interval}
  repeat_interval: {self.repeat_interval}
inhibit_rules: {self.inhibit_rules}
receivers:
  - name: hub
{self._webhooks}"""

    @property
    def _webhooks(self) -> str:
        if not self.webhook:
            return ""
        told = f"    webhook_configs:\n      - {{url: '{self.webhook}', send_resolved: true"
        if self.token_file is not None:
            login = f"{{authorization: {{credentials_file: '{self.token_file}'}}}}"
            told = f"{told}, http_config: {login}"
        return f"{told}}}\n"


@dataclass
class Alertmanager:
    """One Alertmanager on ports of its own, which it keeps over restarts."""

    directory: Path
    shape: Shape = field(default_factory=Shape)
    twin: "Alertmanager | None" = None
    """Another one of the same cluster, which was started before."""
    clustered: bool = False
    """Whether it can have twins."""
    port: int = field(default_factory=free_port)
    cluster_port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Its address, with its prefix."""
        return f"http://127.0.0.1:{self.port}{self.shape.prefix}"

    async def start(self) -> None:
        """Start it on what lies in its directory, and wait until it answers."""
        assert self._process is None, "it is running"
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "alertmanager.yml").write_text(self.shape.configuration)
        (self.directory / "web.yml").write_text(self.shape.web)
        with (self.directory / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                program(PROGRAM), *self._flags(), stdout=log, stderr=log
            )
        await eventually(self._answers, within=30)

    def _flags(self) -> Sequence[str]:
        at = f"127.0.0.1:{self.cluster_port}"
        cluster = ["--cluster.listen-address="]
        if self.clustered or self.twin:
            cluster = [f"--cluster.listen-address={at}", f"--cluster.advertise-address={at}"]
            cluster += ["--cluster.settle-timeout=2s", "--cluster.pushpull-interval=1s"]
        if self.twin:
            cluster.append(f"--cluster.peer=127.0.0.1:{self.twin.cluster_port}")
        return [
            f"--config.file={self.directory / 'alertmanager.yml'}",
            f"--storage.path={self._data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--web.external-url={self.url}",
            f"--web.config.file={self.directory / 'web.yml'}",
            *cluster,
            *self.shape.flags,
        ]

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    async def stop(self) -> None:
        """End it; it writes down its silences and what it has posted. Alerts it never keeps."""
        await self._end(kindly=True)

    async def kill(self) -> None:
        """End it at once: what it has not written down is lost."""
        await self._end(kindly=False)

    async def _end(self, *, kindly: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate() if kindly else process.kill()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def restart(self, *, forget: bool = False) -> None:
        """Stop and start it; ``forget`` takes away its data too."""
        await self.stop()
        if forget:
            shutil.rmtree(self._data, ignore_errors=True)
        await self.start()

    async def reshape(self, shape: Shape) -> None:
        """Give it another configuration while it runs; what needs flags counts from a restart."""
        self.shape = shape
        (self.directory / "alertmanager.yml").write_text(shape.configuration)
        await self._ask("POST", "/-/reload")

    async def post(self, alerts: Iterable[Mapping[str, Any]]) -> None:
        """Give it alerts (`alert` makes them), as a Prometheus does."""
        await self._ask("POST", "/api/v2/alerts", list(alerts))

    async def alerts(self, **params: str) -> list[Json]:
        """All its alerts, muted ones too; ``params`` as in its API."""
        return await self._ask("GET", "/api/v2/alerts", params=params)

    async def status(self) -> Json:
        """What it says of itself."""
        return await self._ask("GET", "/api/v2/status")

    async def silences(self) -> list[Json]:
        """All its silences, ended ones too."""
        return await self._ask("GET", "/api/v2/silences")

    async def silence(
        self, labels: Labels, starts_at: datetime, ends_at: datetime, comment: str = "a test"
    ) -> str:
        """Silence what has these labels; gives the id of the silence."""
        matchers = [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ]
        body = {
            "matchers": matchers,
            "startsAt": starts_at.isoformat(),
            "endsAt": ends_at.isoformat(),
            "createdBy": "test",
            "comment": comment,
        }
        return (await self._ask("POST", "/api/v2/silences", body))["silenceID"]

    async def unsilence(self, silence_id: str) -> None:
        """End a silence."""
        await self._ask("DELETE", f"/api/v2/silence/{silence_id}")

    async def _ask(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None
    ) -> Any:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.request(method, self.url + path, json=body, params=params)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content and path.startswith("/api") else None

    async def _answers(self) -> bool:
        running = self._process is not None and self._process.returncode is None
        assert running, (self.directory / "log").read_text()
        try:
            async with httpx.AsyncClient() as client:
                found = await client.get(f"{self.url}/-/ready", timeout=5)
        except httpx.TransportError:
            return False
        return found.status_code in {200, 400, 401}  # It may want TLS or a login.


@asynccontextmanager
async def alertmanager(
    directory: Path,
    shape: Shape | None = None,
    *,
    twin: Alertmanager | None = None,
    clustered: bool = False,
) -> AsyncGenerator[Alertmanager]:
    """A running Alertmanager, for the time of a block; give the first of two ``clustered``."""
    found = Alertmanager(directory, shape or Shape(), twin=twin, clustered=clustered)
    try:
        await found.start()
        yield found
    finally:
        await found.kill()


def alert(
    labels: Labels,
    *,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    annotations: Labels | None = None,
) -> Json:
    """One alert as `Alertmanager.post` takes it; over if it ends in the past."""
    found: Json = {"labels": dict(labels), "annotations": dict(annotations or {})}
    for name, moment in (("startsAt", starts_at), ("endsAt", ends_at)):
        if moment is not None:
            found[name] = moment.isoformat()
    return found
