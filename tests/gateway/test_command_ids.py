"""Who knows the id of another's command neither hears of it nor takes its place."""

import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.clusters import RegisterCluster
from contracts.outcomes import Outcome
from services.runtime import outcomes
from services.runtime.access import TokenRequest
from services.runtime.command_bus import Origin
from services.runtime.ids import derived_id, new_id
from services.runtime.principals import Role
from tests.gateway.bots import REGISTER, Bot, bot, publishers, unreachable
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

COMMAND = f"{API}/commands"


async def kept(platform: Platform, command_id: UUID) -> Outcome:
    found = await eventually(lambda: outcomes.find(platform.gate.runtime.bus, command_id))
    assert found is not None
    return found.outcome


async def told(someone: Bot, command: str, fields: Any, command_id: UUID) -> Outcome:
    """What a publisher is told that gives a command past the stream's memory for duplicates."""
    heard: list[bytes] = []
    bus, reply = someone.platform.gate.runtime.bus, f"_INBOX.{new_id().hex}"
    await bus.hear(f"_P.{someone.name}.{reply}", lambda _, body: heard.append(body))
    late = {"Nats-Msg-Id": f"{command_id}:{new_id().hex}", "reply_to": reply}
    await bus.publish(f"cmd.{someone.name}.{command}", json.dumps(fields).encode(), late)
    await until(lambda: heard)
    return Outcome.model_validate_json(heard[0])


def reports(cluster: str) -> Json:
    return {"cluster_id": cluster, "received_at": "2026-01-01T00:00:00Z", "reports": []}


async def give(platform: Platform, secret: str, **body: Any) -> httpx.Response:
    async with platform.client(secret) as client:
        return await client.post(COMMAND, json=body)


async def token(platform: Platform, role: Role, *clusters: str) -> str:
    """Of somebody whom nobody else is called like."""
    name, scope = f"ada-{new_id().hex[-8:]}", tuple(map(UUID, clusters))
    return (await platform.gate.access.mint_token(TokenRequest(name, role, scope)))[1]


async def test_another_publisher_is_refused_and_what_is_kept_stays(platform: Platform) -> None:
    owner, cluster = await bot(platform, Role.ADMIN), (await platform.register())["id"]
    command_id, _ = await owner.send(REGISTER, unreachable())
    first = await kept(platform, command_id)
    others = [await bot(platform, Role.ADMIN), Bot(platform, "stranger")]
    for someone in others:
        answer = await told(someone, REGISTER, unreachable(), command_id)
        assert (answer.outcome, answer.code) == ("refused", "COMMAND_ID_TAKEN")
        assert answer.id is None
    # One that may be repeated looks as well.
    ingest = await bot(platform, Role.INGEST, cluster)
    answer = await told(ingest, "alerts.ingest_alerts", reports(cluster), command_id)
    assert answer.code == "COMMAND_ID_TAKEN"
    assert await told(owner, REGISTER, unreachable(), command_id) == first
    assert await kept(platform, command_id) == first


async def test_a_publisher_that_was_removed_hears_of_nothing(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    command_id, _ = await someone.send(REGISTER, unreachable())
    first = await kept(platform, command_id)
    await publishers(platform).remove(someone.name)
    answer = await told(someone, REGISTER, unreachable(), command_id)
    assert (answer.outcome, answer.code) == ("refused", "PERMISSION_DENIED")
    assert await kept(platform, command_id) == first


async def test_a_token_is_refused_an_id_of_a_publisher(platform: Platform) -> None:
    cluster, owner = (await platform.register())["id"], await bot(platform, Role.ADMIN)
    command_id, _ = await owner.send(REGISTER, unreachable())
    first = await kept(platform, command_id)
    secret = await token(platform, Role.INGEST, cluster)
    data = reports(cluster)
    answer = await give(
        platform, secret, name="IngestAlerts", command_id=str(command_id), data=data
    )
    refused(answer, "COMMAND_ID_TAKEN")
    assert await kept(platform, command_id) == first


async def test_a_used_id_hides_no_command_of_the_gateway(platform: Platform) -> None:
    owner, command_id = await bot(platform, Role.ADMIN), new_id()
    await platform.workers.stop()
    try:
        await owner.send(REGISTER, unreachable(), command_id)
        command = RegisterCluster.model_validate(unreachable())
        ours = platform.gate.commands.message(command, command_id, Origin("ada"))
        bus = platform.gate.runtime.bus
        assert not (await bus.publish(ours.subject, ours.data, ours.headers)).duplicate
        assert (await bus.publish(ours.subject, ours.data, ours.headers)).duplicate
    finally:
        await platform.workers.start()
    await platform.settle()


async def test_nobody_tells_the_id_that_an_idempotency_key_stands_for(platform: Platform) -> None:
    path, key = f"{API}/clusters", new_id().hex
    name = (await platform.http.get("/auth/me")).json()["user"]
    someone, body = await bot(platform, Role.INGEST), unreachable()
    guessed = derived_id("idempotency-key", name, "POST", path, key)
    assert (await told(someone, REGISTER, {}, guessed)).code == "PERMISSION_DENIED"
    headers = {"idempotency-key": key}
    made = await platform.http.post(path, json=body, headers=headers)
    assert made.status_code == 201, made.text
    # Another gateway, or this one after a restart, reads the same.
    platform.gate.access._command_id_secret = ""
    again = await platform.http.post(path, json=body, headers=headers)
    assert again.json()["id"] == made.json()["id"]


async def test_whoever_gave_a_command_reads_its_outcome_and_administrators_of_all(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    secret = await token(platform, Role.OPERATOR, cluster)
    answer = await give(platform, secret, name="RefreshCluster", data={"cluster_id": cluster})
    path = f"{COMMAND}/{answer.json()['command_id']}"
    async with platform.client(secret) as client:
        assert (await client.get(path)).json() == answer.json()
    assert (await platform.http.get(path)).json() == answer.json()
    async with platform.client(await token(platform, Role.OPERATOR, cluster)) as other:
        refused(await other.get(path), "COMMAND_NOT_FOUND")
