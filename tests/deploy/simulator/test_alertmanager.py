"""The Alertmanager of a simulated cluster."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.simulator import Running
from tests.deploy.simulator.reaching import Clients, with_trait
from tests.deploy.simulator.telling import NOON, Json, Told, telling

pytestmark = pytest.mark.anyio


async def alerts(told: Told, **flags: str) -> dict[str, Json]:
    """By their names."""
    found: Any = await told.get("/api/v2/alerts", **flags)
    return {each["labels"]["alertname"]: each for each in found}


async def post(told: Told, labels: dict[str, str], **changes: object) -> httpx.Response:
    """Ask for a silence of an hour."""
    matchers = [{"name": name, "value": value, "isRegex": False} for name, value in labels.items()]
    silence = {
        "matchers": matchers,
        "startsAt": told.clock.at.isoformat(),
        "endsAt": (told.clock.at + timedelta(hours=1)).isoformat(),
        "createdBy": "ada",
        "comment": "known",
    }
    return await told.http.post("/api/v2/silences", json=silence | changes)


async def test_it_tells_the_same_alerts_again_and_one_that_comes_and_goes() -> None:
    async with telling(Part.ALERTMANAGER) as told:
        assert await alerts(told) == await alerts(told)
        seen: list[bool] = []
        for _ in range(20):
            found = await alerts(told)
            assert found["Watchdog"]["status"] == {
                "state": "active",
                "silencedBy": [],
                "inhibitedBy": [],
            }
            seen.append("NodeHighLoad" in found)
            for each in found.values():
                starts, updated, ends = (
                    datetime.fromisoformat(each[name])
                    for name in ("startsAt", "updatedAt", "endsAt")
                )
                assert starts <= updated <= told.clock.at < ends
            told.clock.later(60)
    assert (seen.count(True), seen.count(False)) == (10, 10)


async def test_an_alert_can_stand_for_another(running: Running, clients: Clients) -> None:
    cluster = with_trait(
        running, lambda each: each.number % 3 == 0 and each.backend(Part.ALERTMANAGER)
    )
    http = clients.backend(cluster, Part.ALERTMANAGER)
    listed = (await http.get("/api/v2/alerts")).json()
    found = {each["labels"]["alertname"]: each for each in listed}
    hidden = found["KubePodNotReady"]["status"]
    assert hidden["state"] == "suppressed"
    assert hidden["inhibitedBy"] == [found["KubeNodeNotReady"]["fingerprint"]]
    shown = (await http.get("/api/v2/alerts", params={"inhibited": "false"})).json()
    names = {each["labels"]["alertname"] for each in shown}
    assert "KubePodNotReady" not in names
    assert "KubeNodeNotReady" in names


async def test_a_silence_mutes_what_fits_until_it_is_ended() -> None:
    async with telling(Part.ALERTMANAGER) as told:
        silence_id = (await post(told, {"alertname": "Watchdog"})).json()["silenceID"]
        await post(told, {"alertname": "Nothing"})
        status = (await alerts(told))["Watchdog"]["status"]
        assert status == {"state": "suppressed", "silencedBy": [silence_id], "inhibitedBy": []}
        assert "Watchdog" not in await alerts(told, silenced="false")
        silence = await told.get(f"/api/v2/silence/{silence_id}")
        assert silence["status"] == {"state": "active"}
        assert silence["comment"] == "known"
        told.clock.later(1)
        assert (await told.http.delete(f"/api/v2/silence/{silence_id}")).status_code == 200
        assert (await told.http.delete(f"/api/v2/silence/{silence_id}")).status_code == 200
        assert (await alerts(told))["Watchdog"]["status"]["state"] == "active"
        kept: Any = await told.get("/api/v2/silences")
        assert [each["status"]["state"] for each in kept] == ["expired", "active"]
        told.clock.later(3600)
        kept = await told.get("/api/v2/silences")
        assert [each["status"]["state"] for each in kept] == ["expired", "expired"]
        told.clock.later(120 * 3600)
        assert await told.get("/api/v2/silences") == []


async def test_a_silence_that_makes_no_sense_is_refused_in_words() -> None:
    async with telling(Part.ALERTMANAGER) as told:
        for code, labels, changes, text in (
            (400, {"a": "b"}, {"endsAt": "2020-01-02T00:00:00Z"}, "before end time"),
            (
                400,
                {"a": "b"},
                {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z"},
                "in the past",
            ),
            (400, {"a": ""}, {}, "must not match the empty string"),
            (422, {}, {}, "matchers"),
            (422, {"a": "b"}, {"startsAt": "noon"}, "startsAt"),
        ):
            answer = await post(told, labels, **changes)
            assert answer.status_code == code, answer.text
            assert text in answer.text
        unknown = "/api/v2/silence/6f1c2b52-9a0f-5d0c-8a25-0f7b3f1d5e11"
        assert (await told.http.get(unknown)).status_code == 404
        assert (await told.http.delete(unknown)).status_code == 404
        assert (await told.http.delete("/api/v2/silences")).status_code == 404
        assert await told.get("/api/v2/silences") == []


async def test_others_take_no_delete() -> None:
    async with telling(Part.PROMETHEUS) as told:
        assert told.clock.at == NOON
        assert (await told.http.delete("/api/v1/query")).status_code == 405
