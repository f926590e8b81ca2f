"""A slice of the log as a file, straight from the log: as many events as there are."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromQuery

from contracts.catalog import CATALOG, EVENTS
from contracts.envelope import rfc3339
from contracts.refusals import Code, Refused
from contracts.subjects import token
from gateway.auth.guards import READERS, principal_of
from gateway.gate import Gate
from gateway.rest.event_filters import TYPES, From, Since, To, clusters_of, window_of
from gateway.rest.outpour import Chunks, Outpour, begun
from gateway.rest.shared import AnyRequest, Several, Text, WithGate, choices, errors
from gateway.slots import Slots
from services.runtime.bus import BusUnavailable
from services.runtime.frames import redacted, spanning
from services.runtime.pull import Delivery
from services.runtime.replay import Replay, Window, event_filters
from services.runtime.replay_file import First, Writer

MEDIA_TYPE = "application/x-ndjson"
_PAGE = 500
_PAUSE, _TRIES = 0.5, 60


@dataclass(frozen=True)
class _Wanted:
    """What is exported."""

    window: Window
    filters: tuple[str, ...]
    passes: Callable[[Delivery], bool]
    seen: Callable[[Delivery], Delivery | None]
    """As its reader may see an event, None if not at all."""
    told: dict[str, Any]
    """The filters as they were given."""


@get("/export", operation_id="exportEvents", summary="A slice of the log as a file",
     opt=READERS, media_type=MEDIA_TYPE,
     responses=errors(Code.OVERLOADED, Code.BUS_UNAVAILABLE))  # fmt: skip
async def export_events(
    gate: WithGate,
    request: AnyRequest,
    event_type: Several = None,
    cluster_id: FromQuery[UUID | None] = None,
    entity_type: Text = None,
    entity_id: Text = None,
    since: From = None,
    until: To = None,
    since_sequence: Since = None,
    correlation_id: FromQuery[UUID | None] = None,
) -> Outpour:
    """Every event that passes, oldest first, one JSON object a line.

    The first line says what the file is, the last how many events it has and their SHA-256: one
    that was cut has none. `aiops replay FILE` makes a hub of it.
    """
    types = choices("event_type", event_type, TYPES)
    principal = principal_of(request)
    clusters = [str(each) for each in clusters_of(principal, cluster_id)]
    entity = None if entity_id is None else token(entity_id)
    told = {
        "event_type": list(types),
        "cluster_id": clusters,
        "entity_type": entity_type,
        "entity_id": entity_id,
        "since_sequence": since_sequence,
        "correlation_id": correlation_id,
    }
    wanted = _Wanted(
        replace(window_of(since, until), after=since_sequence or 0),
        event_filters(clusters, [each for each in EVENTS if each.names.public in types]),
        _filter(types, (entity_type, entity), correlation_id),
        _seen(frozenset(clusters), frozenset(map(str, principal.reads.narrow()))),
        {name: value for name, value in told.items() if value},
    )
    return Outpour(
        await begun(_counted(gate.exports, _lines(gate, wanted))),
        media_type=MEDIA_TYPE,
        patience=gate.runtime.settings.gateway.slow_client_seconds,
        headers={"content-disposition": 'attachment; filename="aiops-events.ndjson"'},
    )


def _seen(places: frozenset[str], mine: frozenset[str]) -> Callable[[Delivery], Delivery | None]:
    """Of these clusters, and as somebody sees it who may see those; empty: all."""

    def seen(delivery: Delivery) -> Delivery | None:
        _, cluster, kind, *_ = delivery.subject.split(".")
        if kind not in CATALOG.spanning:
            return delivery if not places or cluster in places else None
        return _over_several(delivery, places, mine)

    return seen


def _over_several(
    delivery: Delivery, places: frozenset[str], mine: frozenset[str]
) -> Delivery | None:
    stored_type = delivery.headers["ce-type"]
    event = spanning(CATALOG, stored_type, delivery.data)
    about = frozenset[str]() if event is None else frozenset(map(str, event.of_clusters))
    if places and places.isdisjoint(about):
        return None
    if not mine or about <= mine:
        return delivery
    return replace(delivery, data=redacted(CATALOG, stored_type, delivery.data, mine))


def _filter(
    types: tuple[str, ...],
    entity: tuple[str | None, str | None],
    correlation_id: UUID | None,
) -> Callable[[Delivery], bool]:
    """What the subjects that are read do not say already."""
    names = {each.names.type.rpartition(".v")[0] for each in EVENTS if each.names.public in types}
    kind, name = entity
    correlation = None if correlation_id is None else str(correlation_id)

    def passes(delivery: Delivery) -> bool:
        _, _, told_kind, told_name, *_ = delivery.subject.split(".")
        headers = delivery.headers
        return (
            (kind is None or told_kind == kind)
            and (name is None or told_name == name)
            and (not names or headers.get("ce-type", "").rpartition(".v")[0] in names)
            and (correlation is None or headers.get("ce-correlationid") == correlation)
        )

    return passes


async def _counted(slots: Slots, lines: Chunks) -> Chunks:
    """The same lines, while there is room for one more who reads so much."""
    if not slots.take():
        text = f"{slots.most} exports are being made here already; try again later"
        raise Refused(Code.OVERLOADED, text)
    try:
        async for chunk in lines:
            yield chunk
    finally:
        slots.give_back()
        await lines.aclose()


async def _lines(gate: Gate, wanted: _Wanted) -> Chunks:
    writer = Writer()
    window = wanted.window
    async with Replay(gate.log, window, wanted.filters) as replay:
        yield writer.first(_first(gate, wanted, replay.extent.whole_from))
        while page := await _page(replay):
            passing = (delivery for delivery in page if wanted.passes(delivery))
            told = [seen for each in passing if (seen := wanted.seen(each)) is not None]
            if told:
                yield writer.events(told)
            await asyncio.sleep(0)
    yield writer.last()


async def _page(replay: Replay) -> list[Delivery]:
    """The next events; while the bus is away for less than half a minute the file waits."""
    for left in reversed(range(_TRIES)):
        try:
            return await replay.take(_PAGE)
        except BusUnavailable:
            if not left:
                raise
            await asyncio.sleep(_PAUSE)
    return []


def _first(gate: Gate, wanted: _Wanted, whole_from: datetime | None) -> First:
    def text(moment: datetime | None) -> str | None:
        return None if moment is None else rfc3339(moment)

    return First(
        hub=gate.runtime.settings.site,
        start=text(wanted.window.start),
        end=text(wanted.window.end),
        filters={
            name: msgspec.Raw(msgspec.json.encode(value)) for name, value in wanted.told.items()
        },
        whole_from=text(whole_from),
    )
