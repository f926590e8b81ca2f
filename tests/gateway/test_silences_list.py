"""Silences of many clusters over REST, with a collector that says what each Alertmanager has."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from contracts.refusals import Code, Refused
from contracts.telemetry import ReadSilences
from gateway.rest.documented_silences import SilenceList
from services.runtime.principals import Role
from tests.gateway.collecting import FakeCollector, collecting, unreachable
from tests.kit.gateway import API, Json, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ALERTMANAGER = {"alertmanager_url": "https://alertmanager.example.invalid:9093"}
MARK = "44444444-4444-7444-8444-444444444444"
FAULTS = [
    unreachable(),
    Refused(Code.UPSTREAM_FAILED, "it answered with HTML"),
    b"<html>",
    b'[{"id": "a", "status": {"state": "active"}',
    [{"id": "a"}],
]


def silence(number: int = 0, **changes: Any) -> Json:
    """As Alertmanager's API v2 tells it."""
    matcher = {"name": "alertname", "value": "NodeDown", "isRegex": False, "isEqual": True}
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "status": {"state": changes.pop("state", "active")},
        "matchers": [matcher],
        "startsAt": "2026-01-31T12:00:00.000Z",
        "endsAt": f"2026-02-{number + 1:02}T12:00:00.000+01:00",
        "updatedAt": "2026-01-31T12:00:00.000Z",
        "createdBy": "bea",
        "comment": "a new disk",
    } | changes


class Fleet:
    """Two clusters with an Alertmanager, one of them at the far edge, and their collector."""

    def __init__(self, platform: Platform, collector: FakeCollector, ids: list[str]) -> None:
        self.platform, self.collector, self.ids = platform, collector, ids

    def says(self, *replies: Any) -> None:
        """What the two say."""
        self.collector.says(**dict(zip(self.ids, replies, strict=True)))

    async def get(self, **query: Any) -> httpx.Response:
        """The list."""
        return await self.platform.http.get(f"{API}/silences", params=query)

    async def listed(self, **query: Any) -> SilenceList:
        """The list, of which nothing is missing."""
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        return SilenceList.model_validate(answer.json())

    async def remove(self, silence_id: str, **query: Any) -> httpx.Response:
        """End a silence; nobody is there who would."""
        return await self.platform.http.delete(f"{API}/silences/{silence_id}", params=query)


@pytest.fixture(scope="module")
async def fleet(platform: Platform) -> AsyncGenerator[Fleet]:
    one = await platform.register(name="am-1", endpoints=ALERTMANAGER)
    two = await platform.register(name="am-2", cluster_type="FAR_EDGE", endpoints=ALERTMANAGER)
    await platform.register(name="none")
    async with collecting(platform, ReadSilences) as collector:
        yield Fleet(platform, collector, [one["id"], two["id"]])


async def test_silences_of_all_clusters_come_in_one_list(fleet: Fleet) -> None:
    fleet.says([silence(5), silence(1)], [silence(3)])
    told = await fleet.listed()
    assert [each.id[:8] for each in told.items] == ["00000001", "00000003", "00000005"]
    assert [each.cluster_name for each in told.items] == ["am-1", "am-2", "am-1"]
    assert (told.total, told.clusters_queried, told.clusters_succeeded) == (3, 2, 2)
    first = told.items[0]
    assert first.ends_at.isoformat() == "2026-02-02T11:00:00+00:00"
    assert (first.created_by, first.comment, first.command_id) == ("bea", "a new disk", None)
    (matcher,) = first.matchers
    assert matcher.model_dump() == {
        "name": "alertname",
        "value": "NodeDown",
        "is_regex": False,
        "is_equal": True,
    }


async def test_one_made_here_tells_by_which_command(fleet: Fleet) -> None:
    fleet.says(
        [silence(comment=f"a new disk (aiops:{MARK})")], [silence(comment=f"(aiops:{MARK})")]
    )
    told = await fleet.listed()
    assert sorted(each.comment for each in told.items) == ["", "a new disk"]
    assert {str(each.command_id) for each in told.items} == {MARK}


async def test_an_old_alertmanager_knows_no_unequal_matchers(fleet: Fleet) -> None:
    fleet.says([silence(matchers=[{"name": "a", "value": "b", "isRegex": True}])], [])
    (told,) = (await fleet.listed()).items
    assert (told.matchers[0].is_regex, told.matchers[0].is_equal) == (True, True)


async def test_what_has_ended_is_told_only_if_asked_for(fleet: Fleet) -> None:
    fleet.says([silence(1, state="expired"), silence(2)], [silence(0, state="pending")])
    assert [each.state for each in (await fleet.listed()).items] == ["ACTIVE", "PENDING"]
    assert [each.id[:8] for each in (await fleet.listed(state="expired")).items] == ["00000001"]
    every = await fleet.listed(state=["active", "PENDING", "expired"])
    assert [each.state for each in every.items] == ["ACTIVE", "PENDING", "EXPIRED"]


async def test_of_very_many_the_first_are_told_and_how_many_there_are(fleet: Fleet) -> None:
    fleet.says([silence(number) for number in range(9)], [])
    told = await fleet.listed(limit=4)
    assert ([each.id[:8] for each in told.items][-1], told.total) == ("00000003", 9)


async def test_one_cluster_is_asked_if_it_is_named(fleet: Fleet) -> None:
    fleet.says([silence(1)], [silence(2)])
    told = await fleet.listed(cluster_id=fleet.ids[1])
    assert [each.cluster_name for each in told.items] == ["am-2"]
    assert [cluster for cluster, _ in fleet.collector.asked] == [fleet.ids[1]]


async def test_every_request_asks_anew(fleet: Fleet) -> None:
    fleet.says([silence(1)], [])
    assert (await fleet.listed()).total == 1
    fleet.says([], [])
    assert (await fleet.listed()).total == 0


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_a_faulty_cluster_is_named_and_the_others_silences_arrive(
    fleet: Fleet, fault: Any
) -> None:
    fleet.says([silence(1)], fault)
    answer = await fleet.get()
    assert answer.status_code == 206, answer.text
    told = SilenceList.model_validate(answer.json())
    assert len(told.items) == 1
    (missing,) = told.missing
    assert missing.cluster_name == "am-2"
    assert missing.code == (fault.code.name if isinstance(fault, Refused) else "UPSTREAM_FAILED")
    assert missing.reason


async def test_when_no_cluster_answers_it_is_502(fleet: Fleet) -> None:
    fleet.says(unreachable(), b"<html>")
    error = refused(await fleet.get(), "UPSTREAM_FAILED")
    codes = [each["code"] for each in error["details"]["missing"]]
    assert codes == ["CLUSTER_UNREACHABLE", "UPSTREAM_FAILED"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"state": "gone"}, "VALIDATION_FAILED"),
        ({"limit": 0}, "VALIDATION_FAILED"),
        ({"cluster_id": "x"}, "VALIDATION_FAILED"),
        ({"cluster_id": MARK}, "CLUSTER_NOT_FOUND"),
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused(fleet: Fleet, query: Json, code: str) -> None:
    refused(await fleet.get(**query), code)


async def test_who_may_see_one_cluster_sees_its_silences(fleet: Fleet) -> None:
    fleet.says([silence(1)], [silence(2)])
    token = await fleet.platform.token(Role.ADMIN, fleet.ids[1])
    async with fleet.platform.client(token) as client:
        told = (await client.get(f"{API}/silences")).json()
        assert [each["cluster_name"] for each in told["items"]] == ["am-2"]
        foreign = await client.get(f"{API}/silences", params={"cluster_id": fleet.ids[0]})
        refused(foreign, "CLUSTER_NOT_FOUND")


async def test_a_silence_of_two_clusters_wants_one_named(fleet: Fleet) -> None:
    fleet.says([silence(1)], [silence(1)])
    error = refused(await fleet.remove(silence(1)["id"]), "AMBIGUOUS")
    assert [each["cluster_id"] for each in error["details"]["candidates"]] == fleet.ids


async def test_a_silence_may_be_where_nobody_has_answered(fleet: Fleet) -> None:
    fleet.says([silence(1)], unreachable())
    error = refused(await fleet.remove(silence(2)["id"]), "SILENCE_NOT_FOUND")
    assert "1 have not: add cluster_id" in error["message"]
    assert [each["cluster_id"] for each in error["details"]["missing"]] == [fleet.ids[1]]


async def test_a_silence_is_not_looked_for_where_no_cluster_answers(fleet: Fleet) -> None:
    fleet.says(unreachable(), unreachable())
    refused(await fleet.remove(silence(2)["id"]), "UPSTREAM_FAILED")
