"""The way to an API server: what the log and the vault say, and what is said without them."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

import pytest

from contracts.clusters import cluster_key
from contracts.refusals import Code, Refused
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, simulating
from services.runtime.ids import new_id
from services.runtime.kube import access
from services.runtime.kube.requests import Ask, Requests
from services.runtime.log import NOTHING, EventLog
from services.runtime.outside import Outside
from services.runtime.settings import Settings
from services.runtime.vault.logins import Login, Logins, origin_of
from tests.kit import builders

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TOKEN = "sha256~never-tell-this-token"
URL = "https://api.spoke-1.test:6443"


@dataclass
class Known:
    """A log and a vault."""

    log: EventLog
    outside: Outside

    async def cluster(self, url: str = URL) -> UUID:
        cluster_id = new_id()
        event = builders.registered(id=cluster_id, api_server_url=url)
        context = builders.context(command_id=new_id())
        await self.log.append([event], {cluster_key(cluster_id): NOTHING}, context, builders.at())
        return cluster_id

    async def give(self, cluster_id: UUID, login: Login | None) -> None:
        logins = Logins(login)
        await (await self.outside.vault()).replace(cluster_id, logins.materials())
        credentials = builders.credentials(fingerprint=new_id().hex)
        told = builders.credentials_updated(cluster_id=cluster_id, credentials=credentials)
        context = builders.context(command_id=new_id())
        await self.log.append([told], {told.key: NOTHING}, context, builders.at())

    async def ask(self, cluster_id: UUID, who: str = "gpu") -> bytes:
        client = await access.client(self.log, self.outside, cluster_id, who, seconds=5)
        ask = Ask("api/v1/namespaces", "list namespaces", {"limit": "1"})
        return await Requests(client, 5.0).once(ask)

    async def refusal(self, cluster_id: UUID, code: Code) -> str:
        with pytest.raises(Refused) as raised:
            await self.ask(cluster_id)
        assert raised.value.code is code
        assert TOKEN not in f"{raised.value!r} {raised.value.message} {raised.value.details}"
        return raised.value.message


@pytest.fixture
async def known(log: EventLog, settings: Settings) -> AsyncGenerator[Known]:
    outside = Outside(settings, "test")
    yield Known(log, outside)
    await outside.close()


async def test_an_api_server_is_asked_with_the_login_of_the_vault(known: Known) -> None:
    async with simulating(Fleet.make(1, seed=7), Options(bad_tls=False)) as running:
        cluster = next(iter(running.clusters.values()))
        login = Login(
            origin=origin_of(cluster.api_url),
            token=cluster.account().token,
            ca=running.authority.pem.decode(),
        )
        cluster_id = await known.cluster(cluster.api_url)
        await known.give(cluster_id, login)
        for who in ("gpu", "cnf"):
            assert b"NamespaceList" in await known.ask(cluster_id, who)


async def test_a_cluster_without_credentials_says_so(known: Known) -> None:
    cluster_id = await known.cluster()
    assert "give some" in await known.refusal(cluster_id, Code.CREDENTIALS_NOT_FOUND)
    await known.give(cluster_id, None)  # Only for backends.
    await known.refusal(cluster_id, Code.CREDENTIALS_NOT_FOUND)


async def test_a_login_for_elsewhere_is_shown_to_nobody(known: Known) -> None:
    cluster_id = await known.cluster()
    await known.give(cluster_id, Login(origin="https://elsewhere.test:6443", token=TOKEN))
    told = await known.refusal(cluster_id, Code.CREDENTIALS_INVALID)
    assert "has moved: its credentials were for https://elsewhere.test:6443" in told


async def test_a_login_that_cannot_be_used_is_to_be_mended(known: Known) -> None:
    cluster_id = await known.cluster()
    await known.give(cluster_id, Login(origin=origin_of(URL), token=f"two {TOKEN}"))
    assert "mend its credentials" in await known.refusal(cluster_id, Code.CREDENTIALS_INVALID)


async def test_nobody_asks_a_cluster_that_is_not_there(known: Known) -> None:
    await known.refusal(new_id(), Code.CLUSTER_NOT_FOUND)
