"""Spans that ask something else: whom they speak of when they fail, and who is called by them."""

import pytest

from services.rca.live import traces
from services.rca.live.traces import Trace
from tests.services.rca.live.kit import Row, batch, document, focus, of, span

CART, STORE, DATABASE = (f"workload/shop/{each}" for each in ("cart", "store", "postgres"))
FAILED, FINE, CLIENT = 2, 1, 3


def asked(*answers: Row, number: int, address: str) -> Trace:
    """Cart asks something and fails for it; ``answers``: what else is in the trace."""
    call = span(2, 1, kind=CLIENT, status=FAILED, peer={"server.address": address})
    whole = document(batch(of("cart"), span(1, kind=2, status=FAILED), call), *answers)
    return traces.trace(f"{number:032x}", whole, focus())


def begun(*some: Trace) -> list[tuple[str, str]]:
    found = traces.seen(focus(), some, [], [])
    return [(each.name, each.where[0]) for each in found]


@pytest.mark.parametrize(
    "address",
    [
        "postgres",
        "Postgres.",
        "postgres.shop",
        "postgres.shop.svc",
        "postgres.shop.svc.cluster.local",
    ],
)
def test_what_gives_no_answer_is_spoken_of_by_those_that_ask(address: str) -> None:
    some = [asked(number=number, address=address) for number in range(1, 5)]
    assert begun(*some) == [("CALLS_TO_IT_FAIL", DATABASE)]


@pytest.mark.parametrize(
    "address", ["", "10.0.3.7", "api.example.com", "example.com", "a b", "x/y", "postgres.other"]
)
def test_who_asks_what_is_not_ours_speaks_of_itself_but_not_as_a_cause(address: str) -> None:
    some = [asked(number=number, address=address) for number in range(1, 5)]
    assert begun(*some) == [("CALLS_FAIL", CART)]
    assert traces.calls(focus(), some) == []


def test_what_does_not_answer_in_time_is_the_one_that_was_asked() -> None:
    late = batch(of("store"), span(3, 2, kind=2, status=FINE))
    some = [asked(late, number=number, address="a-proxy") for number in range(1, 5)]
    assert begun(*some) == [("CALLS_TO_IT_FAIL", STORE)]


def test_what_answers_with_an_error_is_where_it_begins() -> None:
    wrong = batch(of("store"), span(3, 2, kind=2, status=FAILED))
    some = [asked(wrong, number=number, address="store") for number in range(1, 5)]
    assert begun(*some) == [("ERRORS_BEGIN_HERE", STORE)]


@pytest.mark.parametrize("kind", [3, 4, "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER"])
@pytest.mark.parametrize("name", ["server.address", "net.peer.name", "peer.service"])
def test_what_tells_of_no_request_itself_is_known_as_called(kind: int | str, name: str) -> None:
    whole = document(batch(of("cart"), span(1, kind=kind, peer={name: "postgres"})))
    (call,) = traces.calls(focus(), [traces.trace("1" * 32, whole, focus())])
    assert (call.caller, call.callee) == (CART, DATABASE)


@pytest.mark.parametrize("kind", [0, 1, 2, 5, "SPAN_KIND_SERVER", "anything"])
def test_what_serves_asks_nobody_whatever_it_says(kind: int | str) -> None:
    told = span(1, kind=kind, status=FAILED, peer={"server.address": "store"})
    whole = document(batch(of("cart"), told))
    some = [traces.trace(f"{number:032x}", whole, focus()) for number in range(1, 5)]
    assert begun(*some) == [("ERRORS_BEGIN_HERE", CART)]
    assert traces.calls(focus(), some) == []
