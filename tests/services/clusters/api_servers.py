"""API servers for tests of the adapter: those of a simulated fleet, and one that says anything."""

import json
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from deploy.simulator.authority import Identity
from deploy.simulator.simulator import Running, RunningCluster
from services.clusters.kube_api import ApiFailure, ApiFailureKind, KubeApi
from services.runtime.clock import SystemClock
from services.runtime.outbound.clients import Outbound, Target

TOKEN = "sha256~never-tell-this-token"

Asked = list[tuple[str, str | None]]
"""Paths below the cluster's address, and continue tokens."""


@dataclass
class Fleet:
    """A fleet that runs, as the platform reaches it."""

    running: Running
    outbound: Outbound

    def cluster(self, name: str) -> RunningCluster:
        """One of its clusters."""
        return self.running.cluster(name)

    @property
    def ca(self) -> str:
        """The CA of all its clusters."""
        return self.running.authority.pem.decode()

    def api(
        self,
        cluster: RunningCluster,
        token: str | None = None,
        *,
        seconds: float = 5.0,
        before: Callable[[httpx.Request], None] | None = None,
    ) -> KubeApi:
        """As the reader, or with another token; `before` sees each request before it goes out."""
        token = token or cluster.account().token
        client = self.outbound.client(Target(base_url=cluster.api_url, ca=self.ca, token=token))
        if before is not None:
            client.event_hooks = {"request": [_hook(before)]}
        return KubeApi(client, seconds)

    def at(self, url: str, *, ca: str | None = None, seconds: float = 5.0) -> KubeApi:
        """Any address, without credentials."""
        return KubeApi(self.outbound.client(Target(base_url=url, ca=ca)), seconds)

    def by_certificate(self, cluster: RunningCluster, identity: Identity) -> KubeApi:
        """With a client certificate."""
        target = Target(
            base_url=cluster.api_url,
            ca=self.ca,
            certificate=identity.certificate.decode(),
            key=identity.key.decode(),
        )
        return KubeApi(self.outbound.client(target), 5.0)


def _hook(before: Callable[[httpx.Request], None]) -> Callable[[httpx.Request], Awaitable[None]]:
    async def hook(request: httpx.Request) -> None:
        before(request)

    return hook


@asynccontextmanager
async def reaching(running: Running) -> AsyncGenerator[Fleet]:
    """A fleet and the platform's way to it, for the time of a block."""
    outbound = Outbound(SystemClock())
    try:
        yield Fleet(running, outbound)
    finally:
        await outbound.close()


def asked(request: httpx.Request) -> tuple[str, str | None]:
    """The resource of a request, and where its list goes on."""
    return request.url.path.rpartition("/")[2], request.url.params.get("continue")


@dataclass
class Said:
    """One answer."""

    body: Any = None
    """Bytes, or what becomes JSON."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Scripted(httpx.AsyncBaseTransport):
    """An API server that says whatever a test lets it say."""

    answer: Callable[[httpx.Request], Said]
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])
    before: Callable[[], Awaitable[None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Say it."""
        self.requests.append(request)
        if self.before is not None:
            await self.before()
        said = self.answer(request)
        body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        return httpx.Response(said.status, headers=said.headers, stream=httpx.ByteStream(body))

    @property
    def api(self) -> KubeApi:
        """The adapter, in front of it."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        client = httpx.AsyncClient(
            base_url="https://kubernetes.test", transport=self, headers=headers
        )
        return KubeApi(client, 5.0)


def says(body: Any, status: int = 200, **headers: str) -> Scripted:
    """A server that gives one answer to everything."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(lambda _: Said(body, status, told))


def page(*items: Any, kind: str = "List", token: str | None = None) -> Any:
    """A page of a list."""
    meta = {"resourceVersion": "1"} | ({"continue": token} if token else {})
    return {"kind": kind, "apiVersion": "v1", "metadata": meta, "items": items}


async def failure(doing: Awaitable[object], kind: ApiFailureKind, *secrets: str) -> ApiFailure:
    """How it fails: with this kind, with advice, and with no secret anywhere."""
    with pytest.raises(ApiFailure) as raised:
        await doing
    failed = raised.value
    assert failed.kind is kind, (failed.kind, failed.message)
    assert failed.message.startswith("the API server ")
    assert failed.advice
    assert failed.answered is (failed.status is not None or kind is ApiFailureKind.OVERSIZED)
    told = f"{failed!r} {failed} {failed.advice} {failed.fault} {vars(failed)}"
    told += "".join(traceback.format_exception(failed))
    for secret in (TOKEN, *secrets):
        assert secret not in told
    return failed
