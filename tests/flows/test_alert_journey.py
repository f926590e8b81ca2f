"""A rule fires in a real Prometheus, a real Alertmanager posts it, and people see it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.kit import peers
from tests.kit.hub import Hub, until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(180)]


def _alerts(hub: Hub, cluster: str, path: str = "/api/v1/alerts") -> list[dict[str, Any]]:
    with hub.client() as client:
        answer = client.get(path, params={"cluster_id": cluster, "alertname": "DemoBroken"})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def _watch(hub: Hub, cluster: str, wanted: list[str]) -> list[dict[str, Any]]:
    """The events of a cluster's alerts from the beginning, as far as the wanted types."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(30), connect(hub.gateway.replace("http", "ws") + "/ws") as socket:
        await socket.send(json.dumps({"type": "auth", "token": hub.token}))
        subscription = {
            "event_types": ["ALERT_FIRED", "ALERT_RESOLVED"],
            "cluster_filter": [cluster],
            "since_sequence": 0,
        }
        await socket.send(json.dumps({"type": "subscribe", "subscription": subscription}))
        while len(events) < len(wanted):
            frame = json.loads(await socket.recv())
            if frame["type"] == "event":
                events.append(frame)
    assert [event["event_type"] for event in events] == wanted
    return events


def test_an_alert_of_a_real_prometheus_is_seen_fired_and_resolved(hub: Hub, tmp_path: Path) -> None:
    by_webhook, by_prometheus = hub.register("journey-am"), hub.register("journey-prom")
    tokens: list[Path] = []
    for name in ("journey-am", "journey-prom"):
        tokens.append(tmp_path / name)
        tokens[-1].write_text(hub.aiops("token", "create", "--role", "ingest", "--cluster", name))
    url = f"{hub.gateway}/api/v1/alerts/webhook"
    address = hub.gateway.removeprefix("http://")
    with (
        peers.target() as target,
        peers.alertmanager(tmp_path, url, tokens[0]) as port,
        peers.prometheus(tmp_path, target.port, port, address, tokens[1]),
    ):
        target.broken = 1
        fired = [
            until(lambda cluster=cluster: _alerts(hub, cluster), within=40)
            for cluster in (by_webhook, by_prometheus)
        ]
        target.broken = 0
        for cluster in (by_webhook, by_prometheus):
            until(lambda cluster=cluster: not _alerts(hub, cluster), within=60)

    for alerts in fired:
        assert len(alerts) == 1
        assert alerts[0]["severity"] == "CRITICAL"
        assert alerts[0]["labels"]["namespace"] == "demo"
        assert alerts[0]["annotations"] == {"summary": "the demo is broken"}
    assert fired[0][0]["fingerprint"] == fired[1][0]["fingerprint"], "both doors name it alike"
    for cluster, alerts in zip((by_webhook, by_prometheus), fired, strict=True):
        past = _alerts(hub, cluster, "/api/v1/alerts/history")
        assert [each["id"] for each in past] == [alerts[0]["id"]]
        events = asyncio.run(_watch(hub, cluster, ["ALERT_FIRED", "ALERT_RESOLVED"]))
        assert {event["payload"]["alert"]["id"] for event in events} == {alerts[0]["id"]}
