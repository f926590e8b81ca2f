"""A minute of failures under load on three NATS servers; `make chaos` is ten minutes of it."""

import pytest

from tests.chaos.__main__ import wrong
from tests.chaos.run import Plan, run

pytestmark = [pytest.mark.flow, pytest.mark.timeout(600)]


def test_nothing_accepted_is_lost_or_doubled_while_parts_and_servers_fail() -> None:
    plan = Plan(seconds=60, rate=100, clients=40, seed=1, database_away=5, clusters=20)
    outcome = run(plan)
    assert outcome.recoveries
    assert wrong(outcome) == []
