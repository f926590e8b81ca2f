"""What is shown fits into a window, stays JSON, and tells what was left out."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.llm.budget import fit, room
from services.llm.prompting import Asking

_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda more: st.lists(more) | st.dictionaries(st.text(), more),
    max_leaves=60,
)  # fmt: skip


@given(_ANY, st.integers(100, 5_000))
def test_it_fits_and_is_json(value: object, most: int) -> None:
    shown = fit(value, most)
    assert len(shown.text.encode()) <= most
    read = json.loads(shown.text)
    assert shown.cut or read == value


@given(st.text())
def test_no_text_ends_a_line_or_opens_a_fence(text: str) -> None:
    shown = fit({"a": text}, 10**6).text
    assert json.loads(shown) == {"a": text}
    assert len(shown.splitlines()) == 1
    assert not set("<>`") & set(shown)


def test_lists_are_cut_to_their_first_ones_and_say_how_many_are_missing() -> None:
    value = {"signals": [{"name": f"alert-{number}"} for number in range(500)], "title": "down"}
    shown = fit(value, 2_000)
    read: dict[str, Any] = json.loads(shown.text)
    assert shown.cut
    assert read["title"] == "down"
    kept, more = read["signals"][:-1], read["signals"][-1]
    assert kept == value["signals"][: len(kept)]
    assert more == f"left out: {500 - len(kept)} more"


def test_what_cannot_be_cut_to_fit_is_left_out_and_says_so() -> None:
    shown = fit({f"{'k' * 500}-{number}": number for number in range(9)}, 100)
    assert shown.cut
    assert json.loads(shown.text) == {"left out": "9 more fields"}
    assert "too large" in fit({f"{number}" * 9: [1] for number in range(9)}, 100).text


def test_what_is_nested_without_an_end_is_cut() -> None:
    value: object = 1
    for _ in range(5_000):
        value = [value]
    shown = fit({"deep": value}, 10_000)
    assert shown.cut
    assert "nested values" in shown.text


@pytest.mark.parametrize("tokens", [8_192, 32_768, 131_072])
@pytest.mark.parametrize("letter", ["x", "ä", "漢", "<", "\u202e"])
def test_a_prompt_is_within_the_window(tokens: int, letter: str) -> None:
    facts = {"data": {f"{number}": letter * 900 for number in range(60)}}
    prompt = Asking(facts, "Why? " * 100, lambda: "n" * 43).prompt(tokens)
    size = sum(len(each["content"].encode()) for each in prompt.messages)
    assert size <= room(tokens, 0)
    if tokens == 8_192:
        assert prompt.cut
        assert "not all data fit" in prompt.messages[0]["content"].lower()


def test_what_was_shown_has_the_same_hash_behind_any_fence() -> None:
    first = Asking({"a": 1}, "Why?", lambda: "x").prompt(8_192)
    again = Asking({"a": 1}, "Why?", lambda: "z").prompt(8_192)
    assert first.shown_sha256 == again.shown_sha256
    assert first.messages != again.messages
    other = Asking({"a": 2}, "Why?", lambda: "x").prompt(8_192)
    assert other.shown_sha256 != first.shown_sha256
