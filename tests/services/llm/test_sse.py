"""Events are read however their bytes are cut."""

import pytest

from services.llm.assembling import Malformed
from services.llm.sse import Events


def read(*parts: bytes) -> list[object]:
    events, made = Events(), list[object]()
    for each in parts:
        made += events.add(each)
        if events.ended:
            break
    return made


STREAM = (
    b': alive\r\n\r\nevent: x\r\ndata: {"a":\r\ndata:1}\r\n\r\ndata: "\xc3\xa9"\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_the_same_comes_of_parts_of_any_size(size: int) -> None:
    parts = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert read(*parts, b'data: "after the end"\n\n') == [{"a": 1}, "\u00e9"]


@pytest.mark.parametrize("bad", [b"{", b'{"error": {"message": "no"}}', b'"\xff"', b"x"])
def test_what_is_no_json_or_an_error_is_told(bad: bytes) -> None:
    with pytest.raises((Malformed, ValueError)):
        read(b"data: " + bad + b"\n\n")


def test_nothing_is_nothing() -> None:
    assert read() == []
    assert read(b"\n\n", b"data: 1") == []
