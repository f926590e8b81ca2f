"""Traces put together from several clusters, and searched for without splicing text."""

import base64
import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code
from gateway.federation.fleet import ClusterRef
from gateway.federation.otlp import SpanStatus, span_id, spans as read_spans, value_of
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.federation.service_map import percentile, service_map
from gateway.federation.traceql import Wanted, matching, quoted, traceql
from gateway.federation.traces import searched, summary_of, united, view_of

SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND
ONE, TWO = (ClusterRef(UUID(int=n), f"cluster-{n}", "hub", "1") for n in (1, 2))


def told(number: int, parent: int | None = None, **changes: Any) -> dict[str, Any]:
    """A span as Tempo writes it."""
    return {
        "spanId": base64.b64encode(number.to_bytes(8, "big")).decode(),
        "parentSpanId": parent and f"{parent:016x}",
        "name": f"work {number}",
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(START + number),
        "endTimeUnixNano": str(START + SECOND),
    } | changes


def document(service: str, *spans: dict[str, Any], **attributes: str) -> dict[str, Any]:
    names = {"service.name": service, **attributes}
    resource = [{"key": key, "value": {"stringValue": text}} for key, text in names.items()]
    return {
        "batches": [{"resource": {"attributes": resource}, "scopeSpans": [{"spans": [*spans]}]}]
    }


def answered(cluster: ClusterRef, body: Any) -> ClusterAnswer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ClusterAnswer(cluster, Status.SUCCESS, (text,))


def test_a_span_is_read_with_all_that_it_says() -> None:
    span = told(
        2,
        1,
        attributes=[{"key": "http.status_code", "value": {"intValue": "503"}}],
        status={"code": "STATUS_CODE_ERROR", "message": "no stock"},
        events=[
            {
                "timeUnixNano": str(START + 5),
                "name": "exception",
                "attributes": [{"key": "exception.type", "value": {"stringValue": "Sold"}}],
            }
        ],
    )
    body = document("shop", span, **{"k8s.pod.name": "shop-1"})
    (read,) = read_spans(json.dumps(body).encode(), ONE)
    view = view_of(read)
    assert (view.span_id, view.parent_span_id) == ("0" * 15 + "2", "0" * 15 + "1")
    assert (view.operation_name, view.service_name) == ("work 2", "shop")
    assert view.start_time == "2026-01-01T00:00:00.000000002Z"
    assert view.duration_ms == pytest.approx(999.999998)
    assert view.status is SpanStatus.ERROR
    assert view.tags == {
        "k8s.pod.name": "shop-1",
        "span.kind": "server",
        "otel.status_description": "no stock",
        "http.status_code": 503,
    }
    assert view.logs[0].fields == {"exception.type": "Sold"}
    assert view.logs[0].timestamp == "2026-01-01T00:00:00.000000005Z"


@pytest.mark.parametrize("name", ["scopeSpans", "instrumentationLibrarySpans"])
@pytest.mark.parametrize("outer", ["batches", "resourceSpans", "trace"])
def test_every_version_of_the_answer_is_understood(name: str, outer: str) -> None:
    batch: Any = {"resource": {}, name: [{"spans": [told(1)]}]}
    body: Any = {"trace": {"resourceSpans": [batch]}} if outer == "trace" else {outer: [batch]}
    (span,) = read_spans(json.dumps(body).encode(), ONE)
    assert (span.service, span.status) == ("unknown", SpanStatus.UNSET)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ({"stringValue": "x"}, "x"),
        ({"boolValue": True}, True),
        ({"intValue": "-9007199254740993"}, -9007199254740993),
        ({"intValue": 7}, 7),
        ({"intValue": "many"}, "many"),
        ({"intValue": "9223372036854775807"}, 2**63 - 1),
        ({"intValue": "9223372036854775808"}, "9223372036854775808"),
        ({"intValue": "٣"}, "٣"),
        ({"doubleValue": 10**400}, str(10**400)),
        ({"doubleValue": 0.5}, 0.5),
        ({"doubleValue": "NaN"}, "NaN"),
        ({"doubleValue": "1e999"}, "1e999"),
        ({"bytesValue": "AAE="}, "AAE="),
        ({"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "b"}]}}, [1, "b"]),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"intValue": 1}}]}}, {"a": 1}),
        ({"arrayValue": {}}, []),
        ({"somethingNew": {"a": 1}}, None),
        ({}, None),
    ],
)
def test_every_kind_of_attribute_has_a_value(value: dict[str, Any], meant: Any) -> None:
    assert value_of(value) == meant


def test_what_is_nested_without_end_is_cut() -> None:
    value: dict[str, Any] = {"intValue": 1}
    for _ in range(50):
        value = {"arrayValue": {"values": [value]}}
    assert "…" in json.dumps(value_of(value), ensure_ascii=False)


@pytest.mark.parametrize("text", ["", "12345", "g" * 16, "A" * 20, "é" * 16, "a b c d e f g h "])
def test_an_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span id"):
        span_id(text)


@given(st.binary(min_size=8, max_size=8))
def test_an_id_is_the_same_in_hexadecimal_and_base64(raw: bytes) -> None:
    assert span_id(base64.b64encode(raw).decode()) == span_id(raw.hex().upper()) == raw.hex()


def test_spans_of_several_clusters_are_one_trace_and_doubles_are_dropped() -> None:
    answers = [
        answered(ONE, document("web", told(1), told(2, 1))),
        answered(TWO, document("shop", told(2, 1), told(3, 2, status={"code": 2}))),
    ]
    _, spans = united(answers)
    assert [(span.span_id[-1], span.cluster.name) for span in spans] == [
        ("1", "cluster-1"),
        ("2", "cluster-1"),
        ("3", "cluster-2"),
    ]
    summary = summary_of("AB", spans)
    assert summary.trace_id == "ab".zfill(32)
    assert (summary.root_service, summary.root_operation) == ("web", "work 1")
    assert (summary.span_count, summary.service_count, summary.has_errors) == (3, 2, True)
    assert [each.cluster_name for each in summary.clusters] == ["cluster-1", "cluster-2"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"batches": [{"scopeSpans": [{"spans": [{"spanId": "x"}]}]}]}',
        b'{"batches": 1}',
        json.dumps(document("x", told(1, startTimeUnixNano="soon"))).encode(),
        json.dumps(document("x", told(1, spanId="x"))).encode(),
        b'{"trace": ' * 100_000,
    ],
)
def test_a_trace_that_cannot_be_read_is_named_and_the_others_stand(body: bytes) -> None:
    read, spans = united([answered(ONE, body), answered(TWO, document("web", told(1)))])
    assert [span.cluster for span in spans] == [TWO]
    assert [each.code for each in read] == [Code.UPSTREAM_FAILED, None]


def test_a_cluster_without_the_trace_has_nothing_to_say() -> None:
    for body in (b"", b"{}", b'{"batches": null}', b'{"batches": []}'):
        read, spans = united([answered(ONE, body)])
        assert (spans, read[0].code) == ([], None)


def found(trace_id: str, start: int, **changes: Any) -> dict[str, Any]:
    return {
        "traceID": trace_id,
        "rootServiceName": "web",
        "rootTraceName": "GET /",
        "startTimeUnixNano": str(START + start),
        "durationMs": 5,
    } | changes


def test_a_search_is_one_list_newest_first_and_a_shared_trace_one_entry() -> None:
    stats = {"serviceStats": {"shop": {"spanCount": 3, "errorCount": 1}}}
    no_root = {"rootServiceName": "<root span not yet received>", "durationMs": 9}
    answers = [
        answered(ONE, [found("a1", 10), found("b", 30, **stats)]),
        answered(TWO, [found("00a1", 5, **no_root, **stats), found("c", 20)]),
    ]
    _, traces = searched(answers, 10)
    assert [each.trace_id.lstrip("0") for each in traces] == ["b", "c", "a1"]
    shared = traces[2]
    assert (shared.cluster_name, shared.root_service) == ("cluster-1", "web")
    assert (shared.duration_ms, shared.has_errors, shared.span_count) == (9, True, None)
    assert shared.start_time.endswith("000005Z")
    assert [each.cluster_name for each in shared.clusters] == ["cluster-1", "cluster-2"]
    assert (traces[0].span_count, traces[0].service_count) == (3, 1)
    assert traces[1].span_count is None
    assert len(searched(answers, 2)[1]) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        b"<html>",
        b'{"traces": []}',
        [found("no id", 1)],
        [found("a" * 33, 1)],
        [found("a", -(9**30))],
    ],
)
def test_a_search_that_cannot_be_read_is_named_and_the_others_stand(wrong: Any) -> None:
    read, traces = searched([answered(ONE, wrong), answered(TWO, [found("b", 1)])], 10)
    assert [each.trace_id.lstrip("0") for each in traces] == ["b"]
    assert [each.code for each in read] == [Code.UPSTREAM_FAILED, None]


def test_the_map_counts_calls_between_services() -> None:
    answers = [
        answered(ONE, document("web", told(1))),
        answered(
            TWO,
            document("shop", told(2, 1, status={"code": 2}), told(3, 1), told(4, 3), told(5, 99)),
        ),
    ]
    _, spans = united(answers)
    made = service_map([spans, spans])
    (edge,) = made.edges
    assert (edge.caller, edge.callee, edge.calls, edge.errors) == ("web", "shop", 4, 2)
    assert [(node.name, node.spans, node.errors) for node in made.nodes] == [
        ("shop", 8, 2),
        ("web", 2, 0),
    ]
    assert [node.clusters for node in made.nodes] == [["cluster-2"], ["cluster-1"]]


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_a_percentile_is_a_value_that_was_measured(values: list[int]) -> None:
    p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
    assert {p50, p95} <= set(values)
    assert sum(value <= p50 for value in values) >= len(values) * 0.5
    assert sum(value <= p95 for value in values) >= len(values) * 0.95


# A string of TraceQL as its lexer (Go's) reads it: no raw quote, line end or lone backslash.
_STRING = r'"(?:[^"\\\n\x00-\x1f]|\\(?:["\\bfnrt]|u[0-9a-f]{4}))*"'


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_whatever_is_typed_stays_inside_a_string(text: str) -> None:
    assert re.fullmatch(_STRING, quoted(text))
    condition = matching("name", text)
    if condition is not None:
        assert re.fullmatch(rf"name =~? {_STRING}", condition)


@given(st.text(alphabet="ab.*?+()[]{}^$|\\\"'-", min_size=1), st.text(alphabet="ab.*+(\\"))
def test_a_wildcard_matches_as_in_a_shell_and_all_else_is_literal(pattern: str, name: str) -> None:
    condition = matching("name", pattern)
    wanted = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    expected = re.fullmatch(wanted, name) is not None
    assert _matches(condition, name) is expected


def _matches(condition: str | None, name: str) -> bool:
    if condition is None:
        return True
    operator, _, text = condition.removeprefix("name ").partition(" ")
    meant: str = json.loads(text)
    return meant == name if operator == "=" else re.search(meant, name) is not None


def test_a_search_becomes_traceql() -> None:
    assert traceql(Wanted()) == "{}"
    assert traceql(Wanted(service="*")) == "{}"
    wanted = Wanted(
        "pay*", 'GET "/a"', 100, 2000, {"http.status_code": "500", "resource.zone": "x"}
    )
    assert traceql(wanted) == (
        '{ resource.service.name =~ "^pay.*$" && name = "GET \\"/a\\"" && traceDuration >= 100ms'
        " && traceDuration <= 2000ms"
        ' && (.http.status_code = "500" || .http.status_code = 500) && resource.zone = "x" }'
    )


@pytest.mark.parametrize("name", ["", "a b", 'a"', "a}", "a = 1 || b", "a\n", "1a", "{a", "a&&b"])
def test_a_tag_whose_name_could_change_the_query_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="attribute"):
        traceql(Wanted(tags={name: "x"}))
