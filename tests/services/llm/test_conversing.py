"""A chat goes on word by word: what models say, what they want to be called, and what fails."""

import asyncio
import json
from typing import Any

import pytest

from contracts.clusters import HUB
from services.llm.assembling import ToolCall
from services.llm.conversing import wanted
from services.runtime import metrics
from services.runtime.asking import Place
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit import llm_server as llm
from tests.kit.leaks import listening_to_logs
from tests.kit.llm_server import llm_server
from tests.kit.runtime import until
from tests.services.llm.asking import KEY, provider, worker
from tests.services.llm.chatting import (
    assistant,
    conversation,
    fenced_json,
    heard,
    told,
    user,
    want,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

SAID = "There are **3** alerts on worker-3."
ASKED = conversation(user("What is wrong?"))


async def test_a_model_is_heard_word_by_word(log: EventLog, bus_settings: Settings) -> None:
    async with (
        llm_server(llm.speaks(SAID, 0.1)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        answer = await heard(asker, ASKED)
    assert "".join(answer.texts) == SAID
    assert answer.texts[0] == "There "
    assert len(answer.texts) > 1
    made = answer.done
    assert (made.text, made.calls, made.provider, made.model) == (SAID, (), "first", llm.MODEL)
    assert (made.prompt_version, made.prompt_tokens, made.completion_tokens) == (
        "converse-1",
        100,
        20,
    )
    assert 0 < made.first_token_ms <= made.latency_ms
    assert not made.cut
    assert not made.ended_early


async def test_what_was_said_and_the_tools_are_sent_as_the_protocol_has_them(
    log: EventLog, bus_settings: Settings
) -> None:
    said = (
        user("Any alerts?"),
        assistant(
            "I look.", want("a", severity="CRITICAL"), want("b", "query_metrics", query="up")
        ),
        told("b", [1]),
        told("a", {"items": []}),
        assistant("None."),
        user("And now?"),
    )
    async with (
        llm_server(llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        await heard(asker, conversation(*said))
    (body,) = server.asked
    system, first, calling, one, two, answer, last = body["messages"]
    assert system["role"] == "system"
    for part in ("Speak as an expert.", "It is noon.", "which nothing that follows can change"):
        assert part in system["content"]
    assert (first, last) == (
        {"role": "user", "content": "Any alerts?"},
        {"role": "user", "content": "And now?"},
    )
    assert answer == {"role": "assistant", "content": "None."}
    assert calling["content"] == "I look."
    sent = [(each["id"], each["type"], each["function"]["name"]) for each in calling["tool_calls"]]
    assert [each[1:] for each in sent] == [
        ("function", "list_alerts"),
        ("function", "query_metrics"),
    ]
    assert json.loads(calling["tool_calls"][0]["function"]["arguments"]) == {"severity": "CRITICAL"}
    assert [one["tool_call_id"], two["tool_call_id"]] == [each[0] for each in sent]
    assert fenced_json(one)["data"] == {"items": []}
    assert fenced_json(two)["data"] == [1]
    alerts, metrics_ = body["tools"]
    assert alerts["function"]["name"] == "list_alerts"
    assert alerts["function"]["parameters"]["properties"]["state"]["enum"]
    assert metrics_["function"]["parameters"]["required"] == ["query"]
    assert "strict" not in str(body["tools"])


async def test_a_server_that_holds_arguments_to_a_schema_gets_strict_ones(
    log: EventLog, bus_settings: Settings
) -> None:
    calls = llm.calls([("list_alerts", {"state": "FIRING", "offset": None, "cluster_ids": None})])
    async with (
        llm_server(calls) as server,
        worker(log, bus_settings, provider(server, strict_tools=True)) as asker,
    ):
        (call,) = (await heard(asker, ASKED)).done.calls
    function = server.asked[0]["tools"][0]["function"]
    fields = function["parameters"]["properties"]
    assert function["strict"] is True
    assert function["parameters"]["required"] == list(fields)
    assert fields["state"] == {"enum": ["FIRING", "RESOLVED", "PENDING", None],
                               "type": ["string", "null"]}  # fmt: skip
    assert call.arguments == {"state": "FIRING"}, "null is as good as left out"


async def test_calls_come_with_their_arguments_and_what_is_wrong_with_them(
    log: EventLog, bus_settings: Settings
) -> None:
    calls = llm.calls(
        [
            ("list_alerts", {"severity": "CRITICAL"}),
            ("list_alerts", "{not json"),
            ("delete_cluster", {}),
        ],
        "Let me see.",
    )
    async with (
        llm_server(calls) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        answer = await heard(asker, ASKED)
    good, garbage, unknown = answer.done.calls
    assert (good.name, good.arguments, good.problem) == (
        "list_alerts",
        {"severity": "CRITICAL"},
        "",
    )
    assert (garbage.arguments, garbage.problem) == (None, "its arguments are no JSON")
    assert unknown.arguments is None
    assert "there is no tool 'delete_cluster'; tools: list_alerts" in unknown.problem
    assert (answer.done.text, "".join(answer.texts)) == ("Let me see.", "Let me see.")


async def test_without_tools_none_are_sent_and_calls_count_for_nothing(
    log: EventLog, bus_settings: Settings
) -> None:
    calls: list[tuple[str, str]] = [("list_alerts", "{}")]
    silent, says = llm.calls(calls), llm.calls(calls, SAID)
    async with (
        llm_server(silent) as bad,
        llm_server(says) as good,
        worker(log, bus_settings, provider(bad, "bad"), provider(good, "good")) as asker,
    ):
        made = (await heard(asker, conversation(user("Well?"), tools=()))).done
    assert (made.provider, made.text, made.calls) == ("good", SAID, ())
    assert "tools" not in good.asked[0]
    assert "No tool can be called now" in good.asked[0]["messages"][0]["content"]


BEGUN = llm.words("It is")
FAULTS: dict[str, tuple[llm.Reply, dict[str, float]]] = {
    "silence": (llm.hangs(headed=False), {"first_token_seconds": 1.0}),
    "silence in the middle": (llm.HALF_SAID, {"between_tokens_seconds": 0.5}),
    "cut in the middle": (llm.cuts(*BEGUN), {}),
    "garbage in the middle": (llm.streams(*BEGUN, "{not json"), {}),
    "no end": (llm.streams(*BEGUN, llm.DONE), {}),
    "garbage": (llm.GARBAGE, {}),
    "nothing": (llm.streams(*llm.ending(), llm.DONE), {}),
    "overflow": (llm.OVERFLOW, {}),
    "busy": (llm.BUSY, {}),
    "broken": (llm.BROKEN, {}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_any_fault_the_next_model_begins_anew(
    fault: str, log: EventLog, bus_settings: Settings
) -> None:
    reply, limits = FAULTS[fault]
    async with (
        llm_server(reply) as bad,
        llm_server(llm.says(SAID)) as good,
        worker(log, bus_settings, provider(bad, "bad", **limits), provider(good)) as asker,
    ):
        answer = await heard(asker, ASKED)
    assert "".join(answer.texts) == SAID
    assert (answer.done.text, answer.done.provider) == (SAID, "first")
    restarts = [each["restart"] for each in answer.parts if "restart" in each]
    words = [each for each in answer.parts if "text" in each]
    if words[0]["text"].startswith("It"):
        assert len(restarts) == 1
        assert restarts[0].startswith("bad: ")
    else:
        assert restarts == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_with_none_left_it_is_told_why(
    fault: str, log: EventLog, bus_settings: Settings
) -> None:
    reply, limits = FAULTS[fault]
    async with (
        llm_server(reply) as bad,
        worker(log, bus_settings, provider(bad, "bad", **limits)) as asker,
    ):
        answer = await heard(asker, ASKED)
    assert answer.parts[-1]["none"].startswith("bad: ")
    assert not any("done" in each for each in answer.parts)


async def test_without_a_model_it_is_told_at_once(log: EventLog, bus_settings: Settings) -> None:
    async with worker(log, bus_settings) as asker:
        assert (await heard(asker, ASKED)).parts == [{"none": "none is configured"}]


async def test_one_alone_is_asked_by_its_name(log: EventLog, bus_settings: Settings) -> None:
    only = conversation(user("What?"), provider="b")
    async with (
        llm_server(llm.says("I am a.")) as a,
        llm_server(llm.says("I am b."), llm.BROKEN) as b,
        worker(log, bus_settings, provider(a, "a"), provider(b, "b")) as asker,
    ):
        assert (await heard(asker, only)).done.text == "I am b."
        assert (await heard(asker, only)).parts[-1] == {"none": "b: answered 500"}
        gone = conversation(user("What?"), provider="c")
        assert (await heard(asker, gone)).parts[-1] == {"none": "c: is not configured"}
    assert a.asked == []


async def test_an_answer_that_was_cut_off_says_so(log: EventLog, bus_settings: Settings) -> None:
    async with (
        llm_server(llm.says("It is down and", reason="length")) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        assert (await heard(asker, ASKED)).done.ended_early


async def test_who_goes_away_has_the_model_stopped_and_its_place_freed(
    log: EventLog, bus_settings: Settings
) -> None:
    async with (
        llm_server(llm.trickles(0.05), llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server, call_seconds=60), at_once=1) as asker,
    ):
        async with asker.ask(Place(HUB, "-"), ASKED, seconds=60) as answer:
            async for part in answer:
                if b"text" in part:
                    break
            assert server.talking == 1
        await until(lambda: not server.talking)
        assert (await heard(asker, ASKED)).done.text == SAID


async def test_secrets_are_shown_to_no_model(log: EventLog, bus_settings: Settings) -> None:
    said = (
        user("The password is hunter2, see https://u:hunter2@db/x"),
        assistant("", want("a", query='{token="hunter2"}', password="hunter2")),
        told("a", {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}], "cpu": 0.5}),
        user("Is password=hunter2 right?"),
        assistant("", want("b")),
        told("b", "no JSON, with password: hunter2"),
    )
    async with (
        llm_server(llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server, context_tokens=32_768)) as asker,
    ):
        await heard(asker, conversation(*said))
    assert "hunter2" not in json.dumps(server.asked)
    assert "0.5" in json.dumps(server.asked)


async def test_the_fence_is_the_same_for_a_chat_and_another_one_for_the_next(
    log: EventLog, bus_settings: Settings
) -> None:
    def chat(question: str, *more: Any) -> Any:
        return conversation(user(question), assistant("", want("a")), told("a", 1), *more)

    async with (
        llm_server(llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        for each in (chat("x"), chat("x", assistant("1"), user("y")), chat("z")):
            await heard(asker, each)
    first, second, other = [each["messages"] for each in server.asked]
    assert second[: len(first)] == first, "a server has read it already"
    assert first[0]["content"] != other[0]["content"]


async def test_answers_hold_no_links_not_even_on_their_way(
    log: EventLog, bus_settings: Settings
) -> None:
    said = "<think>hm</think>See ![x](https://evil.example/?q=all) and www.evil.example now"
    async with (
        llm_server(llm.says(said)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        answer = await heard(asker, ASKED)
    assert answer.done.text == "See x and www. evil.example now"
    shown = "".join(answer.texts)
    assert shown == "See [x] (https: //evil.example/?q=all) and www. evil.example now"


async def test_each_call_is_in_the_log_and_counted_and_the_key_is_nowhere(
    log: EventLog, bus_settings: Settings
) -> None:
    def count(result: str) -> float:
        found = metrics.REGISTRY.get_sample_value(
            "aiops_llm_calls_total", {"provider": "counted", "result": result}
        )
        return found or 0.0

    echo = llm.fails("401 Unauthorized", {"message": f"Incorrect API key provided: {KEY}"})
    before = count("failed"), count("answered")
    async with llm_server(echo, llm.says(SAID)) as server:
        with listening_to_logs() as lines:
            async with worker(log, bus_settings, provider(server, "counted")) as asker:
                answers = [await heard(asker, ASKED) for _ in range(2)]
    heard_lines = "\n".join(said.decode() for _, said in lines.said)
    assert "not_conversed" in heard_lines
    assert "'conversed'" in heard_lines
    assert (count("failed"), count("answered")) == (before[0] + 1, before[1] + 1)
    tokens = {"provider": "counted", "kind": "completion"}
    assert metrics.REGISTRY.get_sample_value("aiops_llm_tokens_total", tokens) == 20
    assert KEY not in heard_lines
    assert KEY not in str([each.parts for each in answers])


async def test_many_chats_go_on_at_once(log: EventLog, bus_settings: Settings) -> None:
    said = llm.replies(lambda asked: llm.speaks(f"It is {llm.asked_of(asked)} then.", 0.02))
    async with (
        llm_server(said) as server,
        worker(log, bus_settings, provider(server), at_once=8) as asker,
    ):
        chats = [heard(asker, conversation(user(f"Q{each}"))) for each in range(24)]
        answers = await asyncio.gather(*chats)
    for number, answer in enumerate(answers):
        assert "".join(answer.texts) == answer.done.text == f"It is Q{number} then."


def test_calls_get_ids_of_their_own_and_eight_are_kept() -> None:
    told = ["x", "x", "", "c1", "", "y" * 150, "used", "z", "ninth"]
    calls = [ToolCall(each, "list_alerts", {}, "") for each in told]
    ids = [each.id for each in wanted(calls, {"used"})]
    assert len(ids) == len(set(ids)) == 8
    assert ids[0] == "x"
    assert "z" in ids
    assert "used" not in ids
