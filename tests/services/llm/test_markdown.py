"""An explanation shows text, and makes no browser fetch anything."""

import re

import pytest
from hypothesis import given, strategies as st

from services.llm.markdown import harmless, quoted
from tests.services.llm.attacks import ATTACKS


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("**worker-3** is down\n\n- `a < b`", "**worker-3** is down\n\n- `a < b`"),
        ("see ![x](https://evil.example/?q=1)!", "see x!"),
        ("[a](javascript:alert(1)) b", "a b"),
        ("[![i](http://e/1)](http://e/2)", "i"),
        ("[a][1]\n\n[1]: http://evil", "a\n\n[1]\\: http: //evil"),
        ("!![x]\n\n> [x]: //evil.example/?q=S", "[x]\n\n> [x]\\: //evil.example/?q=S"),
        ("- [a\\]b]: x", "- [a\\]b]\\: x"),
        ("//evil/x", "/ /evil/x"),
        ("https:\\\\evil", "https: \\\\evil"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("see www.evil.example", "see www. evil.example"),
        ("<1@evil.example>", "&lt;1@evil.example>"),
        ("at 12:00 on node:9100, see /var/log", "at 12:00 on node:9100, see /var/log"),
        ("go to https://evil.example/x", "go to https: //evil.example/x"),
        ("<http://evil>", "<http: //evil>"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<think>secretly</think>\nIt is down.", "It is down."),
        ("<think>never ends", ""),
        ("a\u202eb\x07c\u200bd", "abcd"),
        ("[event 12]", "[event 12]"),
    ],
)
def test_only_text_is_left(said: str, left: str) -> None:
    assert harmless(said).replace("&lt;http:", "<http:") == left


PIECES = (
    *("[", "](", ")", "![", "!", "!!", "<", "x", "]", "]:", "][", "[x]", "[x]: ", "\\", "\\]"),
    *("\n", "\n\n", "> ", "- ", " ", ":", "/", "//evil.example/?q=", "https://", "https:\\\\h"),
    *("javascript:", "www.", "&colon;", "<think>", "</think>"),
)


@given(st.lists(st.sampled_from([*ATTACKS, *PIECES]), max_size=12))
def test_no_link_image_or_tag_is_left(pieces: list[str]) -> None:
    left = harmless("".join(pieces))
    assert "](" not in left
    assert "![" not in left
    assert "][" not in left
    assert "]:" not in left
    assert not re.search(r"<\S", left)
    assert not re.search(r"(?i):[/\\]{2}\S|javascript:\S|www\.\S", left)
    assert not re.search(r"(?<!: )[/\\]{2}\w", left)


def test_much_that_almost_is_a_link_is_read_quickly() -> None:
    for bad in (
        "[a](" + "a" * 30_000,
        "[a](" * 8_000,
        "[" * 30_000,
        "![" * 15_000,
        "[a](b(" * 5_000,
        "!" * 30_000,
        "/" * 30_000,
        "a:" * 15_000,
    ):
        harmless(bad)


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_quoted_is_one_piece_of_code(text: str) -> None:
    shown = quoted(text)
    assert shown.count("`") in {0, 2}
    assert "\n" not in shown
