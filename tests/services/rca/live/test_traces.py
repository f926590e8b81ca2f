"""What traces tell: who calls whom, where errors begin, whose own work takes longer."""

import pytest

from contracts.clusters import Checked
from contracts.rca_seen import RcaSeen
from services.rca.live import traces
from services.rca.live.focus import Focus
from services.rca.live.traces import Trace
from tests.kit.samples import CLUSTER_ID, at
from tests.services.rca.live.kit import SECONDS, Row, batch, body, document, focus, of, span

WEB, CART, STORE = (f"workload/shop/{each}" for each in ("web", "cart", "store"))
FAILED, FINE = 2, 1


def trace(number: int, *batches: Row, on: Focus | None = None) -> Trace:
    return traces.trace(f"{number:032x}", document(*batches), on or focus())


def request(number: int, *failed: str, store: float = 10.0) -> Trace:
    """Web calls cart and cart calls store; these fail, and store works so many milliseconds."""
    start = float(number)
    works = {
        name: span(
            which,
            which - 1 or None,
            name=f"{name} work",
            # Each calls for all of its time but 4 ms.
            ms=store + 4.0 * (3 - which) + number % 3,
            start=start + 0.001 * which,
            status=FAILED if name in failed else FINE,
        )
        for which, name in enumerate(("web", "cart", "store"), 1)
    }
    return trace(number, *(batch(of(name), each) for name, each in works.items()))


def requests(count: int, *failed: str, first: int = 1, store: float = 10.0) -> list[Trace]:
    return [request(first + each, *failed, store=store) for each in range(count)]


def place(attributes: dict[str, str], on: Focus | None = None) -> str:
    (found,) = trace(1, batch(attributes, span(1)), on=on).spans
    return found.entity


def called(*some: Trace) -> list[tuple[str, str]]:
    return [(each.caller, each.callee) for each in traces.calls(focus(), some)]


def begun(failed: list[Trace], before: list[Trace] | None = None) -> list[RcaSeen]:
    return traces.seen(focus(), failed, [], before or [])


def test_calls_are_those_of_a_span_to_one_of_another_workload() -> None:
    assert called(*requests(3)) == [(CART, STORE), (WEB, CART)]
    (one, _) = traces.calls(focus(), requests(1))
    assert one.cluster_id == CLUSTER_ID


def test_steps_within_a_workload_are_no_calls() -> None:
    assert called(trace(1, batch(of("web"), span(1), span(2, 1)))) == []


def test_a_span_whose_caller_is_missing_begins_a_request() -> None:
    lost = trace(1, batch(of("cart"), span(2, 1)), batch(of("store"), span(3, 2)))
    assert called(lost) == [(CART, STORE)]


def test_spans_of_another_trace_are_no_callers() -> None:
    one, other = trace(1, batch(of("web"), span(1))), trace(2, batch(of("cart"), span(2, 1)))
    assert called(one, other) == []


def test_a_span_that_is_its_own_caller_does_no_harm() -> None:
    assert called(trace(1, batch(of("web"), span(1, 1)))) == []
    assert traces.seen(focus(), [], [trace(1, batch(of("web"), span(1, 1)))] * 9, requests(9)) == []


@pytest.mark.parametrize(
    "attributes",
    [
        of("cart"),
        {**of("cart"), "service.name": "checkout"},
        {"k8s.namespace.name": "shop", "k8s.statefulset.name": "cart"},
        {"k8s.namespace.name": "shop", "k8s.daemonset.name": "cart"},
        {"k8s.namespace.name": "shop", "k8s.pod.name": "cart-5d8f9c7b4d-x2k4p"},
        {"k8s.namespace.name": "shop", "service.name": "cart"},
    ],
)
def test_a_workload_is_named_as_kubernetes_does(attributes: dict[str, str]) -> None:
    assert place(attributes, focus("bank", "hr")) == CART


def test_a_service_without_a_namespace_is_the_workload_that_is_known() -> None:
    known = focus("bank", "shop", workloads=[CART, "workload/shop/cart-db"])
    assert place({"service.name": "cart"}, known) == CART


def test_or_one_of_the_only_namespace() -> None:
    assert place({"service.name": "cart"}, focus("shop")) == CART


def test_else_nobody_knows_its_namespace() -> None:
    both = focus("bank", "shop", workloads=[CART, "workload/bank/cart"])
    assert place({"service.name": "cart"}, both) == "workload/-/cart"
    assert place({"service.name": "cart"}, focus("bank", "shop")) == "workload/-/cart"
    assert place({}, focus("bank", "shop")) == "workload/-/unknown"


def test_errors_begin_at_the_deepest_span_that_failed() -> None:
    (found,) = begun(requests(5, "web", "cart"), requests(20, first=50))
    assert (found.name, found.where) == ("ERRORS_BEGIN_HERE", (CART,))
    said = "errors begin there in 5 of 5 failed requests, in 0 of 20 requests of the hour before"
    assert found.text == said
    assert (found.backend, found.query) == (Checked.TEMPO, traces.FAILED)
    assert found.trace_id == f"{1:032x}"
    assert (found.start, found.end, found.began_at) == (at(), at(SECONDS), None)


@pytest.mark.parametrize(("count", "told"), [(2, 0), (3, 1)])
def test_errors_of_a_few_requests_are_chance(count: int, told: int) -> None:
    assert len(begun(requests(count, "store"))) == told


def test_errors_of_a_small_share_are_not_told() -> None:
    found = begun([*requests(16, "cart"), *requests(4, "store", first=30)])
    assert [each.where for each in found] == [(CART,)]


def test_errors_that_were_there_before_are_not_told() -> None:
    before = [*requests(2, "store"), *requests(18, first=30)]
    assert begun(requests(9, "store", first=60), before) == []
    rare = [*requests(2, "store"), *requests(58, first=30)]
    assert len(begun(requests(9, "store", first=60), rare)) == 1


def test_errors_of_others_before_say_nothing() -> None:
    (found,) = begun(requests(9, "store", first=60), requests(20, "cart"))
    assert found.where == (STORE,)


@pytest.mark.parametrize("status", [2, "STATUS_CODE_ERROR"])
def test_errors_are_told_as_number_or_name(status: int | str) -> None:
    some = [trace(n, batch(of("cart"), span(1, status=status))) for n in range(3)]
    assert [each.where for each in begun(some)] == [(CART,)]


@pytest.mark.parametrize("status", [None, 0, 1, "STATUS_CODE_OK"])
def test_everything_else_is_no_error(status: int | str | None) -> None:
    some = [trace(n, batch(of("cart"), span(1, status=status))) for n in range(3)]
    assert begun(some) == []


def test_whose_own_work_takes_five_times_as_long_is_named_and_its_callers_are_not() -> None:
    now = requests(traces.NOW, first=100, store=50.0)
    (found,) = traces.seen(focus(), [], now, requests(traces.BEFORE))
    assert (found.name, found.where) == ("OWN_TIME_GREW", (STORE,))
    assert "25 of 25" in found.text
    assert found.query == traces.ANY
    assert found.trace_id == f"{100:032x}"


def test_nothing_is_unusual_where_nothing_has_changed() -> None:
    now = requests(traces.NOW, first=100)
    assert traces.seen(focus(), [], now, requests(traces.BEFORE)) == []


def test_without_one_side_nothing_is_compared() -> None:
    slow = requests(traces.NOW, store=50.0)
    assert traces.seen(focus(), [], slow, []) == []
    assert traces.seen(focus(), [], [], slow) == []


def test_the_order_of_traces_does_not_matter_but_for_the_example() -> None:
    now, before = requests(25, "store", first=100, store=50.0), requests(40)
    found = traces.seen(focus(), now, now, before)
    other = traces.seen(focus(), now[::-1], now[::-1], before[::-1])
    assert [(each.name, each.where, each.text) for each in found] == [
        (each.name, each.where, each.text) for each in other
    ]


@pytest.mark.parametrize("name", ["batches", "resourceSpans"])
@pytest.mark.parametrize("scopes", ["scopeSpans", "instrumentationLibrarySpans"])
def test_old_and_new_names_of_the_format_are_read(name: str, scopes: str) -> None:
    data = document(batch(of("cart"), span(1, status=FAILED), scopes=scopes), name=name)
    found = traces.trace("a" * 32, data, focus())
    (only,) = found.spans
    assert (only.entity, only.operation, only.duration) == (CART, "GET /", 0.01)
    assert found.failed == {only.span}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"batches": null}',
        b'{"batches": [{}]}',
        b'{"batches": [{"scopeSpans": [{}]}]}',
    ],
)
def test_a_trace_may_be_gone_or_empty(data: bytes) -> None:
    assert traces.trace("a" * 32, data, focus()).spans == []


def test_a_span_that_ends_before_it_begins_takes_no_time() -> None:
    (found,) = trace(1, batch(of("cart"), span(1, ms=-5))).spans
    assert found.duration == 0


def broken(**changes: object) -> bytes:
    return document(batch(of("cart"), {**span(1), **changes}))


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"[]",
        b'{"batches": 1}',
        b'{"batches": [{"resource": {"attributes": [1]}}]}',
        b'{"batches": [{"scopeSpans": [{"spans": [{}]}]}]}',
        b"\xff\xfe",
        b"<html>502</html>",
        broken(startTimeUnixNano="soon"),
        broken(endTimeUnixNano=None),
        broken(spanId=7),
        pytest.param(
            broken(startTimeUnixNano="9" * 400),
            id="a time that no float holds",
        ),
    ],
)
def test_what_is_no_trace_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        traces.trace("a" * 32, data, focus())


def test_ids_that_a_search_found_are_told_in_full() -> None:
    found = traces.hits(body([{"traceID": "AB1", "rootServiceName": "web"}, {"traceID": "f" * 32}]))
    assert found == ["0" * 29 + "ab1", "f" * 32]
    assert traces.hits(b"[]") == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b"[{}]",
        b'[{"traceID": 7}]',
        b"\xff\xfe",
        pytest.param(b'[{"traceID": "../api/search"}]', id="no number"),
        pytest.param(body([{"traceID": "a" * 40}]), id="too long"),
    ],
)
def test_what_is_no_answer_of_a_search_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        traces.hits(data)


def test_errors_that_are_always_there_are_nothing_new_however_few() -> None:
    """Failed requests are sought: any of before hold none of them."""
    failed = requests(10, "web", "cart")
    (found,) = traces.seen(focus(), failed, [], requests(40), requests(20, "web", first=100))
    assert found.where == (CART,)
    assert traces.seen(focus(), failed, [], requests(40), requests(20, "web", "cart")) == []


def test_a_login_in_the_name_of_a_span_is_not_told() -> None:
    name = "GET http://ada:hunter2@shop/reset?token=abcdef"
    (told,) = trace(1, batch(of("web"), span(1, name=name))).spans
    assert "hunter2" not in told.operation
    assert "abcdef" not in told.operation
