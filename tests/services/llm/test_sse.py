"""Events are read however their bytes are cut."""

from collections.abc import AsyncIterator

import pytest

from services.llm.assembling import Malformed
from services.llm.sse import chunks

pytestmark = pytest.mark.anyio


async def read(*parts: bytes) -> list[object]:
    async def coming() -> AsyncIterator[bytes]:
        for each in parts:
            yield each

    return [each async for each in chunks(coming())]


STREAM = (
    b': alive\r\n\r\nevent: x\r\ndata: {"a":\r\ndata:1}\r\n\r\ndata: "\xc3\xa9"\n\ndata: [DONE]\n\n'
)


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
async def test_the_same_comes_of_parts_of_any_size(size: int) -> None:
    parts = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert await read(*parts, b'data: "after the end"\n\n') == [{"a": 1}, "\u00e9"]


@pytest.mark.parametrize("bad", [b"{", b'{"error": {"message": "no"}}', b'"\xff"', b"x"])
async def test_what_is_no_json_or_an_error_is_told(bad: bytes) -> None:
    with pytest.raises((Malformed, ValueError)):
        await read(b"data: " + bad + b"\n\n")


async def test_nothing_is_nothing() -> None:
    assert await read() == []
    assert await read(b"\n\n", b"data: 1") == []
