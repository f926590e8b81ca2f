"""Random queries at the door: the answer of a Prometheus with all series, or a warning."""

import pytest
from hypothesis import given

from contracts.refusals import Refused
from gateway.federation.promql import Across, across, caveats, parse
from tests.gateway.prometheuses import oracle
from tests.gateway.prometheuses.asking import When, direct, examples, read, times
from tests.gateway.prometheuses.conftest import RandomFleet
from tests.kit.prometheus import door
from tests.kit.promql_strategies import queries

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@examples(200)
@given(query=queries(clusters=True), when=times)
async def test_the_door_answers_as_the_whole_or_says_that_it_does_not(
    random_fleet: RandomFleet, query: str, when: When
) -> None:
    expected = await direct(random_fleet, random_fleet.union, when, query)
    async with door(random_fleet.platform) as client:
        answer = await client.post(f"/{when.path}", data=when.form(query))
    found, warnings = read(answer), answer.json().get("warnings", [])
    if not found.good:
        same = (found.status, found.kind) == (expected.status, expected.kind)
        assert same or _is_inexact(query), answer.text
    elif not warnings:
        assert expected.good, (answer.text, expected)
        assert found.kind == expected.kind
        assert found == expected or oracle.near(
            *map(oracle.points, (found.series, expected.series))
        )


def _is_inexact(query: str) -> bool:
    """Where an answer would come with a warning; an error of all clusters comes in its place."""
    try:
        parsed = parse(query)
    except Refused:
        return False
    return across(parsed)[0] is Across.NOT_EXACT or bool(caveats(parsed))
