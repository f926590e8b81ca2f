"""Personas over REST: made, extended, changed, deleted, and by whom; and as prompts of MCP."""

from typing import Any

import pytest

from contracts.personas import BUILT_IN
from gateway.rest.documented_personas import PersonaList
from projections.personas import queries
from projections.personas.view import PersonaDetail
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.kit import persona_builders as made
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.mcp_client import connected

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/personas"


def _draft(**changes: Any) -> Json:
    told = made.draft(id=f"p-{new_id().hex[-20:]}").model_dump(mode="json")
    return told | changes


async def _created(platform: Platform, **changes: Any) -> PersonaDetail:
    answer = await platform.http.post(URL, json=_draft(**changes))
    assert answer.status_code == 201, answer.text
    return PersonaDetail.model_validate(answer.json())


async def test_one_is_made_changed_and_deleted(platform: Platform) -> None:
    draft = _draft()
    one = f"{URL}/{draft['id']}"
    answer = await platform.http.post(URL, json=draft)
    assert answer.status_code == 201, answer.text
    assert (answer.headers["location"], answer.headers["etag"]) == (one, '"1"')
    found = PersonaDetail.model_validate(answer.json())
    assert found.model_dump(mode="json", include=set(draft)) == draft
    assert (found.version, found.changed_by, found.created_by) == (1, "ada", "ada")
    assert found.is_builtin is False
    made_at = answer.headers["x-event-sequence"]
    refused(await platform.http.post(URL, json=draft), "VERSION_CONFLICT")

    changed = draft | {"name": "Day shift"}
    stale = {"if-match": '"7"'}
    refused(await platform.http.put(one, json=changed, headers=stale), "PRECONDITION_FAILED")
    answer = await platform.http.put(one, json=changed, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (await platform.http.get(one)).json() == answer.json()
    assert answer.json()["name"] == "Day shift"
    same = await platform.http.put(one, json=changed)
    assert (same.status_code, same.headers["etag"]) == (200, '"2"')

    answer = await platform.http.delete(one)
    assert (answer.status_code, answer.content) == (204, b"")
    for again in (
        await platform.http.get(one),
        await platform.http.put(one, json=changed),
        await platform.http.delete(one),
    ):
        refused(again, "PERSONA_NOT_FOUND")
    before = await platform.http.get(one, params={"as_of_sequence": made_at})
    assert (before.json()["name"], before.headers["etag"]) == (draft["name"], '"1"')


async def test_all_are_listed_the_built_in_ones_first(platform: Platform) -> None:
    custom = await _created(platform)
    page = PersonaList.model_validate(await platform.list("/personas", page_size=100))
    assert [each.id for each in page.items][:5] == [*BUILT_IN]
    shown = {each.id: each for each in page.items}
    assert page.total == len(shown)
    assert shown[custom.id].model_dump() == custom.model_dump(exclude={"instructions"})
    second = PersonaList.model_validate(await platform.list("/personas", page=2, page_size=3))
    assert [each.id for each in second.items][:2] == [*BUILT_IN][3:]
    before = await platform.list("/personas", as_of_sequence=0)
    assert before["total"] == len(BUILT_IN)


async def test_one_that_extends_has_what_it_extends(platform: Platform) -> None:
    expert = BUILT_IN["network-cnf"]
    found = await _created(platform, extends=expert.id, capabilities=None)
    assert found.capabilities == expert.capabilities
    assert found.instructions == f"{expert.system_prompt}\n\n{found.system_prompt}"
    told = await queries.persona(platform.gate.database, found.id)
    assert told is not None
    assert (told.system_prompt, told.capabilities) == (found.instructions, expert.capabilities)
    narrow = await _created(platform, extends=expert.id, capabilities=["get_ptp_status"])
    assert narrow.capabilities == ("get_ptp_status",)


@pytest.mark.parametrize("name", BUILT_IN)
async def test_a_built_in_one_is_read_and_never_changed(platform: Platform, name: str) -> None:
    one = f"{URL}/{name}"
    answer = await platform.http.get(one)
    found = PersonaDetail.model_validate(answer.json())
    assert (found.is_builtin, found.instructions) == (True, BUILT_IN[name].system_prompt)
    assert "etag" not in answer.headers
    draft = _draft(id=name)
    refused(await platform.http.post(URL, json=draft), "PERSONA_READONLY")
    refused(await platform.http.put(one, json=draft), "PERSONA_READONLY")
    refused(await platform.http.delete(one), "PERSONA_READONLY")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "No Such Id"}, "id"),
        ({"capabilities": ["list_alerts", "delete_cluster"]}, "capabilities.1"),
        ({"capabilities": None}, "capabilities"),
        ({"extends": "nobody"}, "extends"),
        ({"icon": "UNICORN"}, "icon"),
        ({"name": "a\nb"}, "name"),
        ({"system_prompt": ""}, "system_prompt"),
        ({"created_by": "eve"}, "created_by"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    platform: Platform, changes: Json, field: str
) -> None:
    error = refused(await platform.http.post(URL, json=_draft(**changes)), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [field]


async def test_the_body_is_about_the_one_of_the_address(platform: Platform) -> None:
    error = refused(await platform.http.put(f"{URL}/another", json=_draft()), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == ["id"]


@pytest.mark.parametrize("name", ["nobody", "NO", "a%20b", "%C3%A9", "x" * 300])
async def test_what_there_is_not_is_not_found(platform: Platform, name: str) -> None:
    refused(await platform.http.get(f"{URL}/{name}"), "PERSONA_NOT_FOUND")
    refused(await platform.http.delete(f"{URL}/{name}"), "PERSONA_NOT_FOUND")


async def test_operators_of_everything_make_them_and_all_who_read_see_them(
    platform: Platform,
) -> None:
    mine = str(new_id())
    async with platform.client(await platform.token(Role.OPERATOR)) as client:
        draft = _draft()
        assert (await client.post(URL, json=draft)).status_code == 201
    one = f"{URL}/{draft['id']}"
    for role, clusters in ((Role.VIEWER, ()), (Role.VIEWER, (mine,)), (Role.OPERATOR, (mine,))):
        async with platform.client(await platform.token(role, *clusters)) as client:
            assert (await client.get(one)).status_code == 200
            assert (await client.get(URL)).status_code == 200
            refused(await client.post(URL, json=_draft()), "PERMISSION_DENIED")
            refused(await client.put(one, json=draft), "PERMISSION_DENIED")
            refused(await client.delete(one), "PERMISSION_DENIED")
    async with platform.client(await platform.token(Role.INGEST, mine)) as client:
        refused(await client.get(one), "PERMISSION_DENIED")
        refused(await client.get(URL), "PERMISSION_DENIED")


async def test_who_did_it_is_in_the_audit(platform: Platform) -> None:
    found = await _created(platform)
    assert (await platform.http.delete(f"{URL}/{found.id}")).status_code == 204
    await platform.settle()
    audit = await platform.list("/audit", event_type="PERSONA_DELETED")
    told = [each for each in audit["items"] if each["payload"]["persona"]["id"] == found.id]
    assert [each["actor"] for each in told] == ["ada"]


async def test_a_custom_one_is_a_prompt(platform: Platform) -> None:
    found = await _created(platform, extends="gpu-expert")
    alone = await _created(platform, capabilities=[])
    async with connected(platform, await platform.token(Role.VIEWER, str(new_id()))) as client:
        listed = {each.name: each for each in (await client.list_prompts()).prompts}
        assert {*BUILT_IN, found.id, alone.id} <= listed.keys()
        prompt = listed[found.id]
        assert (prompt.title, prompt.description) == (found.name, found.description)
        told = await client.get_prompt(found.id, {"question": "Which GPU is hot?"})
        text = told.messages[0].content.text  # pyright: ignore
        assert text.startswith(found.instructions)
        assert "Use these tools only: list_alerts, list_incidents.\n" in text
        assert text.endswith("Which GPU is hot?")
        told = await client.get_prompt(alone.id)
        assert told.messages[0].content.text.endswith("Use no tools.")  # pyright: ignore
