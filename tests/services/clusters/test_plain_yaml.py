import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from services.clusters import plain_yaml

MIB = 1 << 20


def laughs() -> str:
    lines = ["a: &a [x, x]"]
    for before, after in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


BOMBS = {
    "laughs": laughs(),
    "deep flow": "[" * MIB,
    "deep mappings": "{" * MIB,
    "deep blocks": "- " * (MIB // 2),
    "staircase": "".join(" " * depth + "a:\n" for depth in range(1400)),
    "wide": "[" + "," * (MIB - 1),
    "long": "- a\n" * (MIB // 4 - 1),
    "keys": "".join(f"k{number}: \n" for number in range(90_000)),
    "directives": "".join(f"%TAG !a{number}! x\n" for number in range(50_000)),
    "late directives": "--- a\n...\n" + "".join(f"%TAG !{n}! x\n" for n in range(60_000)),
    "documents": "---\n" * (MIB // 4 - 1),
    "anchors": "".join(f"- &a{number} x\n" for number in range(80_000)),
    "quotes": "'" + "a " * (MIB // 2 - 1),
    "escapes": '"' + "\\n" * (MIB // 2 - 1),
    "questions": "? " * (MIB // 2),
    "folded": ">\n" + " a\n\n" * (MIB // 4 - 1),
    "spaces": " " * MIB,
    "a wide gap and many small ones": "a" + " " * (MIB // 2) + "a " * (MIB // 4 - 1),
    "many gaps": ("a" + " " * 1000) * (MIB // 1001),
    "a long gap and many small ones": "a" + "\n" * (MIB // 2) + "a\n" * (MIB // 4 - 1),
    "a gap in a block": "|\n a" + "\n \n" * (MIB // 8) + " a\n" * (MIB // 8),
    "a gap in quotes": '"' + " " * (MIB // 2) + "a " * (MIB // 4 - 1),
    "a gap of tabs": "a" + "\t" * (MIB // 2) + "a\t" * (MIB // 4 - 1),
    "zeros": "\0" * MIB,
    "digits": "a: " + "1" * (MIB - 3),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_mebibyte_takes_a_second(bomb: str) -> None:
    assert len(BOMBS[bomb]) <= MIB
    before = time.process_time()
    with contextlib.suppress(plain_yaml.NotPlain):
        plain_yaml.parse(BOMBS[bomb])
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (laughs(), "anchors"),
        ("a: *a", "aliases"),
        ("a: &a b", "anchors"),
        ("a: !b c", "tags"),
        ("a: !!python/object:os.system b", "tags"),
        ("a: !!set {}", "tags"),
        ("%YAML 1.1\n---\na: b", "directives"),
        ("\ufeff%YAML 1.1\n---\na: b", "directives"),
        ("--- a\n--- b", "more than one document"),
        ("a: b\nc: d\na: e", r"twice \(line 3\)"),
        ("<<: {a: b}", "key must be a text"),
        ("? [a]\n: b", "key must be a text"),
        ("~: b", "key must be a text"),
        ("[" * 33 + "]" * 33, "nested"),
        ("[" + "a," * 100_000 + "]", "100000 nodes"),
        ("a" + " " * 1001 + "b", "1000 blanks"),
        ("a: b\n c: d\n  - [", r"not YAML \(line 2\)"),
        ("a: \0", "not YAML"),
    ],
)
def test_what_json_could_not_say_is_refused(text: str, why: str) -> None:
    with pytest.raises(plain_yaml.NotPlain, match=why):
        plain_yaml.parse(text)


def test_a_scalar_is_its_text_and_only_a_plain_null_is_nothing() -> None:
    text = "[1, 0x1f, true, 2026-03-01, null, ~, 'null', \"\", !!str null, !!int 5, |\n a\n b\n]"
    assert plain_yaml.parse(text.replace(", |\n a\n b\n", "")) == [
        "1", "0x1f", "true", "2026-03-01", None, None, "null", "", "null", "5",
    ]  # fmt: skip
    assert plain_yaml.parse("a: |\n b\n c\n") == {"a": "b\nc\n"}
    assert plain_yaml.parse("a:\nb: >-\n c\n d\n") == {"a": None, "b": "c d"}


def test_bounds_leave_room_for_what_is_just_within_them() -> None:
    deep = plain_yaml.parse("[" * 32 + "]" * 32)
    for _ in range(31):
        assert isinstance(deep, list)
        (deep,) = deep
    assert deep == []
    assert plain_yaml.parse("a" + " " * 1000 + "b") == f"a{' ' * 1000}b"


TREES = st.recursive(
    st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])),
    lambda tree: (
        st.lists(tree, max_size=4)
        | st.dictionaries(st.text("abcdef<é", min_size=1).filter(lambda key: key != "<<"), tree)
    ),
    max_leaves=12,
)


@for_all(TREES)
def test_what_json_says_is_read_back(tree: Any) -> None:
    assert plain_yaml.parse(json.dumps(tree, ensure_ascii=False)) == tree
    assert plain_yaml.parse(json.dumps(tree, ensure_ascii=False, indent=2)) == tree


BITS = st.sampled_from(
    [*"\n{}[],\"'!%|>?#\0\ufeff\t\r\u2028\ud800", "  ", "- ", ": ", "&a ", "*a", "secret", "--- "]
)


@for_all(st.lists(BITS, max_size=40).map("".join))
def test_no_junk_breaks_out_or_is_repeated(text: str) -> None:
    told = ""
    try:
        plain_yaml.parse(text)
    except plain_yaml.NotPlain as error:
        told = f"{error}{error.__cause__}{error.__context__}"
    assert "secret" not in told


@for_all(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(plain_yaml.NotPlain):
        plain_yaml.parse(text)
