"""Any command by its name over REST: its outcome, once, under the rule of each."""

from typing import Any

import httpx
import pytest

from contracts.access import NoteAccess
from contracts.catalog import COMMANDS
from contracts.outcomes import Outcome
from services.runtime import rights
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.bots import unreachable
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

COMMAND = f"{API}/commands"


async def give(
    platform: Platform, name: str, data: Any, token: str | None = None, **more: Any
) -> httpx.Response:
    body = {"name": name, "data": data} | more
    async with platform.client(token or platform.admin) as client:
        return await client.post(COMMAND, json=body)


async def test_a_cluster_is_registered_and_the_answer_is_the_outcome(platform: Platform) -> None:
    body = unreachable()
    answer = await give(platform, "RegisterCluster", body)
    assert answer.status_code == 200, answer.text
    done = Outcome.model_validate(answer.json())
    assert (done.outcome, done.version) == ("accepted", 1)
    assert answer.headers["x-event-sequence"] == str(done.sequence)
    # It shows: the answer waits for that.
    assert (await platform.list(f"/clusters/{done.id}"))["name"] == body["name"]
    assert (await platform.list(f"/commands/{done.command_id}")) == answer.json()


async def test_the_same_command_id_has_one_effect_and_one_outcome(platform: Platform) -> None:
    command_id, body = str(new_id()), unreachable()
    first = await give(platform, "RegisterCluster", body, command_id=command_id)
    again = await give(platform, "RegisterCluster", body, command_id=command_id)
    other = await give(platform, "RegisterCluster", unreachable(), command_id=command_id)
    assert first.json()["command_id"] == command_id
    assert first.json() == again.json() == other.json()
    assert await platform.names(name=body["name"]) == [body["name"]]


async def test_an_idempotency_key_stands_for_an_id(platform: Platform) -> None:
    body = {"name": "RegisterCluster", "data": unreachable()}
    headers = {"idempotency-key": "monday"}
    first = await platform.http.post(COMMAND, json=body, headers=headers)
    again = await platform.http.post(COMMAND, json=body, headers=headers)
    assert first.json() == again.json()


async def test_a_refusal_is_an_error_as_on_any_route(platform: Platform) -> None:
    body = unreachable()
    assert (await give(platform, "RegisterCluster", body)).status_code == 200
    refused(await give(platform, "RegisterCluster", body), "CLUSTER_ALREADY_EXISTS")
    nobody = {"cluster_id": str(new_id())}
    refused(await give(platform, "DeleteCluster", nobody), "CLUSTER_NOT_FOUND")
    refused(await give(platform, "RetryDeadLetter", {"sequence": 0}), "DEAD_LETTER_NOT_FOUND")
    refused(await give(platform, "RebuildProjection", {"name": "x"}), "PROJECTION_NOT_FOUND")


@pytest.mark.parametrize("name", ["", "Nonsense", "register_cluster", "Command", "x" * 101])
async def test_an_unknown_name_is_a_field_that_is_not_valid(platform: Platform, name: str) -> None:
    error = refused(await give(platform, name, {}), "VALIDATION_FAILED")
    assert [field["field"] for field in error["details"]["fields"]] == ["name"]


async def test_fields_that_are_not_valid_are_named_with_their_paths(platform: Platform) -> None:
    wrong = unreachable(labels={"a": 1}, colour="red") | {"api_server_url": 7}
    error = refused(await give(platform, "RegisterCluster", wrong), "VALIDATION_FAILED")
    fields = {field["field"] for field in error["details"]["fields"]}
    assert {"data.labels.a", "data.colour", "data.api_server_url"} <= fields


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"name": 1},
        {"name": "RegisterCluster", "data": "x"},
        {"name": "RegisterCluster", "command_id": "x"},
        {"name": "RegisterCluster", "actor": "ada"},
    ],
)
async def test_a_body_of_another_shape_is_refused(platform: Platform, body: Any) -> None:
    refused(await platform.http.post(COMMAND, json=body), "VALIDATION_FAILED")


async def test_a_body_that_is_no_json_is_refused(platform: Platform) -> None:
    headers = {"content-type": "application/json"}
    refused(await platform.http.post(COMMAND, content=b"{", headers=headers), "INVALID_JSON")
    text = {"content-type": "text/plain"}
    answer = await platform.http.post(COMMAND, content=b"{}", headers=text)
    refused(answer, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_command_that_is_too_large_for_the_bus_is_refused(platform: Platform) -> None:
    body = unreachable(display_name="x" * (1 << 20))
    refused(await give(platform, "RegisterCluster", body), "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "name",
    [
        *("UploadCredentials", "RotateCredentials", "ValidateCredentials", "DeleteCredentials"),
        "ImportClusters",
    ],
)
async def test_commands_with_credentials_have_paths_of_their_own(
    platform: Platform, name: str
) -> None:
    data = {"cluster_id": str(new_id()), "reference": "x"}
    error = refused(await give(platform, name, data), "PERMISSION_DENIED")
    assert "own path" in error["message"]


async def test_each_role_gives_what_it_may(platform: Platform) -> None:
    cluster, other = (await platform.register())["id"], (await platform.register())["id"]
    operator = await platform.token(Role.OPERATOR, cluster)
    ingest = await platform.token(Role.INGEST, cluster)

    async def code(token: str, name: str, data: Json) -> str:
        answer = await give(platform, name, data, token)
        return "" if answer.status_code == 200 else answer.json()["error"]["code"]

    reports: Json = {"received_at": "2026-01-01T00:00:00Z", "reports": []}
    assert await code(operator, "RefreshCluster", {"cluster_id": cluster}) == ""
    assert await code(operator, "RefreshCluster", {"cluster_id": other}) == "PERMISSION_DENIED"
    assert await code(operator, "RegisterCluster", unreachable()) == "PERMISSION_DENIED"
    assert await code(operator, "IngestAlerts", reports) == "PERMISSION_DENIED"
    assert await code(ingest, "IngestAlerts", reports | {"cluster_id": cluster}) == ""
    denied = await code(ingest, "IngestAlerts", reports | {"cluster_id": other})
    assert denied == "PERMISSION_DENIED"
    assert await code(ingest, "RefreshCluster", {"cluster_id": cluster}) == "PERMISSION_DENIED"


async def test_without_a_login_nothing_is_given(platform: Platform) -> None:
    async with platform.client() as client:
        answer = await client.post(COMMAND, json={"name": "RegisterCluster", "data": {}})
    refused(answer, "AUTH_FAILED")


async def test_a_command_without_its_worker_is_taken_and_can_be_asked_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_id, body = str(new_id()), unreachable()
    monkeypatch.setattr("gateway.rest.commands._PATIENCE", 0.2)
    await platform.workers.stop()
    try:
        answer = await give(platform, "RegisterCluster", body, command_id=command_id)
    finally:
        await platform.workers.start()
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{API}/commands/{command_id}"
    assert answer.json() == {"command_id": command_id, "outcome": "pending"}

    async def accepted() -> bool:
        found = await platform.list(f"/commands/{command_id}")
        return found["outcome"] == "accepted"

    await eventually(accepted)


def test_every_command_is_in_the_list_of_rights() -> None:
    assert set(rights.RIGHTS) == set(COMMANDS)
    for command, allowed in rights.RIGHTS.items():
        assert (Role.ADMIN in allowed) == (command is not NoteAccess)
