"""A service account's token is renewed before it ends, or people are warned that nobody may."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from contracts.clusters import ClusterCredentialsDeleted
from deploy.simulator.faults import FaultKind
from deploy.simulator.rights import OPERATING, READING
from deploy.simulator.simulator import Running, RunningCluster
from services.clusters import handlers
from services.runtime import schedules
from tests.gateway.credentials.seeing import (
    EXPIRING,
    UPDATED,
    healthy,
    in_vault,
    kinds,
    planned,
    shown,
)
from tests.kit.gateway import API, Platform
from tests.kit.runtime import eventually
from tests.kit.simulated import given, left_of, with_credentials
from tests.kit.worker import Killed, Worker, come_due, dies

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

MONTH = timedelta(days=30)
SHORT = timedelta(minutes=10)


def token(cluster: RunningCluster, worker: Worker, life: timedelta, of: str = "operator") -> str:
    """A token as TokenRequest gives it, with this much of its life before it."""
    seconds = round(life.total_seconds())
    account = cluster.account(of)
    return cluster.simulated.admission.issue(account, seconds, worker.clock.now())[0]


async def test_a_service_account_s_token_is_followed_by_another_before_it_ends(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    short = token(spoke, worker, SHORT)
    cluster = await with_credentials(platform, fleet, spoke, given={"token": short})
    before = cluster["credentials"]
    assert before["renewal"] == "AUTOMATIC"
    assert timedelta(minutes=7) < await planned(platform, cluster) < timedelta(minutes=8.1)
    await handlers.check(worker.due(cluster["id"]), worker.store())
    await come_due(platform, "renew", cluster["id"])
    after = await shown(platform, cluster)
    assert await kinds(platform, cluster) == [UPDATED, UPDATED]
    assert after["fingerprint"] != before["fingerprint"]
    assert after["expires_at"] > before["expires_at"]
    assert (after["renewal"], after["warning"]) == ("AUTOMATIC", None)
    assert (after["created_at"], after["validation"]) == (
        before["created_at"],
        before["validation"],
    )
    kept = (await in_vault(worker, cluster)).kubernetes
    assert kept is not None
    assert kept.token != short
    assert timedelta(days=23) < await planned(platform, cluster) < MONTH
    await healthy(platform, cluster)


async def test_the_old_token_works_while_it_is_renewed(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(
        platform, fleet, spoke, given={"token": token(spoke, worker, SHORT)}
    )

    async def checked() -> None:
        # The vault has the new ones, and the log does not tell of it yet.
        await healthy(platform, cluster)
        await handlers.check(worker.due(cluster["id"]), worker.store())

    await healthy(platform, cluster)
    await handlers.renew(worker.due(cluster["id"]), worker.store(before=checked, after=checked))
    await healthy(platform, cluster)
    assert await kinds(platform, cluster) == [UPDATED, UPDATED]


async def test_a_renewal_whose_worker_dies_is_made_again(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(
        platform, fleet, spoke, given={"token": token(spoke, worker, SHORT)}
    )
    with pytest.raises(Killed):
        await handlers.renew(worker.due(cluster["id"]), worker.store(before=dies))
    await healthy(platform, cluster)
    await come_due(platform, "renew", cluster["id"])
    assert await kinds(platform, cluster) == [UPDATED, UPDATED]
    await healthy(platform, cluster)


async def test_who_may_not_renew_a_token_is_warned_of_its_end_exactly_once(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    short = token(spoke, worker, SHORT, "reader")
    cluster = await with_credentials(platform, fleet, spoke, given={"token": short})
    assert cluster["credentials"]["renewal"] == "BY_HAND"

    async def warned() -> bool:
        return EXPIRING in await kinds(platform, cluster)

    await eventually(warned)  # Seven days ahead was long ago, so it is due at once.
    for _ in range(3):
        await come_due(platform, "renew", cluster["id"])
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING]
    found = await shown(platform, cluster)
    assert found["warning"] == "the platform cannot get new ones by itself"
    assert found["fingerprint"] == cluster["credentials"]["fingerprint"]
    path = f"{API}/clusters/{cluster['id']}/credentials"
    assert (await platform.http.post(path, json=given(fleet, spoke))).status_code == 201
    assert (await shown(platform, cluster))["warning"] is None


async def test_nobody_is_warned_earlier_than_seven_days_ahead(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    month = token(spoke, worker, MONTH, "reader")
    cluster = await with_credentials(platform, fleet, spoke, given={"token": month})
    for _ in range(2):
        assert timedelta(days=22) < await planned(platform, cluster) < timedelta(days=23)
        await come_due(platform, "renew", cluster["id"])
    assert await kinds(platform, cluster) == [UPDATED]
    later = worker.store(at=worker.clock.now() + timedelta(days=23))
    await handlers.renew(worker.due(cluster["id"]), later)
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING]


async def test_of_credentials_without_an_end_nobody_is_warned(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    await come_due(platform, "renew", cluster["id"])
    assert await kinds(platform, cluster) == [UPDATED]
    assert await schedules.scheduled(platform.gate.runtime.bus, "renew", cluster["id"]) is None


def hurt(cluster: RunningCluster, how: str) -> None:
    """From now on no token can be made."""
    if how == "right":
        account = cluster.account("operator")
        cluster.admit(account.name, account.token, READING)
    else:
        cluster.fail(FaultKind.STATUS)


def heal(cluster: RunningCluster) -> None:
    account = cluster.account("operator")
    cluster.admit(account.name, account.token, OPERATING)
    cluster.fail(FaultKind.NONE)


@pytest.mark.parametrize(
    ("how", "why"),
    [("right", "create serviceaccounts/token"), ("outage", "the API server")],
)
async def test_a_renewal_that_fails_is_tried_again_and_people_are_warned_of_the_end(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster, how: str, why: str
) -> None:
    short = token(spoke, worker, SHORT)
    cluster = await with_credentials(platform, fleet, spoke, given={"token": short})
    hurt(spoke, how)
    for _ in range(2):
        await come_due(platform, "renew", cluster["id"])
        # There is time for some more before the end.
        assert timedelta(seconds=50) < await planned(platform, cluster) < SHORT / 3
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING]
    warning = (await shown(platform, cluster))["warning"]
    assert why in warning
    assert short not in warning
    heal(spoke)
    await come_due(platform, "renew", cluster["id"])
    found = await shown(platform, cluster)
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING, UPDATED]
    assert found["warning"] is None
    await healthy(platform, cluster)


async def test_a_renewal_that_fails_long_before_the_end_warns_nobody_yet(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    month = token(spoke, worker, MONTH)
    cluster = await with_credentials(platform, fleet, spoke, given={"token": month})
    hurt(spoke, "outage")
    await come_due(platform, "renew", cluster["id"])
    assert timedelta(minutes=59) < await planned(platform, cluster) <= timedelta(hours=1)
    assert await kinds(platform, cluster) == [UPDATED]
    now = worker.clock.now()
    for at in (now + timedelta(days=22), now + timedelta(days=24), now + timedelta(days=25)):
        await handlers.renew(worker.due(cluster["id"]), worker.store(at=at))
    assert await kinds(platform, cluster) == [UPDATED, EXPIRING]
    heal(spoke)


async def test_credentials_that_are_given_during_a_renewal_stay(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(
        platform, fleet, spoke, given={"token": token(spoke, worker, SHORT)}
    )
    body = given(fleet, spoke)

    asked: list[asyncio.Future[httpx.Response]] = []

    async def rotated() -> None:
        path = f"{API}/clusters/{cluster['id']}/credentials"
        asked.append(asyncio.ensure_future(platform.http.post(path, json=body)))
        await asyncio.sleep(0.3)  # As far as it gets: it has to wait for the renewal.

    await handlers.renew(worker.due(cluster["id"]), worker.store(before=rotated))
    assert (await asked[0]).status_code == 201
    kept = (await in_vault(worker, cluster)).kubernetes
    assert kept is not None
    assert kept.token == body["token"]
    assert await kinds(platform, cluster) == [UPDATED, UPDATED, UPDATED]


async def test_a_renewal_leaves_nothing_of_a_cluster_that_goes_meanwhile(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(
        platform, fleet, spoke, given={"token": token(spoke, worker, SHORT)}
    )

    async def gone() -> bool:
        return ClusterCredentialsDeleted in await kinds(platform, cluster)

    async def deleted() -> None:
        path = f"{API}/clusters/{cluster['id']}"
        assert (await platform.http.delete(path)).status_code == 204

    await handlers.renew(worker.due(cluster["id"]), worker.store(before=deleted))
    await eventually(gone)
    assert await left_of(platform, cluster["id"]) == (0, 0)
    assert await kinds(platform, cluster) == [UPDATED, UPDATED, ClusterCredentialsDeleted]
