"""A streamed answer is put together, whatever a server makes of the protocol."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.llm.assembling import (
    MOST_ARGUMENTS,
    MOST_CALLS,
    MOST_TEXT,
    Answer,
    Assembler,
    Endless,
    Malformed,
)
from tests.kit.llm_server import call, ending, part, words

TOOLS = ("list_alerts", "query_metrics")


def assembled(chunks: Iterable[object]) -> Answer:
    made = Assembler(TOOLS)
    for each in chunks:
        made.add(each)
    return made.done()


def calling(*deltas: dict[str, Any]) -> Answer:
    return assembled([part(delta={"tool_calls": [each]}) for each in deltas])


def test_words_become_a_text_with_what_it_has_cost() -> None:
    answer = assembled([*words("worker-3 is down"), *ending(before=7, after=3)])
    assert (answer.text, answer.calls, answer.finish) == ("worker-3 is down", [], "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (7, 3)


def test_only_words_are_a_sign_of_life() -> None:
    made = Assembler()
    role, word, _ = words("a b")
    assert [made.add(each) for each in (role, word, *ending())] == [False, True, False, False]
    assert made.add(part(delta={"reasoning_content": "hm"}))


def test_an_answer_without_an_end_says_so() -> None:
    assert assembled(words("worker-3 is")).finish == ""


def test_several_calls_come_interleaved() -> None:
    one, two = call(0, "list_alerts", '{"state": "FIRING"}'), call(1, "query_metrics", '{"q": 1}')
    mixed = [each for pair in zip(one, two, strict=True) for each in pair]
    first, second = assembled([*mixed, *ending("tool_calls")]).calls
    assert (first.id, first.name, first.arguments) == (
        "call-0",
        "list_alerts",
        {"state": "FIRING"},
    )
    assert (second.name, second.arguments, second.problem) == ("query_metrics", {"q": 1}, "")


@pytest.mark.parametrize("arguments", ["", None, "{}"])
def test_no_arguments_are_none(arguments: str | None) -> None:
    function = {"name": "list_alerts", "arguments": arguments}
    (found,) = calling({"index": 0, "function": function}).calls
    assert (found.arguments, found.problem) == ({}, "")


@pytest.mark.parametrize(
    "arguments", ['{"a": ', "not json", "[" * 100_00, '{"a": 1}{"a": 1}', "'a'"]
)
def test_broken_arguments_are_told(arguments: str) -> None:
    (found,) = assembled(call(0, "list_alerts", arguments)).calls
    assert found.arguments is None
    assert found.problem == "its arguments are no JSON"


@pytest.mark.parametrize("arguments", ["[]", "1", '"text"', "null"])
def test_arguments_must_be_an_object(arguments: str) -> None:
    (found,) = assembled(call(0, "list_alerts", arguments)).calls
    assert found.problem == "its arguments are no JSON object"


@pytest.mark.parametrize("name", ["drop_database", "", "LIST_ALERTS", "list_alerts "])
def test_a_wrong_name_is_told_with_the_right_ones(name: str) -> None:
    (found,) = assembled(call(0, name, "{}")).calls
    assert found.arguments is None
    assert "list_alerts, query_metrics" in found.problem


def test_servers_that_send_arguments_whole_or_the_name_each_time_are_understood() -> None:
    whole = {"index": 0, "function": {"name": "list_alerts", "arguments": {"a": 1}}}
    assert calling(whole).calls[0].arguments == {"a": 1}
    again = {"index": 0, "function": {"name": "list_alerts", "arguments": "{}"}}
    assert calling(again, again | {"function": {"name": "list_alerts"}}).calls[0].problem == ""


def test_calls_without_an_index_are_told_apart() -> None:
    one = {"id": "a", "function": {"name": "list_alerts", "arguments": '{"n"'}}
    rest = {"function": {"arguments": ": 1}"}}
    two = {"function": {"name": "query_metrics", "arguments": "{}"}}
    first, second = calling(one, rest, two).calls
    assert (first.arguments, second.name) == ({"n": 1}, "query_metrics")


@pytest.mark.parametrize("chunk", [None, 1, "a", [], {"choices": 5}, {"choices": [1]},
                                   {"choices": [{"delta": 7}]},
                                   {"choices": [{"delta": {"tool_calls": [3]}}]}])  # fmt: skip
def test_what_is_no_chunk_is_told(chunk: object) -> None:
    with pytest.raises(Malformed):
        assembled([chunk])


def test_what_is_too_large_is_told() -> None:
    with pytest.raises(Endless):
        assembled([part(delta={"content": "x" * 1000})] * (MOST_TEXT // 1000 + 1))
    with pytest.raises(Endless):
        assembled(call(0, "list_alerts", "x" * (MOST_ARGUMENTS + 10)))
    with pytest.raises(Endless):
        assembled([each for n in range(MOST_CALLS + 1) for each in call(n, "a", "{}")])


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda more: st.lists(more, max_size=3)
    | st.dictionaries(
        st.sampled_from(["choices", "delta", "content", "tool_calls", "index", "id", "function",
                         "name", "arguments", "usage", "prompt_tokens", "finish_reason"]),
        more, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(_ANY, max_size=5))
def test_no_chunk_breaks_it(chunks: list[object]) -> None:
    try:
        answer = assembled(chunks)
    except (Malformed, Endless):
        return
    assert answer.prompt_tokens >= 0
