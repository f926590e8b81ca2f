"""Questions and their answers: by a model and its tools, step by step."""

import asyncio
from typing import Any

import pytest

from contracts.chat import MOST_ROUNDS
from tests.kit.chats import API, Chats, Streaming, text_of
from tests.kit.gateway import Platform, alert, refused
from tests.kit.llm_server import (
    BROKEN,
    GARBAGE_ARGUMENTS,
    WRONG_TOOL,
    asked_of,
    calls,
    hangs,
    replies,
    says,
    speaks,
    trickles,
    words,
)
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_a_model_answers_word_by_word(chats: Chats) -> None:
    chats.script(says("All is **well** in the fleet."))
    session = await chats.begin()
    frames = await chats.frames(session, "How are we?")

    assert frames[0][0] == "message_start"
    assert text_of(frames) == "All is **well** in the fleet."
    name, told = frames[-1]
    assert name == "message_complete"
    assert told["message"]["content"] == "All is **well** in the fleet."
    assert told["message"]["model"] == "qwen3-8b"
    assert told["message"]["end"] == "COMPLETE"
    assert told["message"]["prompt_tokens"] == 100
    question, answer = await chats.messages(session)
    assert question["content"] == "How are we?"
    assert answer == told["message"]


async def test_tools_are_called_and_what_they_told_is_shown_to_the_model(
    chats: Chats, talking: Platform
) -> None:
    cluster = await talking.register()
    chats.script(
        calls([("list_clusters", {}), ("get_fleet_summary", {})]), says("There is one cluster.")
    )
    session = await chats.begin()
    answer = await chats.ask(session, "Which clusters are there?")

    assert answer["content"] == "There is one cluster."
    step, last = answer["steps"]
    assert [call["tool"] for call in step["calls"]] == ["list_clusters", "get_fleet_summary"]
    assert {call["status"] for call in step["calls"]} == {"SUCCESS"}
    names = [one["name"] for one in step["calls"][0]["result"]["data"]["items"]]
    assert cluster["name"] in names
    assert not last["calls"]
    assert chats.model is not None
    shown = chats.model.asked[1]["messages"]
    assert [each["role"] for each in shown][-2:] == ["tool", "tool"]
    assert cluster["name"] in shown[-2]["content"]


async def test_each_step_is_streamed_as_it_happens(chats: Chats) -> None:
    chats.script(calls([("list_alerts", {})], "Let me see."), says("None fires."))
    frames = await chats.frames(await chats.begin(), "What fires?")

    told = [name for name, _ in frames if name != "content_delta"]
    assert told == ["message_start", "tool_use", "tool_result", "message_start", "message_complete"]
    used = next(each for name, each in frames if name == "tool_use")
    came = next(each for name, each in frames if name == "tool_result")
    assert (used["tool"], used["arguments"]) == ("list_alerts", {})
    assert came["call_id"] == used["call_id"]
    assert came["result"]["data"]["total"] == 0


async def test_a_later_question_is_asked_with_what_was_said_before(chats: Chats) -> None:
    chats.script(says("Berlin has 3 nodes."), says("They are well."))
    session = await chats.begin()
    await chats.ask(session, "How many nodes has Berlin?")
    await chats.ask(session, "And how are they?")

    assert chats.model is not None
    told = [each["content"] for each in chats.model.asked[1]["messages"]]
    assert any("How many nodes has Berlin?" in each for each in told)
    assert any("Berlin has 3 nodes." in each for each in told)
    listed = (await chats.http.get(f"{API}/sessions/{session['id']}")).json()
    assert listed["title"] == "How many nodes has Berlin?"
    assert listed["message_count"] == 4


async def test_the_clusters_of_a_chat_are_those_that_tools_are_asked_for(
    chats: Chats, talking: Platform
) -> None:
    one, other = (await talking.register())["id"], (await talking.register())["id"]
    for number, cluster in enumerate((one, other)):
        await talking.report(cluster, alert(number, labels={"alertname": f"Of{cluster[:8]}"}))
    chats.script(calls([("list_alerts", {})]), says("Done."))
    answer = await chats.ask(await chats.begin(cluster_ids=[one]), "What fires?")

    call = answer["steps"][0]["calls"][0]
    assert call["arguments"] == {"cluster_ids": [one]}
    assert {each["cluster_id"] for each in call["result"]["data"]["items"]} == {one}


async def test_a_persona_has_its_own_tools_whatever_a_model_asks_for(chats: Chats) -> None:
    chats.script(calls([("list_alerts", {})]), says("I cannot see alerts."))
    answer = await chats.ask(await chats.begin(persona_id="gpu-expert"), "What fires?")

    call = answer["steps"][0]["calls"][0]
    assert call["status"] == "ERROR"
    assert answer["content"] == "I cannot see alerts."
    assert chats.model is not None
    offered = {each["function"]["name"] for each in chats.model.asked[0]["tools"]}
    assert "get_gpu_nodes" in offered
    assert "list_alerts" not in offered


@pytest.mark.parametrize("wrong", [WRONG_TOOL, GARBAGE_ARGUMENTS])
async def test_a_call_that_cannot_be_made_is_told_to_the_model(chats: Chats, wrong: Any) -> None:
    chats.script(wrong, says("I was wrong."))
    answer = await chats.ask(await chats.begin(), "What fires?")

    call = answer["steps"][0]["calls"][0]
    assert (call["status"], call["code"]) == ("ERROR", "VALIDATION_FAILED")
    assert answer["content"] == "I was wrong."


async def test_arguments_of_a_wrong_type_are_told_to_the_model(chats: Chats) -> None:
    chats.script(calls([("list_alerts", {"offset": "many"})]), says("I was wrong."))
    answer = await chats.ask(await chats.begin(), "What fires?")

    call = answer["steps"][0]["calls"][0]
    assert (call["status"], call["code"]) == ("ERROR", "VALIDATION_FAILED")
    assert "offset" in call["result"]


async def test_a_model_that_calls_tools_for_ever_has_to_answer_after_eight_rounds(
    chats: Chats,
) -> None:
    def next_one(asked: dict[str, Any]) -> Any:
        return calls([("list_alerts", {})]) if asked.get("tools") else says("Eight times none.")

    chats.script(replies(next_one))
    answer = await chats.ask(await chats.begin(), "What fires?")

    assert answer["end"] == "ROUNDS"
    assert answer["content"] == "Eight times none."
    assert len([step for step in answer["steps"] if step["calls"]]) == MOST_ROUNDS


async def test_without_a_model_that_answers_fixed_rules_do_and_say_so(
    chats: Chats, talking: Platform
) -> None:
    cluster = (await talking.register())["id"]
    await talking.report(cluster, alert(7, labels={"alertname": "EtcdSlow"}))
    chats.script(BROKEN)
    answer = await chats.ask(await chats.begin(cluster_ids=[cluster]), "Which alerts fire?")

    assert "EtcdSlow" in answer["content"]
    assert "No model was used" in answer["content"]
    assert answer["provider"] is None
    assert answer["model"] is None
    assert answer["steps"][0]["reason"]


async def test_a_model_that_fails_in_the_middle_of_a_turn_leaves_what_its_tools_told(
    chats: Chats, talking: Platform
) -> None:
    cluster = (await talking.register())["id"]
    await talking.report(cluster, alert(8, labels={"alertname": "DiskFull"}))
    chats.script(calls([("list_alerts", {"cluster_ids": [cluster]})]), BROKEN)
    answer = await chats.ask(await chats.begin(), "Which alerts fire?")

    assert "DiskFull" in answer["content"]
    assert "No model was used" in answer["content"]


async def test_an_answer_is_stopped(chats: Chats) -> None:
    chats.script(trickles(0.1))
    session = await chats.begin()
    async with chats.streamed(session, "What fires?") as streaming:
        async for name, _ in streaming:
            if name == "content_delta":
                break
        stopped = await chats.http.post(f"{API}/sessions/{session['id']}/cancel")
        assert stopped.status_code == 200, stopped.text
        assert stopped.json()["is_answering"] is False
    assert chats.model is not None
    await eventually(lambda: _is_silent(chats))
    (question,) = await chats.messages(session)
    assert question["state"] == "CANCELLED"
    chats.script(says("None."))
    assert (await chats.ask(session, "What fires?"))["content"] == "None."


async def _is_silent(chats: Chats) -> bool:
    return chats.model is not None and not chats.model.talking


async def test_who_watches_hears_that_it_was_stopped(chats: Chats) -> None:
    chats.script(hangs(*words("I think")))
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}"
    asking = asyncio.create_task(chats.frames(session, "What fires?"))
    await eventually(lambda: _is_asked(chats))
    await chats.http.post(f"{url}/cancel")

    name, _ = (await asking)[-1]
    assert name == "cancelled"


async def _is_asked(chats: Chats) -> bool:
    return chats.model is not None and bool(chats.model.asked)


async def test_a_second_question_waits_for_the_first(chats: Chats) -> None:
    chats.script(hangs(*words("I think")))
    session = await chats.begin()
    asking = asyncio.create_task(chats.frames(session, "What fires?"))
    await eventually(lambda: _is_asked(chats))
    second = await chats.http.post(
        f"{API}/sessions/{session['id']}/messages", json={"content": "And now?"}
    )

    refused(second, "TURN_IN_PROGRESS")
    await chats.http.post(f"{API}/sessions/{session['id']}/cancel")
    await asking


async def test_several_windows_see_the_same_answer(chats: Chats) -> None:
    chats.script(calls([("list_alerts", {})]), speaks("None of the alerts fires now.", 0.2))
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}/stream"
    asking = asyncio.create_task(chats.frames(session, "What fires?"))
    await eventually(lambda: _is_asked(chats))
    seen = await _watched(chats, url)

    frames = await asking
    assert text_of(frames) == "None of the alerts fires now."
    assert seen[-1] == frames[-1]
    assert "tool_result" in {name for name, _ in seen}


async def _watched(chats: Chats, url: str) -> list[Any]:
    async with chats.http.stream("GET", url, timeout=60) as answer:
        return [each async for each in Streaming(answer)]


async def test_nothing_is_watched_where_nothing_is_answered(chats: Chats) -> None:
    session = await chats.begin()
    assert await _watched(chats, f"{API}/sessions/{session['id']}/stream") == []


async def test_the_same_key_asks_once(chats: Chats) -> None:
    chats.script(says("Once."))
    session = await chats.begin()
    for _ in range(2):
        answer = await chats.http.post(
            f"{API}/sessions/{session['id']}/messages",
            json={"content": "How are we?"},
            headers={"idempotency-key": "one"},
        )
        assert answer.json()["content"] == "Once."
    assert len(await chats.messages(session)) == 2


async def test_a_question_is_shown_to_the_model_as_it_was_asked(chats: Chats) -> None:
    chats.script(says("Good."))
    await chats.ask(await chats.begin(), "Wie geht's Köln? 你好 \x00\u200b🚀")
    assert chats.model is not None
    assert "Wie geht's Köln? 你好" in asked_of(chats.model.asked[0])


async def test_stopped_and_asked_again_at_once(chats: Chats) -> None:
    chats.script(trickles(0.1), says("None."))
    session, hanging = await chats.begin(), _talking(chats)
    first = asyncio.create_task(chats.frames(session, "What fires?"))
    await eventually(lambda: _is_asked(chats))
    await chats.http.post(f"{API}/sessions/{session['id']}/cancel")

    assert (await chats.ask(session, "And now?"))["content"] == "None."
    await first

    async def has_left() -> bool:
        return _talking(chats) == hanging

    await eventually(has_left)


def _talking(chats: Chats) -> int:
    assert chats.model is not None
    return chats.model.talking
