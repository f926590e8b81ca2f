"""Data never leave their fence, whatever stands in them."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from contracts.explaining import MOST_QUESTION
from services.llm.budget import ANSWER_TOKENS, BYTES_OF_TOKEN
from services.llm.prompting import Asking, Prompt
from tests.services.llm.attacks import ATTACKS, NONCE

CALM = "what is usual"


def minted() -> str:
    return NONCE


def asked(text: str, *, where: str = "value") -> Prompt:
    facts = {"incident": {text: 1} if where == "key" else {"title": text}}
    return Asking(facts, text if where == "question" else CALM, minted).prompt(131_072)


def require_whole(prompt: Prompt, text: str, where: str) -> None:
    """Rules that are as ever, then one line of JSON between each two lines of the fence."""
    rules, told = prompt.messages
    assert (rules["role"], told["role"]) == ("system", "user")
    assert rules == asked(CALM).messages[0]
    lines = told["content"].splitlines()
    assert len(lines) == 6
    assert lines[0] == f"<<<DATA {NONCE}"
    assert lines[2:4] == [f"DATA {NONCE}>>>", f"<<<QUESTION {NONCE}"]
    assert lines[5] == f"QUESTION {NONCE}>>>"
    facts, question = json.loads(lines[1]), json.loads(lines[4])
    if where == "question":
        assert question == text
    else:
        assert facts["incident"] == ({text: 1} if where == "key" else {"title": text})
    # Nothing that begins a turn in any template of chats is left as it is.
    for line in (lines[1], lines[4]):
        assert not set(line) & set("<>`")
        assert "[INST" not in line


@pytest.mark.parametrize("where", ["value", "key", "question"])
@pytest.mark.parametrize("text", ATTACKS)
def test_a_published_attack_stays_behind_it(text: str, where: str) -> None:
    require_whole(asked(text, where=where), text, where)


@given(st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=5), st.sampled_from(["\n", "", " "]))
def test_so_do_several_together(texts: list[str], between: str) -> None:
    text = between.join(texts)
    require_whole(asked(text), text, "value")


@given(st.text(max_size=300))
def test_so_does_any_text(text: str) -> None:
    require_whole(asked(text), text, "value")


@pytest.mark.parametrize("one", ["\U000e0041", "\x00", "<", "\U0001f600"])
def test_a_question_of_odd_characters_leaves_room_for_the_data(one: str) -> None:
    prompt = Asking({"data": "d" * 40_000}, one * MOST_QUESTION, minted).prompt(8_192)
    sent = sum(len(each["content"].encode()) for each in prompt.messages)
    assert sent <= (8_192 - ANSWER_TOKENS) * BYTES_OF_TOKEN
    assert '"data": "ddd' in prompt.messages[1]["content"]
    assert prompt.cut
    assert "you were not shown all" in prompt.messages[0]["content"]


def test_a_question_in_any_usual_script_is_shown_whole() -> None:
    assert not Asking({}, "\u9ede" * MOST_QUESTION, minted).prompt(8_192).cut


def test_a_nonce_that_is_in_the_data_is_not_taken() -> None:
    drawn: Iterator[str] = iter(["first", "second"])
    prompt = Asking({"data": "my first try"}, "", lambda: next(drawn)).prompt(8_192)
    assert "<<<DATA second\n" in prompt.messages[1]["content"]
    with pytest.raises(ValueError, match="nonces"):
        Asking({"data": NONCE}, "", minted).prompt(8_192)


def test_the_rules_name_the_fence() -> None:
    rules = asked(CALM).messages[0]["content"]
    assert NONCE in rules
    assert "{" not in rules
