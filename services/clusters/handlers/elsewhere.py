"""Checks clusters that the hub does not reach: their site's collector does, and is asked."""

from pydantic import TypeAdapter, ValidationError

from contracts.clusters import Check, Checked, Cluster
from contracts.refusals import Refused
from contracts.telemetry import CheckBackends
from services.clusters import status
from services.runtime.asking import Asker, Place, Unanswered
from services.runtime.store import Store

_CHECKS: TypeAdapter[tuple[Check, ...]] = TypeAdapter(tuple[Check, ...])


async def checked_at_its_site(cluster: Cluster, store: Store, seconds: float) -> tuple[Check, ...]:
    """What the site says of the cluster's backends; that they are not there if it says nothing."""
    wanted = tuple(status.endpoints(cluster))
    place, parts = Place(cluster.site, str(cluster.id)), list[bytes]()
    try:
        async with Asker(store.log.bus).ask(place, CheckBackends(), seconds=seconds) as told:
            parts += [part async for part in told]
        found = _CHECKS.validate_json(b"".join(parts))
    except (Unanswered, Refused) as error:
        return tuple(_not_there(name, f"site {cluster.site}: {error.message}") for name in wanted)
    except ValidationError:
        text = f"site {cluster.site} has answered what is no list of checks"
        return tuple(_not_there(name, text) for name in wanted)
    return status.in_order(check for check in found if check.name in wanted)


def _not_there(name: Checked, error: str) -> Check:
    advice = "look at the link to the site, and at its collector"
    return Check(
        name=name, healthy=False, latency_ms=0.0, error=error, advice=advice, answered=False
    )
