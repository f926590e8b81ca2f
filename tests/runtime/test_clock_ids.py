"""Time and identifiers: ordered where order counts, the same where a repeat must find its work."""

import re
from datetime import UTC, timedelta
from uuid import UUID

from hypothesis import given, strategies as st

from services.runtime.clock import SystemClock
from services.runtime.ids import derived_id, new_id, new_secret, new_trace_ids

PARTS = st.lists(st.text(alphabet="ab/-"), min_size=1, max_size=4)


def test_the_wall_clock_is_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(SystemClock().now() - now) < timedelta(seconds=5)


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    moments = [clock.monotonic() for _ in range(1000)]
    assert moments == sorted(moments)


def test_new_ids_are_ordered_by_time_and_unlike_each_other() -> None:
    ids = [new_id() for _ in range(5000)]
    assert {each.version for each in ids} == {7}
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_an_id_is_a_plain_uuid() -> None:
    assert type(new_id()) is UUID
    assert type(derived_id("a")) is UUID


def test_a_derived_id_is_published_and_never_changes() -> None:
    assert derived_id("command", "entity", 1) == UUID("2fc37339-1d30-504d-9f7b-8ae2d396a255")


@given(PARTS, PARTS)
def test_other_parts_are_another_id(one: list[str], other: list[str]) -> None:
    assert (derived_id(*one) == derived_id(*other)) == (one == other)


def test_secrets_are_long_and_fit_into_a_url() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)


def test_trace_ids_are_those_of_w3c_trace_context() -> None:
    trace, span = new_trace_ids()
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert re.fullmatch("[0-9a-f]{16}", span)
