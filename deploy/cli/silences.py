"""`aiops silences list` and `rm`."""

import json
import sys
from collections.abc import Sequence

from deploy.cli.alerts_api import asking
from deploy.cli.clusters import table
from deploy.cli.clusters_api import Json
from deploy.cli.output import say


async def show_all(clusters: Sequence[str], states: Sequence[str], *, as_json: bool) -> None:
    """Silences of these clusters, or of all."""
    async with asking() as api:
        found = await api.silences(await api.ids(clusters), states)
    if as_json:
        say(json.dumps(found, indent=2))
        return
    table([_row(each) for each in found["items"]], empty="there are no such silences")
    for each in found["missing"]:
        sys.stderr.write(f"aiops: {each['cluster_name']} has not answered: {each['reason']}\n")


async def remove(silence_id: str, cluster: str | None) -> None:
    """End a silence."""
    async with asking() as api:
        where = None if cluster is None else (await api.find(cluster))["id"]
        await api.unsilence(silence_id, where)
    say(f"silence {silence_id} was ended")


def _row(silence: Json) -> Json:
    return {
        "state": silence["state"],
        "cluster": silence["cluster_name"],
        "silences": ", ".join(map(_matcher, silence["matchers"])),
        "until": silence["ends_at"],
        "by": silence["created_by"],
        "comment": silence["comment"],
        "id": silence["id"],
    }


def _matcher(told: Json) -> str:
    """As Alertmanager writes it."""
    sign = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    value = json.dumps(told["value"], ensure_ascii=False)
    return f"{told['name']}{sign[told['is_equal'], told['is_regex']]}{value}"
