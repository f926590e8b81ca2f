"""How the simulator's tests reach it: clients that trust its CA, and what they expect."""

import ssl
from collections.abc import Callable
from typing import Any

import httpx

from deploy.simulator.cluster import Cluster, Part
from deploy.simulator.simulator import Running, RunningCluster

Json = dict[str, Any]


class Clients:
    """Opens clients for a cluster; all of them are closed at the end."""

    def __init__(self, running: Running) -> None:
        self._context = ssl.create_default_context(cadata=running.authority.pem.decode())
        self._opened: list[httpx.AsyncClient] = []

    def api(self, cluster: RunningCluster, token: str | None = "") -> httpx.AsyncClient:
        """A client of the API; with the reader's token unless another or none is given."""
        return self.open(cluster.api_url, cluster.account().token if token == "" else token)

    def backend(self, cluster: RunningCluster, part: Part) -> httpx.AsyncClient:
        """A client of a backend, with its token if it wants one."""
        url = cluster.backend_url(part)
        assert url is not None
        return self.open(url, cluster.backend_token(part))

    def control(self, running: Running) -> httpx.AsyncClient:
        """A client for the door of whoever directs the simulation."""
        return self.open(running.url, None)

    def open(self, url: str, token: str | None = None) -> httpx.AsyncClient:
        """A client of any address that trusts the simulator's CA."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(
            base_url=url, headers=headers, verify=self._context, timeout=5, trust_env=False
        )
        self._opened.append(client)
        return client

    async def close(self) -> None:
        """Close all of them."""
        for client in self._opened:
            await client.aclose()


def with_trait(running: Running, wanted: Callable[[Cluster], object]) -> RunningCluster:
    """The first cluster of a kind."""
    return next(each for each in running.clusters.values() if wanted(each.simulated.cluster))


async def items(client: httpx.AsyncClient, path: str) -> list[Json]:
    """What a list holds."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def refused(answer: httpx.Response, code: int, reason: str) -> Json:
    """The Status object of an error."""
    assert answer.status_code == code, answer.text
    told: Json = answer.json()
    expected = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    assert expected | {"code": code, "reason": reason} == {
        key: told[key] for key in (*expected, "code", "reason")
    }
    return told
