"""Following the logs of several clusters: order, clusters that fail, what is asked and refused."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from contracts.refusals import Code, Refused
from gateway.federation import log_tail
from gateway.live import log_tails
from gateway.live.log_tails import Places
from gateway.rest.documented_logs import LogLine
from services.runtime import metrics
from services.runtime.principals import Role
from tests.gateway.live.tailing import (
    MOMENT,
    FakeTails,
    Served,
    leading,
    serving_tails,
)
from tests.kit.gateway import Platform
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LOKI = {"loki_url": "https://loki.example.invalid:3100"}
AWAY = Refused(Code.CLUSTER_UNREACHABLE, "nothing listens there; look after it")
WRONG = Refused(Code.INVALID_LOGQL, "Loki: parse error at line 1, col 3")


class Fleet:
    """Two clusters with a Loki, one at the far edge, and the collector that answers for them."""

    def __init__(
        self, platform: Platform, served: Served, tails: FakeTails, ids: list[str]
    ) -> None:
        self.platform, self.served, self.tails = platform, served, tails
        self.a, self.b, self.far = ids

    @property
    def both(self) -> list[str]:
        return [self.a, self.b]


@pytest.fixture(scope="module")
async def served_fleet(platform: Platform) -> AsyncGenerator[Fleet]:
    ids: list[str] = []
    for name in ("tail-a", "tail-b"):
        ids.append((await platform.register(name=name, endpoints=LOKI))["id"])  # noqa: PERF401
    far = await platform.register(name="tail-far", cluster_type="FAR_EDGE", endpoints=LOKI)
    async with leading(platform) as tails, serving_tails(platform) as served:
        yield Fleet(platform, served, tails, [*ids, far["id"]])


@pytest.fixture
async def fleet(served_fleet: Fleet) -> AsyncGenerator[Fleet]:
    """Nothing was asked before a test, and nobody listens after it."""
    served_fleet.tails.clear()
    yield served_fleet
    await until(lambda: served_fleet.served.live.clients == 0)


async def test_lines_of_all_clusters_come_in_time_order_however_they_arrive(fleet: Fleet) -> None:
    async with fleet.served.client() as client:
        began = await client.tail(cluster_ids=fleet.both, since="2026-01-01T00:00:00Z", limit=7)
        assert [each["cluster_name"] for each in began["clusters"]] == ["tail-a", "tail-b"]
        a, b = await fleet.tails.question(fleet.a), await fleet.tails.question(fleet.b)
        a.say((40, "d"), (10, "a"), pod="p-1")
        a.say((50, "e"), (30, "c"), pod="p-2")
        b.say((20, "b"), (60, "f"))
        assert await client.until_lines(5) == ["a", "b", "c", "d", "e"]
        a.beat()
        assert await client.until_lines(6) == [*"abcdef"]
        entry = LogLine.model_validate(client.entries[0])
        assert (str(entry.cluster_id), entry.cluster_name) == (fleet.a, "tail-a")
        assert entry.timestamp == "2026-01-01T00:00:00.000000010Z"
        assert entry.stream == {"app": "a", "pod": "p-1"}
        assert [status["state"] for status in client.statuses] == ["FOLLOWING"] * 2
        for question in (a, b):
            told = question.query.model_dump(mode="json")
            assert (told["query"], told["limit"]) == ('{app="a"}', 7)
            assert told["start"] == "2026-01-01T00:00:00Z"


async def test_a_cluster_that_is_slow_holds_up_nobody_and_its_lines_are_called_late(
    fleet: Fleet,
) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=fleet.both)
        a, b = await fleet.tails.question(fleet.a), await fleet.tails.question(fleet.b)
        a.say((40, "in time"))
        assert await client.until_lines(1) == ["in time"]
        b.say((20, "behind"))
        assert await client.until_lines(2) == ["in time", "behind"]
        assert [entry.get("late") for entry in client.entries] == [None, True]


async def test_a_cluster_that_fails_is_named_once_and_goes_on_where_it_was(fleet: Fleet) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=fleet.both)
        a, b = await fleet.tails.question(fleet.a), await fleet.tails.question(fleet.b)
        a.say((1, "one"), (2, "two"))
        assert await client.until_lines(2) == ["one", "two"]
        a.fail(AWAY)
        lost = await client.until_status("LOST", fleet.a)
        assert (lost["code"], lost["reason"]) == ("CLUSTER_UNREACHABLE", AWAY.message)
        b.say((3, "from the other"))
        assert await client.until_lines(3) == ["one", "two", "from the other"]

        (await fleet.tails.question(fleet.a, 1)).fail(AWAY)
        again = await fleet.tails.question(fleet.a, 2)
        assert again.query.start is not None
        assert again.query.start.timestamp() == MOMENT / 1e9 - 2
        assert again.query.limit == log_tail.MOST_LINES
        again.say((1, "one"), (2, "two"), (2, "another of the same moment"), (5, "five"))
        await client.until_lines(5)
        assert client.texts[3:] == ["another of the same moment", "five"]
        told = [(each["state"], each["code"]) for each in client.statuses[2:]]
        # The second question was taken before it failed.
        assert told in (
            [("LOST", "CLUSTER_UNREACHABLE"), ("FOLLOWING", None)] * 2,
            [("LOST", "CLUSTER_UNREACHABLE"), ("FOLLOWING", None)],
        )


async def test_a_cluster_that_stays_away_is_told_of_once(fleet: Fleet) -> None:
    fleet.tails.refusals[fleet.a] = AWAY
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=fleet.both)
        await fleet.tails.question(fleet.a, 1)
        del fleet.tails.refusals[fleet.a]
        await client.until_status("FOLLOWING", fleet.a)
        told = [each["state"] for each in client.statuses if each["cluster_id"] == fleet.a]
        assert told == ["LOST", "FOLLOWING"]
        (await fleet.tails.question(fleet.a, 2)).say((1, "at last"))
        assert await client.until_lines(1) == ["at last"]


async def test_a_collector_that_falls_silent_is_found_out(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "_SILENCE", 0.3)
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        hung = await fleet.tails.question(fleet.a)
        hung.say((1, "one"))
        lost = await client.until_status("LOST", fleet.a)
        assert (lost["code"], "nothing was heard" in lost["reason"]) == ("QUERY_TIMEOUT", True)
        await until(lambda: hung.gone)
        again = await fleet.tails.question(fleet.a, 1)
        again.say((1, "one"), (2, "two"))
        assert await client.until_lines(2) == ["one", "two"]


@pytest.mark.parametrize("by_itself", [True, False])
async def test_a_question_that_is_over_is_asked_again_without_a_word(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, by_itself: bool
) -> None:
    async with fleet.served.client() as client:
        monkeypatch.setattr(log_tail, "_SPAN", 300.0 if by_itself else 0.0)
        await client.tail(cluster_ids=[fleet.a])
        first = await fleet.tails.question(fleet.a)
        if by_itself:
            first.say((1, "one"))
            assert await client.until_lines(1) == ["one"]
            first.end()
        else:
            await until(lambda: first.gone)
        monkeypatch.setattr(log_tail, "_SPAN", 300.0)
        (await fleet.tails.question(fleet.a, 1)).say((1, "one"), (2, "two"))
        assert await client.until_lines(2) == ["one", "two"]
        assert [each["state"] for each in client.statuses] == ["FOLLOWING"]


async def test_what_a_collector_says_of_its_tail_is_passed_on(fleet: Fleet) -> None:
    fleet.tails.warnings = ("the connection was lost 1 times; lines may be missing",)
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        (await fleet.tails.question(fleet.a)).end()
        while (told := await client.find("status"))["reason"] is None:
            assert told["state"] == "FOLLOWING"
        assert told["reason"] == fleet.tails.warnings[0]


async def test_more_lines_than_are_told_after_an_outage_are_not_passed_over(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "MOST_LINES", 3)  # From its first line on a tail keeps to it.
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        (await fleet.tails.question(fleet.a)).say((1, "one"))
        await client.until_lines(1)
        fleet.tails.questions[fleet.a][0].fail(AWAY)
        again = await fleet.tails.question(fleet.a, 1)
        again.say((7, "seven"), (8, "eight"), (9, "nine"))
        while "missing" not in ((await client.find("status"))["reason"] or ""):
            assert client.statuses
        assert await client.until_lines(4) == ["one", "seven", "eight", "nine"]


async def test_a_cluster_whose_lines_were_too_much_is_asked_for_fewer(fleet: Fleet) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        first = await fleet.tails.question(fleet.a)
        first.say((1, "one"))
        await client.until_lines(1)
        first.fail(Refused(Code.LIMIT_REACHED, "more than 16 MiB at once"))
        assert (await client.until_status("LOST", fleet.a))["code"] == "LIMIT_REACHED"
        again = await fleet.tails.question(fleet.a, 1)
        assert again.query.limit == log_tail.MOST_LINES // 2


async def test_a_cluster_that_is_back_is_asked_for_more_lines_than_of_the_past(
    fleet: Fleet,
) -> None:
    fleet.tails.refusals[fleet.a] = AWAY
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a], limit=7)
        refused = await fleet.tails.question(fleet.a)
        del fleet.tails.refusals[fleet.a]
        again = await fleet.tails.question(fleet.a, 1)
        assert (refused.query.limit, again.query.limit) == (7, log_tail.MOST_LINES)
        assert again.query.start == refused.query.start
        # One that gives fewer lines at once refuses that: the query was good.
        again.fail(WRONG)
        fewer = await fleet.tails.question(fleet.a, 2)
        assert fewer.query.limit == log_tail.MOST_LINES // 2


async def test_lines_that_loki_has_dropped_are_told(fleet: Fleet) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        dropped = [{"labels": {"app": "a"}, "timestamp": str(MOMENT)}] * 3
        (await fleet.tails.question(fleet.a)).send({"streams": None, "dropped_entries": dropped})
        told = await client.find("dropped")
        assert (told["count"], told["cluster_id"]) == (3, fleet.a)


@pytest.mark.parametrize(
    "part",
    [
        b"<html>",
        b'{"streams":[{"stream":{},"values":[["x","y"]]}]}',
        b'{"streams":[{"stream":{"a":1},"values":[]}]}',
        b"[" * 10_000,
    ],
)
async def test_a_cluster_that_sends_rubbish_is_named_and_the_other_goes_on(
    fleet: Fleet, part: bytes
) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=fleet.both)
        (await fleet.tails.question(fleet.a)).send(part)
        lost = await client.until_status("LOST", fleet.a)
        assert lost["code"] == "UPSTREAM_FAILED"
        assert "loki_url" in lost["reason"]
        (await fleet.tails.question(fleet.b)).say((1, "one"))
        assert await client.until_lines(1) == ["one"]


async def test_logql_that_every_loki_refuses_ends_the_tail_and_not_the_connection(
    fleet: Fleet,
) -> None:
    fleet.tails.refusals = {fleet.a: WRONG, fleet.b: WRONG}
    async with fleet.served.client() as client:
        await client.tail("rate({}[1m])", cluster_ids=fleet.both)
        error = await client.find("error")
        assert (error["code"], error["message"]) == ("INVALID_LOGQL", WRONG.message)
        assert [len(fleet.tails.questions[each]) for each in (fleet.a, fleet.b)] == [1, 1]
        fleet.tails.clear()
        await client.tail(cluster_ids=fleet.both)
        (await fleet.tails.question(fleet.a)).say((1, "one"))
        assert await client.until_lines(1) == ["one"]


async def test_a_second_tail_takes_the_place_of_the_first_and_a_bad_one_does_not(
    fleet: Fleet,
) -> None:
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        first = await fleet.tails.question(fleet.a)
        await client.say(type="tail", query="{}", cluster_ids=[fleet.far])
        assert (await client.find("error"))["code"] == "CLUSTER_NOT_FOUND"
        first.say((1, "one"))
        assert await client.until_lines(1) == ["one"]
        await client.tail('{app="b"}', cluster_ids=[fleet.b])
        await until(lambda: first.gone)
        second = await fleet.tails.question(fleet.b)
        assert second.query.query == '{app="b"}'
        # Only once something of an answer has come is it known whom to tell that it may end.
        second.say((2, "two"))
        assert await client.until_lines(2) == ["one", "two"]
        await client.say(type="unsubscribe")
        await client.quiet()
        await until(lambda: second.gone)


async def test_without_clusters_all_that_have_logs_and_are_mine_are_followed(fleet: Fleet) -> None:
    async with fleet.served.client() as client:
        began = await client.tail()
        assert {each["cluster_id"] for each in began["clusters"]} == {fleet.a, fleet.b}
    token = await fleet.platform.token(Role.ADMIN, fleet.b)
    async with fleet.served.client(token) as client:
        began = await client.tail()
        assert [each["cluster_id"] for each in began["clusters"]] == [fleet.b]
        await client.say(type="tail", query="{}", cluster_ids=[fleet.a])
        assert (await client.find("error"))["code"] == "CLUSTER_NOT_FOUND"


@pytest.mark.parametrize(
    ("frame", "code", "about"),
    [
        ({"type": "tail"}, "INVALID_MESSAGE", "query"),
        ({"type": "tail", "query": ""}, "INVALID_MESSAGE", "query"),
        ({"type": "tail", "query": "{}", "limit": 0}, "INVALID_MESSAGE", "limit"),
        ({"type": "tail", "query": "{}", "limit": 5_001}, "INVALID_MESSAGE", "limit"),
        ({"type": "tail", "query": "{}", "since": "yesterday"}, "INVALID_MESSAGE", "since"),
        ({"type": "tail", "query": "{}", "since": "1969-12-31T00:00:00Z"}, "INVALID_MESSAGE", "s"),
        ({"type": "tail", "query": "{}", "cluster_ids": ["a"]}, "INVALID_MESSAGE", "cluster_ids"),
        ({"type": "subscribe"}, "INVALID_MESSAGE", "known: auth, tail, unsubscribe, ping"),
        (
            {
                "type": "tail",
                "query": "{}",
                "cluster_ids": ["00000000-0000-4000-8000-000000000000"],
            },
            "CLUSTER_NOT_FOUND",
            "no cluster",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_cannot_be_followed_is_told_and_the_connection_goes_on(
    fleet: Fleet, frame: dict[str, Any], code: str, about: str
) -> None:
    async with fleet.served.client() as client:
        await client.say(**frame)
        error = await client.next()
        assert (error["type"], error["code"]) == ("error", code)
        assert about in error["message"]
        await client.quiet()
    assert fleet.tails.questions == {}


async def test_no_more_clusters_are_followed_than_there_are_places(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        serving_tails(fleet.platform, places=Places(2)) as served,
        served.client() as first,
        served.client() as second,
    ):
        await first.tail(cluster_ids=fleet.both)
        await second.say(type="tail", query="{}", cluster_ids=[fleet.a])
        assert (await second.find("error"))["code"] == "OVERLOADED"
        await first.tail(cluster_ids=[fleet.b])
        await second.tail(cluster_ids=[fleet.a])
        monkeypatch.setattr(log_tails, "MOST_CLUSTERS", 1)
        await first.say(type="tail", query="{}")
        assert (await first.find("error"))["code"] == "LIMIT_REACHED"


async def test_a_tail_that_has_failed_keeps_no_places(fleet: Fleet) -> None:
    fleet.tails.refusals = {fleet.a: WRONG}
    async with (
        serving_tails(fleet.platform, places=Places(1)) as served,
        served.client() as first,
        served.client() as second,
    ):
        await first.tail(cluster_ids=[fleet.a])
        assert (await first.find("error"))["code"] == "INVALID_LOGQL"
        await second.tail(cluster_ids=[fleet.b])


async def test_tails_and_their_lines_are_counted(fleet: Fleet) -> None:
    def now(metric: Any) -> float:
        return metric._value.get()

    before = now(metrics.WS_LOG_TAILS), now(metrics.WS_LOG_LINES)
    async with fleet.served.client() as client:
        await client.tail(cluster_ids=[fleet.a])
        assert now(metrics.WS_LOG_TAILS) == before[0] + 1
        (await fleet.tails.question(fleet.a)).say((1, "one"), (2, "two"))
        await client.until_lines(2)
    await until(lambda: now(metrics.WS_LOG_TAILS) == before[0])
    assert now(metrics.WS_LOG_LINES) == before[1] + 2
