"""How alerts are found over REST: marked, counted, grouped, and paged however many there are."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertFired, AlertResolved, pending_id
from contracts.envelope import Event
from contracts.subjects import EntityKey
from gateway.rest.documented_alerts import AlertFacets, AlertGroups, AlertList
from projections.alerts import facet_queries, queries
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from tests.kit import builders
from tests.kit.gateway import API, Json, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_SEVERITIES = ("CRITICAL", "WARNING", "INFO")
_FACETS = ("state", "severity", "cluster_id", "namespace", "alertname")


async def _tell(platform: Platform, *events: Event) -> None:
    """Write events as the alerts service would, and wait until they show."""
    heads: dict[EntityKey, Head] = {}
    left: list[Event] = list(events)
    last = 0
    while left:
        # Of each alert one at a time.
        part = [*{event.key: event for event in reversed(left)}.values()]
        left = [event for event in left if all(event is not each for each in part)]
        told = [(event, heads.get(event.key) or await _head(platform, event)) for event in part]
        context = builders.context(command_id=new_id())
        written = await platform.gate.log.append_each(told, context, SystemClock().now())
        for event, sequence in zip(part, written, strict=True):
            assert isinstance(sequence, int)
            heads[event.key], last = Head(sequence), max(last, sequence)
    assert await platform.gate.positions.wait("alerts", last, 20)


async def _head(platform: Platform, event: Event) -> Head:
    head = await platform.gate.log.head(event.key)
    return NOTHING if head is None else Head(head.sequence)


def _alert(cluster: str, number: int, **changes: Any) -> dict[str, Any]:
    labels = {"alertname": "NodeDown", "node": f"n-{number % 3}"} | changes.pop("labels", {})
    return {
        "id": new_id(),
        "cluster_id": UUID(cluster),
        "fingerprint": f"{number:016x}",
        "labels": labels,
        "starts_at": builders.at(number),
    } | changes


def _fired(cluster: str, number: int, **changes: Any) -> AlertFired:
    return AlertFired(alert=builders.alert(**_alert(cluster, number, **changes)))


def _resolved(cluster: str, number: int, **changes: Any) -> AlertResolved:
    return builders.resolved(**_alert(cluster, number, **changes))


async def _list(platform: Platform, path: str = "/alerts", **query: Any) -> list[Json]:
    found = await platform.list(path, page_size=100, **query)
    AlertList.model_validate(found)
    return found["items"]


async def test_a_muted_alert_is_shown_and_marked_as_long_as_it_is_open(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    fired = [_fired(cluster, number) for number in range(3)]
    values = fired[0].alert.model_dump(include={"cluster_id", "fingerprint"})
    other = fired[1].alert.model_dump(include={"cluster_id", "fingerprint"})
    inhibited = builders.silenced(**other).model_copy(
        update={"silenced_by": (), "inhibited_by": ("a" * 16,)}
    )
    await _tell(platform, *fired, builders.silenced(silenced_by=("s-1",), **values), inhibited)
    newest_first = await _list(platform, cluster_id=cluster)
    assert [
        (each["silenced"], each["silenced_by"], each["inhibited"], each["inhibited_by"])
        for each in newest_first
    ] == [(False, [], False, []), (False, [], True, ["a" * 16]), (True, ["s-1"], False, [])]
    filters: tuple[tuple[dict[str, Any], list[int]], ...] = (
        ({"silenced": True}, [0]),
        ({"silenced": False}, [2, 1]),
        ({"inhibited": True}, [1]),
        ({"silenced": False, "inhibited": False}, [2]),
    )
    for query, numbers in filters:
        found = await _list(platform, cluster_id=cluster, **query)
        assert [int(each["fingerprint"], 16) for each in found] == numbers, query
    ended = builders.resolved(**_alert(cluster, 0, id=fired[0].alert.id))
    await _tell(platform, ended)
    (past,) = await _list(platform, "/alerts/history", cluster_id=cluster)
    assert (past["silenced"], past["silenced_by"], past["ending"]) == (False, [], "REPORTED")


async def test_what_is_pending_is_listed_until_it_fires(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    alert = _alert(cluster, 1)
    own = pending_id(UUID(cluster), alert["fingerprint"])
    await _tell(platform, builders.pending(**(alert | {"id": own})))
    (found,) = await _list(platform, cluster_id=cluster)
    assert (found["state"], found["id"]) == ("PENDING", str(own))
    assert (await platform.list(f"/alerts/{own}"))["state"] == "PENDING"
    await _tell(platform, AlertFired(alert=builders.alert(**alert)))
    (found,) = await _list(platform, cluster_id=cluster)
    assert (found["state"], found["id"]) == ("FIRING", str(alert["id"]))
    facets = await platform.list("/alerts/facets", cluster_id=cluster)
    assert facets["state"] == [{"value": "FIRING", "count": 1}]


async def _walked(platform: Platform, path: str, **query: Any) -> list[str]:
    """Every id that a walk by cursor gives, in its order."""
    found: list[str] = []
    while True:
        page = await platform.list(path, page_size=7, **query)
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("more", [{}, {"label": "alertname=NodeDown"}])
async def test_a_walk_by_cursor_has_no_gap_and_no_repeat(platform: Platform, more: Json) -> None:
    cluster = (await platform.register())["id"]
    # Many have begun at once: then ids decide.
    fired = [_fired(cluster, number, starts_at=builders.at(number // 10)) for number in range(40)]
    ended = [_resolved(cluster, 99 + number) for number in range(20)]
    await _tell(platform, *fired, *ended)
    order = sorted(fired, key=lambda each: (each.alert.starts_at, each.alert.id), reverse=True)
    ids = [str(each.alert.id) for each in order]
    assert await _walked(platform, "/alerts", cluster_id=cluster, **more) == ids
    assert len(await _walked(platform, "/alerts/history", cluster_id=cluster, **more)) == 20
    states = ["FIRING", "RESOLVED"]
    both = await _walked(platform, "/alerts", cluster_id=cluster, state=states, **more)
    assert len(both) == len(set(both)) == 60


async def test_what_begins_during_a_walk_moves_nothing(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await _tell(platform, *(_fired(cluster, number) for number in range(9)))
    first = await platform.list("/alerts", cluster_id=cluster, page_size=5)
    await _tell(platform, *(_fired(cluster, number) for number in range(20, 25)))
    rest = await platform.list(
        "/alerts", cluster_id=cluster, page_size=5, cursor=first["next_cursor"]
    )
    seen = [int(item["fingerprint"], 16) for item in first["items"] + rest["items"]]
    assert seen == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert (rest["next_cursor"], rest["total"]) == (None, 14)


@pytest.mark.parametrize(
    "cursor", ["", "7", "x" * 32, "////////////////////////////////", "é" * 32]
)
async def test_a_cursor_that_no_answer_gave_is_refused(platform: Platform, cursor: str) -> None:
    for path in ("alerts", "alerts/history"):
        answer = await platform.http.get(f"{API}/{path}", params={"cursor": cursor})
        assert refused(answer, "VALIDATION_FAILED")["details"]["fields"][0]["field"] == "cursor"


async def test_a_cursor_goes_without_a_page(platform: Platform) -> None:
    cursor = str(queries.Cursor(builders.at(), new_id()))
    answer = await platform.http.get(f"{API}/alerts", params={"cursor": cursor, "page": 2})
    refused(answer, "VALIDATION_FAILED")


async def test_history_is_of_a_time_and_of_an_alert(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await _tell(platform, *(_resolved(cluster, number) for number in range(10)))
    around = {"from": builders.at(3).isoformat(), "to": builders.at(6).isoformat()}
    found = await _list(platform, "/alerts/history", cluster_id=cluster, **around)
    assert [int(each["fingerprint"], 16) for each in found] == [5, 4, 3]
    one = await _list(platform, "/alerts/history", cluster_id=cluster, fingerprint=f"{7:016x}")
    assert [int(each["fingerprint"], 16) for each in one] == [7]
    answer = await platform.http.get(f"{API}/alerts/history", params={"from": "2026-01-01T00:00"})
    assert refused(answer, "VALIDATION_FAILED")["details"]["fields"][0]["field"] == "from"


async def _of_all_kinds(platform: Platform) -> tuple[list[str], list[Json]]:
    """Alerts that differ in everything that is counted; the clusters, and the alerts as told."""
    chance = random.Random(11)
    clusters = [(await platform.register())["id"] for _ in range(3)]
    events: list[Event] = []
    for number in range(120):
        labels = {"alertname": chance.choice("ABC"), "node": chance.choice("xyz")}
        if chance.random() < 0.7:
            labels["namespace"] = chance.choice(["n1", "n2"])
        made = chance.choice([_fired, _fired, _resolved])
        severity = chance.choice(_SEVERITIES)
        name = labels["alertname"]
        cluster = chance.choice(clusters)
        events.append(made(cluster, number, labels=labels, severity=severity, alertname=name))
    await _tell(platform, *events)
    query = {"cluster_id": clusters, "state": ["FIRING", "PENDING", "RESOLVED"]}
    pages = [await platform.list("/alerts", page=n, page_size=100, **query) for n in (1, 2)]
    items: list[Json] = [item for page in pages for item in page["items"]]
    assert len(items) == 120
    return clusters, items


def _value(item: Json, key: str) -> str:
    if key.startswith("label:"):
        return item["labels"].get(key.removeprefix("label:"), "")
    return item["labels"].get("namespace", "") if key == "namespace" else item[key]


def _having(items: Sequence[Json], chosen: dict[str, list[str]]) -> list[Json]:
    def _has(item: Json) -> bool:
        return all(_value(item, key) in values for key, values in chosen.items())

    return [item for item in items if _has(item)]


async def test_facets_and_groups_agree_with_the_alerts_for_any_filter(platform: Platform) -> None:
    clusters, items = await _of_all_kinds(platform)
    chance = random.Random(12)
    for turn in range(25):
        chosen: dict[str, list[str]] = {
            "cluster_id": chance.sample(clusters, chance.randint(1, 3)),
            "state": chance.sample(["FIRING", "RESOLVED"], chance.randint(1, 2)),
        }
        for key, values in (
            ("severity", list(_SEVERITIES)),
            ("namespace", ["n1", ""]),
            ("alertname", ["A", "B"]),
        ):
            if chance.random() < 0.4:
                chosen[key] = chance.sample(values, chance.randint(1, 2))
        query: dict[str, Any] = dict(chosen)
        if turn % 2:
            chosen["label:node"], query["label"] = ["x"], "node=x"
        await _facets_agree(platform, items, chosen, query)
        keys = chance.sample(["alertname", "namespace", "severity", "cluster_id", "label:node"], 2)
        await _groups_agree(platform, _having(items, chosen), keys, query)


async def _facets_agree(
    platform: Platform, items: list[Json], chosen: dict[str, list[str]], query: Json
) -> None:
    facets = await platform.list("/alerts/facets", **query)
    AlertFacets.model_validate(facets)
    assert facets["at_least"] is False
    for facet in _FACETS:
        others = {key: values for key, values in chosen.items() if key != facet}
        if facet == "cluster_id":
            # Other tests' clusters have alerts too.
            told = [each for each in facets[facet] if each["value"] in {i[facet] for i in items}]
            assert all(each["name"] for each in told)
        else:
            told = facets[facet]
        if facet == "state" and "label" in query and "RESOLVED" not in chosen["state"]:
            others["state"] = ["FIRING", "PENDING"]
        counted = Counter(_value(item, facet) for item in _having(items, others))
        assert {each["value"]: each["count"] for each in told} == dict(counted), (facet, query)
        assert [each["count"] for each in told] == sorted(counted.values(), reverse=True)


async def _groups_agree(
    platform: Platform, items: list[Json], keys: list[str], query: Json
) -> None:
    found = await platform.list("/alerts/groups", by=keys, page_size=100, **query)
    AlertGroups.model_validate(found)
    grouped: dict[tuple[str, ...], list[Json]] = {}
    for item in items:
        grouped.setdefault(tuple(_value(item, key) for key in keys), []).append(item)
    assert found["total"] == len(found["items"]) == len(grouped), (keys, query)
    for group in found["items"]:
        members = grouped[tuple(group["key"][key] for key in keys)]
        assert group["count"] == len(members)
        counted = Counter(member["severity"] for member in members)
        assert group["by_severity"] == {name: counted[name] for name in _SEVERITIES}
        newest = max(members, key=lambda each: (each["starts_at"], each["id"]))
        assert group["newest_id"] == newest["id"]
        told = datetime.fromisoformat(group["newest_starts_at"])
        assert told == datetime.fromisoformat(newest["starts_at"])
        began = min(datetime.fromisoformat(each["starts_at"]) for each in members)
        assert datetime.fromisoformat(group["oldest_start"]) == began
        assert group["clusters"] == len({each["cluster_id"] for each in members})
        assert (group["cluster_name"] is not None) == ("cluster_id" in keys)
    counts = [group["count"] for group in found["items"]]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    "by", [["nothing"], ["label:"], ["label:a", "label:b", "label:c", "state", "severity"]]
)
async def test_groups_are_made_by_what_alerts_have(platform: Platform, by: list[str]) -> None:
    answer = await platform.http.get(f"{API}/alerts/groups", params={"by": by})
    assert refused(answer, "VALIDATION_FAILED")["details"]["fields"][0]["field"] == "by"


async def test_what_the_tally_cannot_count_is_counted_up_to_a_limit(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = (await platform.register())["id"]
    await _tell(platform, *(_fired(cluster, number) for number in range(12)))
    monkeypatch.setattr(queries, "COUNTED", 10)
    monkeypatch.setattr(facet_queries, "COUNTED", 10)
    query: Json = {"cluster_id": cluster, "label": "alertname=NodeDown"}
    first = await platform.list("/alerts", page_size=5, **query)
    assert (first["total"], first["total_at_least"]) == (10, True)
    assert len(await _walked(platform, "/alerts", **query)) == 12
    assert (await platform.list("/alerts", cluster_id=cluster))["total_at_least"] is False
    beyond = await platform.list("/alerts", page=3, page_size=5, **query)
    assert len(beyond["items"]) == 2
    assert (await platform.list("/alerts/facets", **query))["at_least"] is True


async def test_an_alert_that_began_four_times_in_a_quarter_of_an_hour_flaps(
    platform: Platform,
) -> None:
    cluster, now = (await platform.register())["id"], SystemClock().now()

    def _began(number: int, minutes: float, made: Any = _resolved) -> Event:
        return made(cluster, number, starts_at=now - timedelta(minutes=minutes), id=new_id())

    await _tell(
        platform,
        *(_began(1, minutes) for minutes in (14, 9, 4)), _began(1, 1, _fired),
        *(_began(2, minutes) for minutes in (20, 9, 4)), _began(2, 1, _fired),
        *(_began(3, minutes) for minutes in (58, 55, 52, 50)),
    )  # fmt: skip
    open_ones = await _list(platform, cluster_id=cluster)
    assert {int(each["fingerprint"], 16): each["flapping"] for each in open_ones} == {
        1: True,
        2: False,
    }
    past = await _list(platform, "/alerts/history", cluster_id=cluster, fingerprint=f"{3:016x}")
    assert [each["flapping"] for each in past] == [True, False, False, False], "newest first"
