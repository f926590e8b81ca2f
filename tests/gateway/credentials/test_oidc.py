"""A client of an OpenID provider gets its next token in time, or people are told why not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.rights import OPERATING
from deploy.simulator.simulator import Running, RunningCluster
from services.clusters import credentials, handlers
from services.clusters.oidc import OidcClient
from services.runtime.ids import new_id
from services.runtime.vault.logins import RENEWAL
from tests.gateway.credentials.seeing import (
    EXPIRING,
    UPDATED,
    healthy,
    in_vault,
    kinds,
    planned,
    shown,
)
from tests.kit.gateway import API, Json, Platform
from tests.kit.issuers import AUTHORITY, SECRET, TOKEN, Issuer, issuing, jwt
from tests.kit.simulated import given, refusal, registered
from tests.kit.worker import Killed, Worker, come_due, dies
from tests.runtime.outbound.origins import answer, says

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

OUTAGE = says(answer(b"", "503 Service Unavailable"))


class Provider:
    """An issuer, and a cluster that trusts the tokens it gives at a time."""

    def __init__(self, issuer: Issuer, cluster: RunningCluster, fleet: Running) -> None:
        self.issuer, self.cluster, self.fleet = issuer, cluster, fleet
        self.admit()

    @property
    def token(self) -> str:
        """What it gives now."""
        ends = round((self.issuer.at + timedelta(minutes=5)).timestamp())
        return jwt({"iss": self.issuer.url, "sub": "hub", "exp": ends})

    def admit(self) -> None:
        """The cluster takes what it gives now, beside what it gave before."""
        self.cluster.admit(f"oidc:{self.issuer.at.timestamp()}", self.token, OPERATING)

    def later(self) -> None:
        """A new token is given from now on."""
        self.issuer.at += timedelta(minutes=4)
        self.admit()

    def body(self, **client: Any) -> Json:
        """Credentials of a client that it knows."""
        oidc = {
            "issuer_url": self.issuer.url,
            "client_id": "hub:1",
            "client_secret": SECRET,
            "ca_bundle": AUTHORITY.pem,
        }
        told = given(self.fleet, self.cluster, auth_type="OIDC", oidc=oidc | client)
        return {name: value for name, value in told.items() if name != "token"}


@asynccontextmanager
async def providing(
    worker: Worker, cluster: RunningCluster, fleet: Running
) -> AsyncGenerator[Provider]:
    async with issuing(Issuer(worker.clock.now())) as issuer:
        yield Provider(issuer, cluster, fleet)


async def with_client(platform: Platform, provider: Provider, **client: Any) -> Json:
    """The cluster in the platform's fleet, with a client of its provider."""
    cluster = await registered(platform, provider.cluster)
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=provider.body(**client))
    assert answer.status_code == 201, answer.text
    return await platform.list(f"/clusters/{cluster['id']}")


async def client_of(worker: Worker, cluster: Json) -> OidcClient:
    vault = await worker.runtime.outside.vault()
    kept = await vault.open(UUID(cluster["id"]), RENEWAL, who="clusters")
    assert kept is not None
    return credentials.read_oidc(kept)


async def test_a_client_s_next_token_is_fetched_before_the_last_one_ends(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    async with providing(worker, spoke, fleet) as provider:
        cluster = await with_client(platform, provider)
        told = cluster["credentials"]
        assert (told["auth_type"], told["renewal"]) == ("OIDC", "AUTOMATIC")
        assert told["expires_at"] is None
        assert timedelta(minutes=3) < await planned(platform, cluster) < timedelta(minutes=4.1)
        await healthy(platform, cluster)
        provider.later()
        await come_due(platform, "renew", cluster["id"])
        kept = (await in_vault(worker, cluster)).kubernetes
        assert kept is not None
        assert kept.token == provider.token
        await healthy(platform, cluster)
        assert [each.form["grant_type"] for each in provider.issuer.asked] == [
            "client_credentials",
            "client_credentials",
        ]
    assert await kinds(platform, cluster) == [UPDATED]
    assert await shown(platform, cluster) == told


async def test_a_refresh_token_that_is_rotated_is_kept(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    async with providing(worker, spoke, fleet) as provider:
        cluster = await with_client(platform, provider, refresh_token="refresh-0")
        assert (await client_of(worker, cluster)).refresh_token == "refresh-1"
        for number in (2, 3):
            provider.later()
            await come_due(platform, "renew", cluster["id"])
            assert (await client_of(worker, cluster)).refresh_token == f"refresh-{number}"
        # A rotation of something else uses none of them up.
        token = spoke.backend_token(Part.PROMETHEUS)
        path = f"{API}/clusters/{cluster['id']}/credentials/rotate"
        body = {"backends": {"prometheus": {"token": token}}}
        assert (await platform.http.post(path, json=body)).status_code == 200
        assert (await client_of(worker, cluster)).refresh_token == "refresh-3"
        provider.later()
        await come_due(platform, "renew", cluster["id"])
        assert (await client_of(worker, cluster)).refresh_token == "refresh-4"
        await healthy(platform, cluster)


async def test_a_grant_that_the_issuer_refuses_is_told_at_once(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    async with providing(worker, spoke, fleet) as provider:
        body = provider.body(refresh_token="refresh-of-yesterday")
        text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "answered 400: invalid_grant; give a new refresh token" in text


async def test_a_grant_that_the_issuer_refuses_later_is_a_warning_told_once(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    async with providing(worker, spoke, fleet) as provider:
        cluster = await with_client(platform, provider, refresh_token="refresh-0")
        provider.issuer.refresh_token = "withdrawn"
        for _ in range(2):
            await come_due(platform, "renew", cluster["id"])
            # It will not be better in a minute: an issuer may shut out who asks too often.
            assert timedelta(minutes=59) < await planned(platform, cluster)
        assert "invalid_grant" in (await shown(platform, cluster))["warning"]
        assert await kinds(platform, cluster) == [UPDATED, EXPIRING]
        path = f"{API}/clusters/{cluster['id']}/credentials"
        body = provider.body(refresh_token="withdrawn")
        assert (await platform.http.post(path, json=body)).status_code == 201
        assert (await shown(platform, cluster))["warning"] is None


async def test_an_issuer_that_is_back_ends_the_warning(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    async with providing(worker, spoke, fleet) as provider:
        cluster = await with_client(platform, provider)
        provider.issuer.instead[TOKEN] = OUTAGE
        await come_due(platform, "renew", cluster["id"])
        assert timedelta(seconds=50) < await planned(platform, cluster) < timedelta(seconds=80)
        assert "503" in (await shown(platform, cluster))["warning"]
        provider.issuer.instead.clear()
        provider.later()
        await come_due(platform, "renew", cluster["id"])
        assert (await shown(platform, cluster))["warning"] is None
        await come_due(platform, "renew", cluster["id"])
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING, UPDATED]


async def test_a_backend_s_token_that_ends_is_warned_of_beside_a_client_that_renews_itself(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    ends = worker.clock.now().replace(microsecond=0) + timedelta(days=5)
    token, simulated = jwt({"exp": round(ends.timestamp())}), spoke.simulated
    simulated.cluster = replace(
        simulated.cluster,
        backends=tuple(
            replace(each, token=token) if each.part is Part.PROMETHEUS else each
            for each in simulated.cluster.backends
        ),
    )
    async with providing(worker, spoke, fleet) as provider:
        cluster = await with_client(platform, provider)
        assert cluster["credentials"]["expires_at"] == ends.strftime("%Y-%m-%dT%H:%M:%SZ")
        for _ in range(3):
            await come_due(platform, "renew", cluster["id"])
        assert await kinds(platform, cluster) == [UPDATED, EXPIRING]
        assert timedelta(minutes=3) < await planned(platform, cluster) < timedelta(minutes=4.1)


async def test_an_upload_with_a_refresh_token_goes_on_when_its_worker_has_died(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    async with providing(worker, spoke, fleet) as provider:
        cluster = await registered(platform, spoke)
        body = provider.body(refresh_token="refresh-0")
        command, command_id = await worker.upload(cluster["id"], body), new_id()
        with pytest.raises(Killed):
            await handlers.upload(command, worker.store(command_id, before=dies))
        await handlers.upload(command, worker.store(command_id))
        assert await kinds(platform, cluster) == [UPDATED]
