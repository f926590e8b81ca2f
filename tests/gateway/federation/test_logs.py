"""Lines of many clusters in time order, and what becomes of answers that cannot be read."""

import json
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code
from contracts.telemetry import Direction
from gateway.federation.fleet import ClusterRef
from gateway.federation.logs import Logs, gathered, names
from gateway.federation.nanoseconds import nanoseconds, rfc3339_ns
from gateway.federation.outcome import ClusterAnswer, Status

BACKWARD, FORWARD = Direction.BACKWARD, Direction.FORWARD
MOMENT = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z


def cluster(number: int) -> ClusterRef:
    return ClusterRef(UUID(int=number), f"cluster-{number}", "hub", "1")


def answered(number: int, result: Any, kind: str = "streams", **told: Any) -> ClusterAnswer:
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    return ClusterAnswer(cluster(number), Status.SUCCESS, (body,), {"kind": kind, **told})


def stream(*lines: tuple[int, str], **labels: str) -> dict[str, Any]:
    return {"stream": labels, "values": [[str(ns), text] for ns, text in lines]}


def messages(logs: Logs) -> list[str]:
    return [entry.message for entry in logs.entries]


def test_lines_of_all_clusters_stand_in_one_order() -> None:
    answers = [
        answered(1, [stream((30, "d"), (10, "b"), app="a"), stream((5, "a"), app="b")]),
        answered(2, [stream((40, "e"), (20, "c"), app="a")]),
    ]
    assert messages(gathered(answers, BACKWARD, 100)[1]) == ["e", "d", "c", "b", "a"]
    assert messages(gathered(answers, FORWARD, 100)[1]) == ["a", "b", "c", "d", "e"]
    assert messages(gathered(answers, BACKWARD, 2)[1]) == ["e", "d"]


def test_a_line_says_where_and_when_to_the_nanosecond() -> None:
    _, logs = gathered([answered(7, [stream((MOMENT + 123_456_789, "x"), app="a")])], BACKWARD, 1)
    (entry,) = logs.entries
    assert (entry.cluster_id, entry.cluster_name) == (UUID(int=7), "cluster-7")
    assert entry.timestamp == "2026-01-01T00:00:00.123456789Z"
    assert entry.stream == {"app": "a"}


Lines = st.lists(st.tuples(st.integers(0, 50), st.text(max_size=3)), max_size=8)
Fleet = st.lists(st.lists(Lines, max_size=3), max_size=4)


@given(Fleet, st.sampled_from(Direction), st.integers(1, 30))
def test_the_merge_is_what_sorting_everything_gives(
    fleet: list[list[list[tuple[int, str]]]], direction: Direction, limit: int
) -> None:
    backward = direction is BACKWARD
    answers = [
        answered(number, [stream(*lines, n=str(index)) for index, lines in enumerate(streams)])
        for number, streams in enumerate(fleet)
    ]
    _, logs = gathered(answers, direction, limit)
    everything = [line for streams in fleet for lines in streams for line in lines]
    wanted = sorted(everything, key=lambda line: line[0], reverse=backward)[:limit]
    told = [nanosecond(entry.timestamp) for entry in logs.entries]
    assert told == [ns for ns, _ in wanted]
    assert all(a >= b if backward else a <= b for a, b in pairwise(told))


@given(Fleet, st.sampled_from(Direction), st.integers(1, 10))
def test_asking_each_cluster_for_as_many_lines_loses_none(
    fleet: list[list[list[tuple[int, str]]]], direction: Direction, limit: int
) -> None:
    """A cluster sends its first ``limit`` lines only: the first ``limit`` of all are among them."""
    whole = [
        answered(number, [stream(*each) for each in told]) for number, told in enumerate(fleet)
    ]
    cut: list[ClusterAnswer] = []
    for number, answer in enumerate(whole):
        _, first = gathered([answer], direction, limit)
        lines = [(nanosecond(entry.timestamp), entry.message) for entry in first.entries]
        cut.append(answered(number, [stream(*lines)]))
    times = [each.timestamp for each in gathered(whole, direction, limit)[1].entries]
    assert [each.timestamp for each in gathered(cut, direction, limit)[1].entries] == times


def nanosecond(text: str) -> int:
    return int(text[-10:-1])


def test_lines_of_the_same_moment_keep_the_order_of_their_stream() -> None:
    lines = [(9, "first"), (9, "second"), (9, "third")]
    for direction in Direction:
        _, logs = gathered([answered(1, [stream(*lines)])], direction, 10)
        assert messages(logs) == ["first", "second", "third"]


def test_metrics_of_lines_stand_by_cluster() -> None:
    vector = [{"metric": {"app": "a"}, "value": [1.5, "2"]}]
    matrix = [{"metric": {"app": "b"}, "values": [[1, "2"], [2, "3"]]}]
    answers = [answered(1, vector, "vector"), answered(2, matrix, "matrix", warnings=["slow"])]
    _, logs = gathered(answers, BACKWARD, 10)
    told = json.loads(msgspec.json.encode(logs.results))
    assert logs.entries == []
    assert [each["result_type"] for each in told] == ["VECTOR", "MATRIX"]
    assert told[0]["data"] == [{"metric": {"app": "a"}, "values": [[1.5, "2"]]}]
    assert told[1]["data"] == matrix
    assert told[1]["warnings"] == ["slow"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'[{"stream": {}, "values": [["1"',
        b'[{"stream": {"a": 1}, "values": []}]',
        b'[{"stream": {}, "values": [[1, "x"]]}]',
        b'[{"stream": {}, "values": [["-1", "x"]]}]',
        b'[{"stream": {}, "values": [["9999999999999999999999", "x"]]}]',
        b'[{"stream": {}, "values": [["9223372036854775807x", "x"]]}]',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_cannot_be_read_is_named_and_the_others_stand(body: bytes) -> None:
    answers = [answered(1, body), answered(2, [stream((1, "x"))])]
    read, logs = gathered(answers, BACKWARD, 10)
    assert messages(logs) == ["x"]
    assert [each.code for each in read] == [Code.UPSTREAM_FAILED, None]
    assert "loki_url" in str(logs.results[0].error)
    assert [each.status for each in logs.results] == [Status.ERROR, Status.SUCCESS]


def test_what_loki_adds_to_a_line_is_not_in_the_way() -> None:
    more = {"structuredMetadata": {"trace_id": "1"}}
    body: Any = [{"stream": {}, "values": [["5", "x", more]]}]
    assert messages(gathered([answered(1, body)], BACKWARD, 10)[1]) == ["x"]


def test_names_are_a_sorted_union() -> None:
    answers = [answered(1, ["b", "a"]), answered(2, ["c", "a"]), answered(3, None)]
    assert names(answers) == (answers, ["a", "b", "c"])
    read, found = names([answered(1, {"a": 1}), answered(2, ["x"]), answered(3, b"")])
    assert found == ["x"]
    assert [each.code for each in read] == [Code.UPSTREAM_FAILED, None, None]


@given(st.integers(0, 253_402_300_799_999_999_999))
def test_no_digit_of_a_time_is_lost(moment: int) -> None:
    assert nanoseconds(str(moment)) == moment
    assert int(rfc3339_ns(moment)[-10:-1]) == moment % 1_000_000_000
