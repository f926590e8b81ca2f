"""A Prometheus behind TLS, a path and a login: asked with what the cluster was given, or named."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.clusters import ClusterType
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from services.runtime.ids import new_secret
from tests.kit.authorities import EXPIRED, Authority, authority
from tests.kit.gateway import API, Json, Platform
from tests.kit.guards import Guard, guarded
from tests.kit.leaks import hidden
from tests.kit.prometheus import INSTALLED, door, line, prometheus, register
from tests.kit.promql_data import T0
from tests.kit.simulated import of_type, refusal, registered, with_credentials

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_AT = "2026-01-01T00:01:00Z"
_FRESH = {"cache-control": "no-cache"}


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    """Clusters whose API servers take the credentials that they are given."""
    async with simulating(Fleet.make(4, seed=7), Options(bad_tls=False)) as running:
        yield running


@pytest.fixture(scope="module")
async def upstream(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """The address of a Prometheus that takes anybody."""
    if not INSTALLED:
        pytest.skip("Debian's package prometheus is not installed")
    directory: Path = tmp_path_factory.mktemp("guarded")
    samples = {T0 + at: at + 0.5 for at in range(0, 120, 30)}
    told = [line("up", samples, zone=zone) for zone in ("Köln", "a")]
    async with prometheus(directory / "one", told) as url:
        yield url


@pytest.fixture(scope="module")
def ca() -> Authority:
    """The CA of the clusters' own."""
    return authority("the fleet's own CA")


@dataclass
class Guarded:
    """A cluster with a guarded Prometheus, beside one whose Prometheus takes anybody."""

    platform: Platform
    guard: Guard
    cluster: Json
    other: str
    """The id of the other one."""

    async def ask(self) -> httpx.Response:
        """Ask both of them."""
        wanted = {"query": "up", "end_time": _AT, "cluster_ids": [self.cluster["id"], self.other]}
        url = f"{API}/metrics/query"
        return await self.platform.http.post(url, json=wanted, headers=_FRESH)

    async def both_answer(self) -> None:
        """Both say the same."""
        answer = await self.ask()
        assert answer.status_code == 200, answer.text
        one, other = answer.json()["results"]
        assert len(one["data"]) == 2
        assert one["data"] == other["data"]

    async def is_named(self, why: str) -> None:
        """The other one answers; this one is missing, and it is said why and no secret."""
        answer = await self.ask()
        assert answer.status_code == 206, answer.text
        told = answer.json()
        (missing,) = told["missing"]
        assert (missing["cluster_id"], missing["code"]) == (
            self.cluster["id"],
            "CREDENTIALS_INVALID",
        )
        assert why in missing["reason"]
        assert "give" in missing["reason"] or "renew" in missing["reason"], missing
        assert sum(bool(each["data"]) for each in told["results"]) == 1
        hidden({"token": self.guard.token or "-" * 32}, answer)


async def _guarded(platform: Platform, fleet: Running, guard: Guard, **login: Any) -> Guarded:
    spoke = of_type(fleet, ClusterType.SPOKE)
    cluster = await with_credentials(
        platform,
        fleet,
        spoke,
        endpoints={"prometheus_url": guard.url},
        given={"backends": {"prometheus": login}},
    )
    name = f"beside-{cluster['name']}"
    return Guarded(platform, guard, cluster, await register(platform, name, guard.upstream))


async def _rotate(guarded: Guarded, **login: Any) -> None:
    path = f"{API}/clusters/{guarded.cluster['id']}/credentials/rotate"
    body = {"backends": {"prometheus": login}}
    answer = await guarded.platform.http.post(path, json=body)
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def with_token(
    platform: Platform, fleet: Running, upstream: str, ca: Authority
) -> AsyncGenerator[Guarded]:
    """A cluster whose Prometheus wants a token, and shows a certificate of the CA."""
    token = f"sha256~{new_secret()}"
    with guarded(Guard(upstream, ca.server_identity(), token=token)) as guard:
        yield await _guarded(platform, fleet, guard, token=token, ca_bundle=ca.pem)


async def test_it_is_asked_by_its_path_with_its_token(with_token: Guarded) -> None:
    await with_token.both_answer()
    assert (200, "/tenant/prom/api/v1/query") in with_token.guard.asked
    assert all(status == 200 for status, _ in with_token.guard.asked)
    name = with_token.cluster["name"]
    async with door(with_token.platform) as client:
        asked = {"query": f'sum by (cluster) (up{{cluster="{name}"}})', "time": _AT}
        told = (await client.post("/query", data=asked)).json()
    (series,) = told["data"]["result"]
    assert (series["metric"], series["value"][1]) == ({"cluster": name}, "121")


async def test_a_token_that_is_taken_no_longer_is_told_and_a_new_one_works(
    with_token: Guarded, ca: Authority
) -> None:
    await with_token.both_answer()
    old, new = with_token.guard.token, f"sha256~{new_secret()}"
    with_token.guard.token = new
    await with_token.is_named("answered 401")
    assert with_token.guard.asked[-1][0] == 401
    await _rotate(with_token, token=new, ca_bundle=ca.pem)
    await with_token.both_answer()
    assert old != new


async def test_a_token_that_was_never_right_is_refused(
    platform: Platform, fleet: Running, upstream: str, ca: Authority
) -> None:
    spoke = of_type(fleet, ClusterType.SPOKE)
    with guarded(Guard(upstream, ca.server_identity(), token=new_secret())) as guard:
        endpoints = {"prometheus_url": guard.url}
        cluster = await registered(platform, spoke, endpoints=endpoints)
        body = {
            "auth_type": "SERVICE_ACCOUNT",
            "token": spoke.account("operator").token,
            "ca_bundle": fleet.authority.pem.decode(),
            "backends": {"prometheus": {"token": new_secret(), "ca_bundle": ca.pem}},
        }
        text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "Prometheus" in text
    assert "401" in text


@pytest.mark.parametrize("kind", ["expired", "of another CA", "of another name"])
async def test_a_certificate_that_is_not_to_be_trusted_is_told(
    with_token: Guarded, ca: Authority, kind: str
) -> None:
    await with_token.both_answer()
    shown, why = {
        "expired": (ca.server_identity(validity=EXPIRED), "expired"),
        "of another CA": (authority("the fleet's own CA").server_identity(), "not trusted"),
        "of another name": (ca.server_identity(("elsewhere.example.com",)), "name"),
    }[kind]
    with_token.guard.identity = shown
    before = len(with_token.guard.asked)
    await with_token.is_named(why)
    assert len(with_token.guard.asked) == before, "nothing was said to who may be anybody"
    with_token.guard.identity = ca.server_identity()
    await with_token.both_answer()


async def test_a_client_certificate_is_shown(
    platform: Platform, fleet: Running, upstream: str, ca: Authority
) -> None:
    clients = authority("the clients' CA")
    mine = clients.client_identity()
    login = {"certificate": mine.pem, "key": mine.key, "ca_bundle": ca.pem}
    with guarded(Guard(upstream, ca.server_identity(), clients)) as guard:
        found = await _guarded(platform, fleet, guard, **login)
        await found.both_answer()
        guard.clients = others = authority("the clients' new CA")
        await found.is_named("wants a client certificate")
        renewed = others.client_identity()
        await _rotate(found, certificate=renewed.pem, key=renewed.key, ca_bundle=ca.pem)
        await found.both_answer()
