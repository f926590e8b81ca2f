"""The live stream over REST: how it stands in this process, and who listens."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from litestar import Response, Router, get

from contracts.refusals import Code, Refused
from gateway.auth.guards import roles
from gateway.live.guest import Guest, Standing
from gateway.live.live import Live
from gateway.rest.documented_streaming import (
    LiveClient,
    LiveClients,
    LiveSubscriptions,
    StreamingStatus,
    SubscriptionState,
)
from gateway.rest.shared import AnyRequest, PageNumber, PageSize, errors, raw
from services.runtime.principals import Role

T = TypeVar("T")

_ERRORS = errors(Code.OVERLOADED)


def _live(request: AnyRequest) -> Live:
    found = request.app.state.get("live")
    if not isinstance(found, Live):
        raise Refused(Code.OVERLOADED, "this process has no live stream; ask another one")
    return found


@get("/status", operation_id="getStreamingStatus", summary="How the live stream stands",
     opt=roles(Role.ADMIN, Role.OPERATOR), responses=_ERRORS)  # fmt: skip
async def get_status(request: AnyRequest) -> Response[StreamingStatus]:
    """Of the process that answers; behind a load balancer each one has its own clients."""
    live = _live(request)
    tail, telemetry = live.tail, live.telemetry
    abouts = [guest.about() for guest in live.guests]
    standings = [standing for about in abouts for standing in about.subscriptions]
    answer = StreamingStatus(
        instance=live.instance,
        position=tail.ring.last,
        in_memory_from=tail.ring.floor,
        error=tail.error,
        telemetry_error=None if telemetry is None else telemetry.error,
        clients={"ws": 0, "logs": 0, "sse": 0} | Counter(about.door for about in abouts),
        most_clients=live.settings.max_clients,
        subscriptions=len(standings),
        catching_up=sum(not standing.live for standing in standings),
    )
    return raw(answer.model_dump_json().encode())


@get("/clients", operation_id="listStreamingClients", summary="Who is connected",
     responses=_ERRORS)  # fmt: skip
async def list_clients(
    request: AnyRequest, page: PageNumber = 1, page_size: PageSize = 50
) -> Response[LiveClients]:
    """Live connections of the process that answers, the longest connected first."""
    live = _live(request)
    shown = _page(_guests(live), _client, page, page_size)
    return raw(LiveClients(instance=live.instance, **shown).model_dump_json().encode())


@get("/subscriptions", operation_id="listStreamingSubscriptions", summary="Who is told what",
     responses=_ERRORS)  # fmt: skip
async def list_subscriptions(
    request: AnyRequest, page: PageNumber = 1, page_size: PageSize = 50
) -> Response[LiveSubscriptions]:
    """Subscriptions to events in the process that answers, those of one client together."""
    live = _live(request)
    found = [(guest, each) for guest in _guests(live) for each in guest.about().subscriptions]
    last = live.tail.ring.last
    shown = _page(found, lambda pair: _subscription(*pair, last), page, page_size)
    return raw(LiveSubscriptions(instance=live.instance, **shown).model_dump_json().encode())


def _guests(live: Live) -> list[Guest]:
    def age(guest: Guest) -> tuple[float, str]:
        about = guest.about()
        return about.connected_at.timestamp(), str(about.id)

    return sorted(live.guests, key=age)


def _page(found: Sequence[T], show: Callable[[T], Any], page: int, size: int) -> dict[str, Any]:
    start = (page - 1) * size
    return {
        "items": [show(one) for one in found[start : start + size]],
        "total": len(found),
        "page": page,
        "page_size": size,
        "total_pages": -(-len(found) // size),
    }


def _client(guest: Guest) -> LiveClient:
    about, principal = guest.about(), guest.principal
    return LiveClient(
        client_id=about.id,
        door=about.door,
        user=None if principal is None else principal.name,
        role=None if principal is None else principal.role,
        address=about.address,
        connected_at=about.connected_at,
        sent=about.sent,
        stalled_seconds=round(guest.stalled(), 3),
        subscriptions=len(about.subscriptions),
    )


def _subscription(guest: Guest, standing: Standing, last: int) -> SubscriptionState:
    told, position = standing.wanted.answer(standing.position or 0), standing.position
    return SubscriptionState(
        client_id=guest.about().id,
        user=None if guest.principal is None else guest.principal.name,
        id=told.id,
        event_types=list(told.event_types),
        cluster_filter=list(told.cluster_filter),
        namespace_filter=list(told.namespace_filter),
        entity_filter=list(told.entity_filter),
        batch=standing.wanted.batch,
        state="live" if standing.live else "starting" if position is None else "catching_up",
        position=position,
        lag=None if position is None else max(0, last - position),
    )


streaming = Router(
    "/streaming",
    route_handlers=[get_status, list_clients, list_subscriptions],
    tags=["Events and operations"],
)
