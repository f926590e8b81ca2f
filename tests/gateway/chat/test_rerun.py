"""A question that is asked again, on what its tools told then."""

import pytest

from tests.kit.chats import API, Chats, Json
from tests.kit.gateway import Platform, alert, refused
from tests.kit.llm_server import calls, says
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _rerun(chats: Chats, session: Json, **body: object) -> Json:
    answer = await chats.http.post(f"{API}/sessions/{session['id']}/rerun", json=body)
    assert answer.status_code == 201, answer.text
    again: Json = answer.json()

    async def is_answered() -> bool:
        return len(await chats.messages(again)) == 2

    await eventually(is_answered)
    return again


async def test_tools_tell_what_they_told_then(chats: Chats, talking: Platform) -> None:
    cluster = (await talking.register())["id"]
    await talking.report(cluster, alert(1, labels={"alertname": "First"}))
    wanted = calls([("list_alerts", {"cluster_ids": [cluster]})])
    chats.script(wanted, says("1 alert fires: First."))
    session = await chats.begin()
    await chats.ask(session, "What fires?")
    await talking.report(cluster, alert(2, labels={"alertname": "Second"}))
    chats.script(wanted, says("It is 1, First."))
    again = await _rerun(chats, session)

    question, answer = await chats.messages(again)
    assert question["content"] == "What fires?"
    call = answer["steps"][0]["calls"][0]
    assert call["status"] == "SUCCESS"
    names = [each["alertname"] for each in call["result"]["data"]["items"]]
    assert names == ["First"]
    told = (await chats.http.get(f"{API}/sessions/{again['id']}/comparison")).json()
    assert told["before"]["content"] == "1 alert fires: First."
    assert told["again"]["content"] == "It is 1, First."
    assert told["compared"]["same_tools"] is True
    assert told["compared"]["same_text"] is False
    assert told["compared"]["figures_only_before"] == []


async def test_what_was_not_looked_at_then_is_not_looked_at_now(
    chats: Chats, talking: Platform
) -> None:
    cluster = (await talking.register())["id"]
    chats.script(calls([("list_alerts", {"cluster_ids": [cluster]})]), says("None."))
    session = await chats.begin()
    await chats.ask(session, "What fires?")
    chats.script(calls([("list_clusters", {})]), says("I cannot know."))
    again = await _rerun(chats, session)

    _, answer = await chats.messages(again)
    call = answer["steps"][0]["calls"][0]
    assert (call["status"], call["code"]) == ("ERROR", "NOT_FOUND")
    assert "list_alerts" in call["result"]
    told = (await chats.http.get(f"{API}/sessions/{again['id']}/comparison")).json()
    assert told["compared"]["same_tools"] is False
    assert told["compared"]["tools_only_again"] == ["list_clusters({})"]


async def test_by_another_persona_after_what_was_said_before(chats: Chats) -> None:
    chats.script(says("I am a platform."), says("Yes."))
    session = await chats.begin()
    await chats.ask(session, "Who are you?")
    await chats.ask(session, "Really?")
    chats.script(says("No."))
    again = await _rerun(chats, session, persona_id="gpu-expert")

    question, answer = await chats.messages(again)
    assert (question["content"], answer["content"]) == ("Really?", "No.")
    assert question["persona_id"] == "gpu-expert"
    assert chats.model is not None
    shown = [each["content"] for each in chats.model.asked[0]["messages"]]
    assert any("I am a platform." in each for each in shown)


async def test_what_cannot_be_asked_again(chats: Chats) -> None:
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}"
    refused(await chats.http.post(f"{url}/rerun", json={}), "VALIDATION_FAILED")
    refused(await chats.http.get(f"{url}/comparison"), "VALIDATION_FAILED")
    refused(await chats.http.post(f"{url}/rerun", json={"provider": "x"}), "VALIDATION_FAILED")


async def test_evidence_that_was_erased_is_not_there(chats: Chats) -> None:
    chats.script(says("Good."))
    session = await chats.begin()
    await chats.ask(session, "How are we?")
    again = await _rerun(chats, session)
    assert (await chats.http.delete(f"{API}/sessions/{session['id']}")).status_code == 204

    refused(await chats.http.get(f"{API}/sessions/{again['id']}/comparison"), "SESSION_NOT_FOUND")
