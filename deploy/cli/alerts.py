"""`aiops alerts list` and `silence`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.cli.alerts_api import asking
from deploy.cli.clusters import table
from deploy.cli.clusters_api import Json
from deploy.cli.output import fail, say

_WRONG_USE = 2


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """What to silence, how long, and why."""

    alert_id: str
    duration: str | None
    until: str | None
    comment: str
    labels: tuple[str, ...]
    as_json: bool

    def body(self) -> Json:
        """As the gateway takes it."""
        if (self.duration is None) == (self.until is None):
            fail("give --for or --until", _WRONG_USE)
        told: Json = {"comment": self.comment}
        told |= {"duration": self.duration} if self.duration else {"ends_at": self.until}
        return told | {"labels": list(self.labels)} if self.labels else told


async def show_all(
    filters: Mapping[str, list[str]], clusters: Sequence[str], limit: int, *, as_json: bool
) -> None:
    """Alerts that pass the filters."""
    async with asking() as api:
        wanted = {**filters, "cluster_id": await api.ids(clusters)}
        found = await api.alerts(wanted, limit)
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        table([_row(alert) for alert in found], empty="there are no such alerts")


async def silence(request: SilenceRequest) -> None:
    """Silence an alert in its cluster's Alertmanager."""
    body = request.body()
    async with asking() as api:
        made = await api.silence(request.alert_id, body)
    if request.as_json:
        say(json.dumps(made, indent=2))
        return
    say(f"silence {made['silence_id']} until {made['ends_at']}")
    for warning in made["warnings"]:
        say(f"but {warning}")


def _row(alert: Json) -> Json:
    return {
        "severity": alert["severity"],
        "state": " ".join(filter(None, (alert["state"], _muted(alert)))),
        "alert": alert["alertname"],
        "cluster": alert["cluster_name"],
        "namespace": alert["labels"].get("namespace"),
        "since": alert["starts_at"],
        "summary": alert["annotations"].get("summary"),
        "id": alert["id"],
    }


def _muted(alert: Json) -> str:
    silenced = "silenced" if alert["silenced"] else ""
    return silenced or ("inhibited" if alert.get("inhibited") else "")
