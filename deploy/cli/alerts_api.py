"""The gateway's routes for alerts and silences, as the command line calls them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from deploy.cli.clusters_api import ClusterApi, Declined, Json, Unanswered, client_of, read_object
from deploy.cli.output import fail
from deploy.cli.reach import gateway_of

_ALERTS = "/api/v1/alerts"
_SILENCES = "/api/v1/silences"
_PAGE = 100
_ACCEPTED = 202
_MOST = 5_000


class AlertApi(ClusterApi):
    """These routes beside those for clusters; each raises Declined or Unanswered."""

    async def ids(self, references: Sequence[str]) -> list[str]:
        """Ids of clusters, of which names or ids are given."""
        return [(await self.find(each))["id"] for each in references]

    async def alerts(self, filters: Mapping[str, Any], limit: int) -> list[Json]:
        """Alerts that pass the filters, newest first, at most ``limit``."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            asked = {**filters, "page_size": min(_PAGE, limit - len(found))}
            told = await self._get(
                _ALERTS, asked if cursor is None else {**asked, "cursor": cursor}
            )
            found += told["items"]
            cursor = told["next_cursor"]
            if cursor is None or len(found) >= limit:
                return found

    async def silence(self, alert_id: str, wanted: Json) -> Json:
        """Silence an alert; what was made of it."""
        answer = await self._send("POST", f"{_ALERTS}/{quote(alert_id, safe='')}/silence", wanted)
        if answer.status_code != _ACCEPTED:
            return read_object(answer)
        return {**(await self._outcome(answer))["details"], "warnings": []}

    async def silences(self, cluster_ids: Sequence[str], states: Sequence[str]) -> Json:
        """Silences of these clusters, or of all; and who has not answered."""
        asked = {"cluster_id": list(cluster_ids), "state": list(states), "limit": _MOST}
        return await self._get(_SILENCES, asked)

    async def unsilence(self, silence_id: str, cluster_id: str | None) -> None:
        """End a silence."""
        asked = {} if cluster_id is None else {"cluster_id": cluster_id}
        url = f"{_SILENCES}/{quote(silence_id, safe='')}"
        await self._settled(await self._send("DELETE", url, params=asked))


@asynccontextmanager
async def asking() -> AsyncGenerator[AlertApi]:
    """The gateway's routes for the time of a block, which a refusal ends with one line."""
    try:
        async with client_of(gateway_of()) as client:
            yield AlertApi(client)
    except (Declined, Unanswered) as error:
        fail(str(error))
