"""What was said fits every window, and servers take it: calls with answers, a question last."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from contracts.conversing import Converse, Utterance, WantedCall
from contracts.personas import BUILT_IN
from contracts.tools import TOOLS
from services.llm.budget import BYTES_OF_TOKEN
from services.llm.prompting import Prompt
from services.llm.prompting_chat import Conversation
from services.llm.rendering import short
from services.llm.window import level
from tests.services.llm.attacks import ATTACKS
from tests.services.llm.chatting import assistant, conversation, fenced_json, told, user, want

EVERY = tuple(TOOLS)
SMALL = 8_192


def shown(query: Converse, context_tokens: int = SMALL) -> Prompt:
    return Conversation.of(query, "a key").prompt(context_tokens)


def require_fits(prompt: Prompt, context_tokens: int) -> None:
    taken = len(json.dumps(prompt.tools, ensure_ascii=False).encode())
    for each in prompt.messages:
        taken += len((each["content"] or "").encode())
        calls = each.get("tool_calls", [])
        taken += sum(len(part.encode()) for one in calls for part in one["function"].values())
    assert taken <= (context_tokens - prompt.answer_tokens) * BYTES_OF_TOKEN


def require_taken(messages: Sequence[Mapping[str, Any]]) -> None:
    """As servers want it: each call is answered at once, and nothing else is an answer."""
    waiting: list[str] = []
    seen: set[str] = set()
    for each in messages:
        if each["role"] == "tool":
            assert each["tool_call_id"] == waiting.pop(0)
            fenced_json(each)
            continue
        assert not waiting
        assert each["content"] is not None or each.get("tool_calls")
        for call in each.get("tool_calls", ()):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert call["id"] not in seen
            seen.add(call["id"])
            waiting.append(call["id"])
    assert not waiting


_TEXT = st.one_of(
    st.text(max_size=200),
    st.sampled_from([*ATTACKS, "", "x" * 3_000, "\u9ede" * 9_000, "<" * 6_000, "a b " * 30_000]),
)
_PODS = [{"name": f"pod-{at}", "labels": {"a": "<" * 9}} for at in range(200)]
_TOLD: list[object] = [1, [], _PODS, ["\u202e" * 3_000], "text " * 3_000, "{no json"]
_DATA: st.SearchStrategy[object] = st.one_of(
    st.sampled_from([*_TOLD, '"\\ud800"', "[" * 5_000, '{"a": 1e999, "b": NaN}', "9" * 400]),
    st.lists(st.text(max_size=50), max_size=50),
)


def _want(name: str, query: str) -> WantedCall:
    return want("same", name, query=query)


def _calling(text: str, calls: list[WantedCall]) -> Utterance:
    return assistant(text, *calls)


def _answered(data: object) -> Utterance:
    return told("same", data)


_NAME = st.sampled_from([*EVERY, "", "no tool\n", "x" * 200])
_CALLS = st.lists(st.builds(_want, _NAME, _TEXT), max_size=8)
_UTTERANCE = st.one_of(
    _TEXT.map(user),
    _TEXT.map(assistant),
    st.builds(_calling, _TEXT, _CALLS),
    st.builds(_answered, _DATA),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(_UTTERANCE, min_size=1, max_size=30),
    st.sampled_from([SMALL, 16_384, 131_072]),
    st.sampled_from([(), EVERY, EVERY[:3]]),
    st.sampled_from(["", "Be brief.", "\u9ede" * 20_000]),
)
def test_any_chat_fits_and_is_one_that_servers_take(
    said: list[Utterance], window: int, tools: tuple[str, ...], instructions: str
) -> None:
    query = conversation(*said, tools=tools, instructions=instructions, context="c" * 20_000)
    prompt = shown(query, window)
    require_fits(prompt, window)
    require_taken(prompt.messages)
    assert [each["role"] for each in prompt.messages].count("system") == 1


def long_turn(number: int, rows: int = 60) -> list[Utterance]:
    rows_ = [{"name": f"alert-{number}-{row}", "severity": "WARNING"} for row in range(rows)]
    return [
        user(f"Question {number}?"),
        assistant("", want("c1"), want("c2", "query_metrics", query="up")),
        told("c1", {"items": rows_}),
        told("c2", {"value": number}),
        assistant(f"Answer {number}."),
    ]


def test_older_turns_go_first_and_what_was_called_for_them_before() -> None:
    said = [each for number in range(40) for each in long_turn(number)]
    prompt = shown(conversation(*said, user("And now?"), tools=EVERY))
    require_fits(prompt, SMALL)
    require_taken(prompt.messages)
    texts = [each["content"] for each in prompt.messages if each["role"] == "user"]
    assert texts[-1] == "And now?"
    assert texts[-2] == "Question 39?"
    assert prompt.cut
    assert "Not all that was said fits" in prompt.messages[0]["content"]
    # Questions go back further than what was called for them, without a gap in either.
    numbers = [int(each.split()[1][:-1]) for each in texts[:-1]]
    assert numbers == list(range(numbers[0], 40))
    called = sum(each["role"] == "tool" for each in prompt.messages)
    assert called < 2 * len(numbers)


def test_a_larger_window_shows_all_of_it() -> None:
    said = [each for number in range(10) for each in long_turn(number)]
    prompt = shown(conversation(*said, user("And now?"), tools=EVERY), 131_072)
    assert not prompt.cut
    assert "Not all" not in prompt.messages[0]["content"]
    assert len(prompt.messages) == 1 + 10 * 5 + 1


def test_results_of_this_turn_share_the_room_and_small_ones_stay_whole() -> None:
    large = {"items": [{"name": f"pod-{at}", "node": "worker-3"} for at in range(2_000)]}
    calls = [want(f"c{at}") for at in range(4)]
    query = conversation(
        *long_turn(1),
        user("What is wrong?"),
        assistant("", *calls),
        told("c0", large),
        told("c1", {"value": 42}),
        told("c2", large),
        told("c3", {"value": 43}),
    )
    prompt = shown(query)
    require_fits(prompt, SMALL)
    require_taken(prompt.messages)
    one, small, two, other = [
        fenced_json(each) for each in prompt.messages if each["role"] == "tool"
    ]
    assert (small["data"], other["data"]) == ({"value": 42}, {"value": 43})
    for each in (one, two):
        assert each["data"]["items"][0] == {"name": "pod-0", "node": "worker-3"}
        assert "left out" in each["data"]["items"][-1]
    assert [each["content"] for each in prompt.messages if each["role"] == "user"][-1] == (
        "What is wrong?"
    )


def test_of_many_rounds_the_newest_stay() -> None:
    large = {"items": [{"name": f"pod-{at}"} for at in range(300)]}
    said = [user("What is wrong?")]
    for number in range(8):
        calls = [want(f"r{number}-{at}", "query_metrics", query=f"up{number}") for at in range(8)]
        said += [assistant("", *calls), *(told(each.id, large) for each in calls)]
    prompt = shown(conversation(*said, tools=EVERY))
    require_fits(prompt, SMALL)
    require_taken(prompt.messages)
    kept = [each for each in prompt.messages if each.get("tool_calls")]
    assert kept
    assert "up7" in kept[-1]["tool_calls"][-1]["function"]["arguments"]
    assert prompt.messages[1]["content"] == "What is wrong?"


def test_a_question_that_is_too_long_is_shown_from_both_its_ends() -> None:
    text = f"FIRST {'log line ' * 20_000} LAST"
    prompt = shown(conversation(user(text), tools=EVERY))
    require_fits(prompt, SMALL)
    (question,) = [each["content"] for each in prompt.messages if each["role"] == "user"]
    assert question.startswith("FIRST")
    assert question.endswith("LAST")
    assert "left out" in question
    assert prompt.cut


@pytest.mark.parametrize("persona", BUILT_IN)
def test_each_persona_has_room_for_what_tools_tell_in_the_smallest_window(persona: str) -> None:
    known = BUILT_IN[persona]
    rows = {"items": [{"name": f"pod-{at}", "node": "worker-3"} for at in range(500)]}
    query = conversation(
        user("Well?"),
        assistant("", want("a")),
        told("a", rows),
        instructions=known.system_prompt,
        tools=known.capabilities,
    )
    prompt = shown(query)
    require_fits(prompt, SMALL)
    offered = [each["function"]["name"] for each in prompt.tools]
    assert offered == list(known.capabilities)
    assert len(prompt.messages[-1]["content"]) > 5_000
    assert known.system_prompt in prompt.messages[0]["content"]


def test_a_call_without_an_answer_is_told_of_and_an_answer_without_a_call_is_not() -> None:
    bad = want("b", "delete_all").model_copy(
        update={"arguments": None, "problem": "there is no tool 'delete_all'"}
    )
    query = conversation(
        told("nothing", {"value": 1}), user("Well?"), assistant("", want("a"), bad), told("x", 2)
    )
    prompt = shown(query)
    require_taken(prompt.messages)
    told_ = [fenced_json(each) for each in prompt.messages if each["role"] == "tool"]
    assert told_ == [{"error": "it was not answered"}, {"error": "there is no tool 'delete_all'"}]


def test_a_question_that_was_never_answered_is_followed_by_an_answer() -> None:
    prompt = shown(conversation(user("One?"), user("Two?")))
    told_ = [(each["role"], each["content"]) for each in prompt.messages[1:]]
    assert told_ == [
        ("user", "One?"),
        ("assistant", "(This was not answered.)"),
        ("user", "Two?"),
    ]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_published_attack_stays_behind_the_fence(text: str) -> None:
    data = {"labels": [text]}
    said = (user(text), assistant(text, want("a", query=text)), told("a", data), user("Well?"))
    calm = conversation(
        user(text), assistant("x", want("a", query="x")), told("a", 1), user("Well?")
    )
    prompt = shown(conversation(*said), 131_072)
    assert prompt.messages[0] == shown(calm, 131_072).messages[0]
    require_taken(prompt.messages)
    (result,) = [each for each in prompt.messages if each["role"] == "tool"]
    assert fenced_json(result)["data"] == data
    # No turn of any template begins in what people and models have said, either.
    for each in prompt.messages[1:]:
        body = each["content"].replace("<<<DATA", "") if each["content"] else ""
        calls = "".join(str(one["function"]) for one in each.get("tool_calls", ()))
        for part in (body, calls):
            assert not any(bad in part for bad in ("<|", "</s>", "[INST]", "<start", "<\uff5c"))


def test_what_was_shown_has_the_same_digest_with_another_fence() -> None:
    query = conversation(user("Well?"), assistant("", want("a")), told("a", 1))
    one, two = (Conversation.of(query, key).prompt(SMALL) for key in ("a", "b"))
    assert one.messages != two.messages
    assert one.shown_sha256 == two.shown_sha256
    assert one.shown_sha256 != shown(conversation(user("Who?"))).shown_sha256


@given(st.lists(st.integers(0, 1_000), min_size=1), st.integers(0, 5_000))
def test_shares_fit_together(sizes: list[int], room: int) -> None:
    share = level(sizes, room)
    assert sum(min(each, share) for each in sizes) <= room
    assert share >= room // len(sizes)


@given(st.text(), st.integers(-5, 200))
def test_a_text_is_cut_to_its_bytes(text: str, most: int) -> None:
    body = text.encode("utf-8", "ignore")
    told_ = short(body.decode(), most)
    assert len(told_.encode()) <= max(most, 0) or told_ == text
