"""Alerts as of a time over REST: the same answers as then, pages that fit, and bad times."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.alerts import AlertFired
from contracts.envelope import Event
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from tests.kit import builders
from tests.kit.gateway import API, Json, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

READS = ("/alerts", "/alerts/history", "/alerts/facets", "/alerts/groups")


async def _tell(platform: Platform, event: Event) -> int:
    log = platform.gate.log
    last = await log.head(event.key)
    head = NOTHING if last is None else Head(last.sequence)
    context = builders.context(command_id=new_id())
    appended = await log.append([event], {event.key: head}, context, SystemClock().now())
    assert await platform.gate.positions.wait("alerts", appended.sequence, 20)
    return appended.sequence


def _alert(cluster: str, number: int) -> dict[str, Any]:
    return {
        "id": UUID(int=number),
        "cluster_id": UUID(cluster),
        "fingerprint": f"{number:016x}",
        "starts_at": builders.at(number),
    }


async def test_every_read_is_as_it_was(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    sequence = 0
    for number in range(5):
        sequence = await _tell(
            platform, AlertFired(alert=builders.alert(**_alert(cluster, number)))
        )
    one = f"/alerts/{UUID(int=3)}"
    reads = [*READS, one, f"/alerts/{3:016x}"]
    # Filters that the tally does not know: it tells of more states than are asked for.
    asked: Json = {"to": "2999-01-01T00:00:00Z"}
    then = {path: await platform.list(path, **asked) for path in reads}
    await _tell(platform, builders.resolved(**_alert(cluster, 3)))
    assert (await platform.http.patch(f"{API}/clusters/{cluster}", json={"name": "new"})).is_success
    await platform.settle()
    for path in reads:
        assert await platform.list(path, **asked) != then[path], path
        answer = await platform.http.get(
            f"{API}{path}", params=asked | {"as_of_sequence": sequence}
        )
        assert answer.headers["x-as-of-sequence"] == str(sequence)
        assert answer.json() == then[path], path
    refused(await platform.http.get(f"{API}{one}", params={"as_of_sequence": 1}), "ALERT_NOT_FOUND")


async def test_pages_and_a_walk_of_one_instant_fit_together(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    for number in range(7):
        await _tell(platform, AlertFired(alert=builders.alert(**_alert(cluster, number))))
    now = (platform.gate.clock.now() + timedelta(milliseconds=1)).isoformat()
    first = await platform.http.get(f"{API}/alerts", params={"as_of": now, "page_size": 3})
    at = {"as_of_sequence": first.headers["x-as-of-sequence"], "page_size": 3}
    walked, paged = [first.json()], [first.json()]
    for page in (2, 3):
        await _tell(platform, AlertFired(alert=builders.alert(**_alert(cluster, 90 + page))))
        await _tell(platform, builders.resolved(**_alert(cluster, page)))
        paged.append(await platform.list("/alerts", page=page, **at))
        walked.append(await platform.list("/alerts", cursor=walked[-1]["next_cursor"], **at))
    for parts in (walked, paged):
        ids = [item["id"] for part in parts for item in part["items"]]
        assert ids == [str(UUID(int=number)) for number in range(6, -1, -1)]
        assert [part["total"] for part in parts] == [7, 7, 7]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "2020-01-01T00:00:00+05:00"])
async def test_before_the_beginning_there_was_nothing(platform: Platform, moment: str) -> None:
    cluster = (await platform.register())["id"]
    await _tell(platform, AlertFired(alert=builders.alert(**_alert(cluster, 1))))
    for path in ("/alerts", "/alerts/history", "/alerts/groups"):
        assert (await platform.list(path, as_of=moment))["total"] == 0
    assert (await platform.list("/alerts/facets", as_of=moment))["severity"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": "2026-01-31T12:00:00"},
        {"as_of": "9999-12-31T23:59:59Z"},
        {"as_of_sequence": "-1"},
        {"as_of_sequence": "999999999"},
        {"as_of": "2026-01-31T12:00:00Z", "as_of_sequence": "1"},
    ],
)
async def test_what_is_no_time_of_the_log_is_refused(platform: Platform, asked: Json) -> None:
    for path in (*READS, "/alerts/0123456789abcdef"):
        refused(await platform.http.get(f"{API}{path}", params=asked), "VALIDATION_FAILED")
