"""From alerts to a cause: an incident opens, its cause is looked for by itself, and it is shown."""

from collections.abc import AsyncGenerator

import pytest

from services.runtime.settings import Settings
from services.runtime.settings_collecting import IncidentSettings
from tests.kit.gateway import API, Json, Platform, alert, platform_on
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

QUICK = IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5, quiet_seconds=60.0)


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One that does not wait for long."""
    async with platform_on(platform_settings.model_copy(update={"incidents": QUICK})) as running:
        yield running


def _node_down() -> list[Json]:
    down = {"alertname": "KubeNodeNotReady", "severity": "critical", "node": "worker-3"}
    pods = [
        {"alertname": "KubePodNotReady", "severity": "warning", "node": "worker-3"}
        | {"namespace": f"team-{number}", "pod": f"app-7d9c6f5b8-{number:05}"}
        for number in range(7)
    ]
    return [alert(number, labels=labels) for number, labels in enumerate([down, *pods])]


async def _analysed(platform: Platform, incident: str, signals: int) -> Json:
    """The newest analysis of an incident, once it rests on so many signals."""

    async def found() -> Json | None:
        items = (await platform.list("/analysis/rca", incident_id=incident))["items"]
        if not items:
            return None
        newest = await platform.list(f"/analysis/rca/{items[0]['id']}")
        return newest if newest["signals"] >= signals else None

    told = await eventually(found)
    assert told is not None
    return told


async def test_the_cause_of_an_incident_is_found_by_itself(platform: Platform) -> None:
    cluster = (await platform.register(name="analysed"))["id"]
    await platform.report(cluster, *_node_down())

    async def opened() -> Json | None:
        items = (await platform.list("/incidents", cluster_id=cluster))["items"]
        return items[0] if items else None

    incident = await eventually(opened)
    assert incident is not None
    found = await _analysed(platform, incident["id"], 4)
    assert found["is_known"]
    first = found["causes"][0]
    assert first["entity"] == {"cluster_id": cluster, "place": "node/worker-3"}
    assert found["trigger"] == "INCIDENT"
    assert found["actions"]
    # Each event that is cited is in the log, and tells of an alert of this cluster.
    cited = {one for claim in first["claims"] for one in (*claim["cited"], *claim["effects"])}
    assert cited
    for sequence in cited:
        event = await platform.list(f"/events/{sequence}")
        assert (event["event_type"], event["cluster_id"]) == ("ALERT_FIRED", cluster)

    by_hand = {"incident_id": incident["id"]}
    answer = await platform.http.post(f"{API}/analysis/rca", json=by_hand)
    assert answer.status_code == 201, answer.text
    again = (await platform.http.post(f"{API}/analysis/rca", json=by_hand)).json()
    same = {"causes", "edges", "timeline", "explanation", "is_known"}
    assert {key: answer.json()[key] for key in same} == {key: again[key] for key in same}


async def test_the_cause_behind_an_alert_is_that_of_its_incident(platform: Platform) -> None:
    cluster = (await platform.register(name="asked-by-alert"))["id"]
    await platform.report(cluster, *_node_down())
    alerts = (await platform.list("/alerts", cluster_id=cluster))["items"]
    pod = next(each for each in alerts if each["alertname"] == "KubePodNotReady")

    async def asked() -> Json | None:
        answer = await platform.http.post(f"{API}/analysis/rca", json={"alert_id": pod["id"]})
        assert answer.status_code in {201, 404}, answer.text
        return answer.json() if answer.status_code == 201 else None

    found = await eventually(asked)
    assert found is not None
    assert (found["trigger"], found["trigger_id"]) == ("ALERT", pod["id"])
    assert found["causes"][0]["entity"]["place"] == "node/worker-3"
