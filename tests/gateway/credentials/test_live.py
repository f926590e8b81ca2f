"""How credentials live: rotated without a gap, taken once, and gone with their cluster."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import (
    ClusterCredentialsDeleted,
    ClusterCredentialsUpdated,
    Credentials,
    DeleteCredentials,
    UploadCredentials,
    cluster_credentials_key,
    cluster_health_key,
)
from contracts.envelope import Event
from contracts.refusals import Code, Refused
from deploy.simulator.cluster import Part
from deploy.simulator.rights import OPERATING
from deploy.simulator.simulator import Running, RunningCluster
from services.clusters import handlers
from services.runtime.ids import new_id, new_secret
from services.runtime.store import Accepted
from services.runtime.vault.references import AGE
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually
from tests.kit.simulated import given, left_of, registered, with_credentials
from tests.kit.worker import Killed, Step, Worker, dies, told

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

Checks = Callable[[int], Any]


async def events(platform: Platform, cluster: Json) -> list[Event]:
    return await told(platform, cluster_credentials_key(UUID(cluster["id"])))


async def rotate(platform: Platform, cluster: Json, **body: Any) -> Any:
    path = f"{API}/clusters/{cluster['id']}/credentials/rotate"
    return await platform.http.post(path, json=body)


async def healthy(platform: Platform, cluster: Json) -> None:
    """Every endpoint of the cluster is there for us, just now."""
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    assert answer.status_code == 200, answer.text
    status = answer.json()["status"]
    assert (status["state"], status["api_server_healthy"]) == ("ONLINE", True), status


@asynccontextmanager
async def checked_all_the_time(
    platform: Platform, worker: Worker, cluster: Json
) -> AsyncGenerator[Checks]:
    """Checks without a pause, which all find the cluster well; gives what waits for more."""
    key = cluster_health_key(UUID(cluster["id"]))
    before, done, stopping = len(await told(platform, key)), 0, False

    async def check() -> None:
        nonlocal done
        while not stopping:
            await handlers.check(worker.due(cluster["id"]), worker.store())
            done += 1

    async def more(count: int) -> None:
        wanted = done + count
        await eventually(lambda: _reached(wanted))

    async def _reached(wanted: int) -> bool:
        return done >= wanted

    async with asyncio.TaskGroup() as group:
        group.create_task(check())
        await more(2)
        yield more
        await more(2)
        stopping = True
    changes = (await told(platform, key))[before:]
    assert changes == [], "a check has found the cluster otherwise"


async def test_checks_never_fail_while_a_token_is_rotated(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    await healthy(platform, cluster)
    old = spoke.account("operator")
    new = spoke.admit("system:serviceaccount:aiops:second", f"sha256~{new_secret()}", OPERATING)
    async with checked_all_the_time(platform, worker, cluster) as more:
        answer = await rotate(platform, cluster, auth_type="SERVICE_ACCOUNT", token=new.token)
        assert answer.status_code == 200, answer.text
        await more(2)  # Those that were under way with the old one have ended.
        spoke.simulated.admission.banish(old.name)
        await more(5)
        await healthy(platform, cluster)
    told_before, told_after = cluster["credentials"], answer.json()
    assert told_after["fingerprint"] != told_before["fingerprint"]
    assert told_after["created_at"] == told_before["created_at"]
    assert told_after["rotated_at"]


async def test_a_refused_rotation_leaves_the_old_ones_working(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    await healthy(platform, cluster)
    async with checked_all_the_time(platform, worker, cluster):
        for body in (
            {"auth_type": "SERVICE_ACCOUNT", "token": "sha256~nobody"},
            {"backends": {"prometheus": {"token": "sha256~nobody"}}},
            {"ca_bundle": "no certificate"},
        ):
            answer = await rotate(platform, cluster, **body)
            assert answer.status_code in {400, 422}, answer.text
        await healthy(platform, cluster)
    found = await platform.list(f"/clusters/{cluster['id']}/credentials")
    assert found == cluster["credentials"]
    assert len(await events(platform, cluster)) == 1
    assert (await left_of(platform, cluster["id"]))[1] == 0


async def test_a_backend_s_token_is_rotated_alone(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    simulated, new = spoke.simulated, f"sha256~{new_secret()}"
    simulated.cluster = replace(
        simulated.cluster,
        backends=tuple(
            replace(each, token=new) if each.part is Part.PROMETHEUS else each
            for each in simulated.cluster.backends
        ),
    )
    answer = await rotate(platform, cluster, backends={"prometheus": {"token": new}})
    assert answer.status_code == 200, answer.text
    assert all(each["valid"] for each in answer.json()["validation"])
    assert answer.json()["fingerprint"] != cluster["credentials"]["fingerprint"]
    await healthy(platform, cluster)


CUTS: list[tuple[Step | None, Step | None]] = [(dies, None), (None, dies)]


@pytest.mark.parametrize("before_and_after", CUTS, ids=["before-its-event", "after-its-event"])
async def test_a_rotation_whose_worker_dies_goes_on_when_it_comes_again(
    platform: Platform,
    fleet: Running,
    worker: Worker,
    spoke: RunningCluster,
    before_and_after: tuple[Step | None, Step | None],
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    await healthy(platform, cluster)
    before, after = before_and_after
    new = spoke.admit("system:serviceaccount:aiops:second", f"sha256~{new_secret()}", OPERATING)
    command = await worker.rotation(
        cluster["id"], {"auth_type": "SERVICE_ACCOUNT", "token": new.token}
    )
    command_id = new_id()
    async with checked_all_the_time(platform, worker, cluster):
        with pytest.raises(Killed):
            await handlers.rotate(command, worker.store(command_id, before=before, after=after))
        await healthy(platform, cluster)
        done = await handlers.rotate(command, worker.store(command_id))
        await healthy(platform, cluster)
    spoke.simulated.admission.banish(spoke.account("operator").name)
    await healthy(platform, cluster)
    kinds = [type(event) for event in await events(platform, cluster)]
    assert kinds == [ClusterCredentialsUpdated] * 2
    assert done.sequence
    assert (await left_of(platform, cluster["id"]))[1] == 0


async def test_an_upload_whose_worker_dies_leaves_one_event(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    command = await worker.upload(cluster["id"], given(fleet, spoke))
    command_id = new_id()
    for _ in range(2):
        with pytest.raises(Killed):
            await handlers.upload(command, worker.store(command_id, before=dies))
    with pytest.raises(Killed):
        await handlers.upload(command, worker.store(command_id, after=dies))
    done = await handlers.upload(command, worker.store(command_id))
    assert isinstance(done, Accepted)
    assert len(await events(platform, cluster)) == 1
    await healthy(platform, cluster)


async def test_a_command_that_has_done_its_work_is_not_refused_when_it_comes_again(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    command, command_id = await worker.upload(cluster["id"], given(fleet, spoke)), new_id()
    done = await handlers.upload(command, worker.store(command_id))
    # The worker was killed before it could store the outcome.
    again = await handlers.upload(command, worker.store(command_id))
    assert again.sequence == done.sequence


async def test_a_deletion_that_is_done_is_not_refused_when_it_comes_again(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    command, command_id = DeleteCredentials(cluster_id=UUID(cluster["id"])), new_id()
    done = await handlers.delete_credentials(command, worker.store(command_id))
    again = await handlers.delete_credentials(command, worker.store(command_id))
    assert again.sequence == done.sequence


async def _refused(command: UploadCredentials, worker: Worker, text: str = "was used") -> None:
    with pytest.raises(Refused) as caught:
        await handlers.upload(command, worker.store())
    assert caught.value.code is Code.CREDENTIALS_INVALID
    assert text in caught.value.message
    assert command.reference not in f"{caught.value}{caught.value.details}"


async def test_a_reference_is_good_for_one_command(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    command = await worker.upload(cluster["id"], given(fleet, spoke))
    await handlers.upload(command, worker.store())
    await _refused(command, worker)
    assert len(await events(platform, cluster)) == 1


async def test_a_reference_that_a_command_has_taken_is_no_other_s_though_it_was_cut_off(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    command, command_id = await worker.upload(cluster["id"], given(fleet, spoke)), new_id()
    with pytest.raises(Killed):
        await handlers.upload(command, worker.store(command_id, before=dies))
    with pytest.raises(Refused):
        await handlers.upload(command, worker.store())
    assert await events(platform, cluster) == []


async def test_a_reference_is_good_for_its_cluster_alone(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster, other = await registered(platform, spoke), await registered(platform, spoke)
    command = await worker.upload(cluster["id"], given(fleet, spoke))
    stolen = command.model_copy(update={"cluster_id": UUID(other["id"])})
    await _refused(stolen, worker)
    assert await events(platform, other) == []


async def test_a_reference_is_worth_nothing_after_ten_minutes(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster
) -> None:
    cluster = await registered(platform, spoke)
    now = worker.clock.now()
    body = given(fleet, spoke)
    for age in (AGE, AGE + timedelta(hours=1)):
        old = await worker.reference(cluster["id"], body, now - age)
        command = UploadCredentials(cluster_id=UUID(cluster["id"]), reference=old)
        await _refused(command, worker, "more than ten minutes old")
    assert await left_of(platform, cluster["id"]) == (0, 0)


async def _gone(platform: Platform, cluster: Json) -> bool:
    found = await events(platform, cluster)
    return (
        bool(found)
        and isinstance(found[-1], ClusterCredentialsDeleted)
        and await left_of(platform, cluster["id"]) == (0, 0)
    )


async def test_a_cluster_s_end_is_that_of_its_credentials(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    assert (await left_of(platform, cluster["id"]))[0] == 2
    answer = await platform.http.delete(f"{API}/clusters/{cluster['id']}")
    assert answer.status_code == 204, answer.text
    await eventually(lambda: _gone(platform, cluster))
    kinds = [type(event) for event in await events(platform, cluster)]
    assert kinds == [ClusterCredentialsUpdated, ClusterCredentialsDeleted]
    path = f"{API}/clusters/{cluster['id']}/credentials"
    refused(await platform.http.get(path), "CLUSTER_NOT_FOUND")


@pytest.mark.parametrize("when", ["before-its-event", "after-its-event"])
async def test_credentials_that_come_as_their_cluster_goes_are_destroyed(
    platform: Platform, fleet: Running, worker: Worker, spoke: RunningCluster, when: str
) -> None:
    cluster = await registered(platform, spoke)

    async def deletes() -> None:
        answer = await platform.http.delete(f"{API}/clusters/{cluster['id']}")
        assert answer.status_code == 204, answer.text

    command = await worker.upload(cluster["id"], given(fleet, spoke))
    first = when == "before-its-event"
    store = worker.store(before=deletes if first else None, after=None if first else deletes)
    await handlers.upload(command, store)
    await eventually(lambda: _gone(platform, cluster))


async def test_no_event_tells_a_secret(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    (event,) = await events(platform, cluster)
    assert isinstance(event, ClusterCredentialsUpdated)
    body = given(fleet, spoke)
    shown = event.model_dump_json()
    assert body["token"] not in shown
    assert all(each["token"] not in shown for each in body["backends"].values())
    assert set(event.credentials.model_dump()) == set(Credentials.model_fields)
