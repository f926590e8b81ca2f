"""What is shown of an answer on its way opens no link, and in the end says the same."""

import re

import pytest
from hypothesis import given, strategies as st

from services.llm.flowing import Flow
from services.llm.markdown import harmless
from tests.services.llm.attacks import ATTACKS
from tests.services.llm.test_markdown import PIECES

_PARTS = st.lists(st.one_of(st.sampled_from([*ATTACKS, *PIECES]), st.text(max_size=5)), max_size=15)


def flowed(*parts: str) -> str:
    flow = Flow()
    return "".join([*(flow.add(each) for each in parts), flow.end()])


@given(_PARTS)
def test_no_link_image_or_tag_is_shown(parts: list[str]) -> None:
    shown = flowed(*parts)
    for bad in ("](", "![", "][", "]:"):
        assert bad not in shown
    assert not re.search(r"<\S", shown)
    assert not re.search(r"(?i):[/\\]{2}\S|www\.\S", shown)
    assert not re.search(r"(?<!: )[/\\]{2}\w", shown)


@given(_PARTS, st.integers(1, 7))
def test_it_is_the_same_however_it_comes(parts: list[str], size: int) -> None:
    text = "".join(parts)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    shown = flowed(*pieces)
    for bad in ("](", "![", "][", "]:"):
        assert bad not in shown
    assert not re.search(r"<\S", shown)


@pytest.mark.parametrize(
    "text",
    [
        "**worker-3** is down\n\n- `a < b`\n",
        "at 12:00 on node:9100, see /var/log, now!",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "go to https://evil.example/x and www.evil.example",
        "<think>secretly</think>\nIt is down.",
        "<script>alert(1)</script>",
        "[event 12] says \u9ede",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 1_000])
def test_without_links_it_is_what_the_whole_answer_is(text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert flowed(*pieces).strip() == harmless(text)


def test_words_are_shown_as_they_come() -> None:
    flow = Flow()
    assert [flow.add(each) for each in ("It", " is", " now", " down!")] == [
        "It", " is", " no", "w down",
    ]  # fmt: skip
    assert flow.end() == "!"


def test_thoughts_are_never_shown() -> None:
    assert flowed("<thi", "nk>", "a ", "b", "</th", "ink>", "\n\n", "It is.") == "It is."
    assert flowed("<think>", "for ever") == ""
    assert flowed(" ", "<", "b") == "&lt;b"
