"""What follows an answer is of the time of that answer, also where none was asked for."""

from typing import Any, cast

import pytest

from gateway.tools.inner import Inner
from gateway.tools.runner import run
from services.runtime.clock import SystemClock
from tests.kit.samples import START

pytestmark = pytest.mark.anyio

_LINES = {"entries": [{"message": f"{number} {'x' * 400}"} for number in range(100)]}
_SERIES = {"results": [{"data": [{"metric": {"pod": f"{n}-{'x' * 300}"}} for n in range(200)]}]}
_TRACES = {"traces": [{"trace_id": f"{number:032x}", "root": "x" * 300} for number in range(100)]}


class _Clock(SystemClock):
    def now(self) -> Any:
        return START


class _Api:
    """Answers the same to everything."""

    has_much = False
    clock = _Clock()

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    async def post(self, _: str, __: object) -> Any:
        return self._answer


@pytest.mark.parametrize(
    ("name", "asked", "answer"),
    [
        ("query_logs", {"query": "{}"}, _LINES),
        ("query_metrics", {"query": "up"}, _SERIES),
        ("search_traces", {}, _TRACES),
    ],
)
async def test_the_end_is_pinned(name: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
    api = cast("Inner", _Api(answer))
    first = await run(name, asked, api)
    assert first.next is not None
    assert first.next["end_time"] == START.isoformat()
    assert first.next["offset"] > 0
    given = await run(name, {**asked, "end_time": "2020-01-01T00:00:00Z"}, api)
    assert given.next is not None
    assert given.next["end_time"] == "2020-01-01T00:00:00Z"
