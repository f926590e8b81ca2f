"""Reads from the log what analyses of earlier incidents have found."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from contracts.catalog import CATALOG
from contracts.rca import RcaComplete, RcaEntity
from services.rca.reading import Found, causes
from services.rca.reasoning import Earlier
from services.rca.reasoning.places import Entity
from services.runtime.log import EventLog
from services.runtime.pull import Delivery
from services.runtime.replay import Replay, Window, event_filters

BACK = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How far: as far as there are not too many analyses."""
MOST = 2_000
"""Analyses of others that one reads."""
_PAGE = 100


class _Cause(BaseModel):
    entity: RcaEntity
    kind: str


class _Result(BaseModel):
    incident_id: UUID | None
    is_known: bool
    causes: tuple[_Cause, ...]


class _Analysis(BaseModel):
    """The part of an `RcaComplete` that counts: the whole takes twenty times as long to read."""

    result: _Result


async def causes_before(log: EventLog, end: datetime) -> Earlier:
    """Known causes of incidents that were analysed in the 30 days before a time, by the log's time.

    Of 7 days or 1 where there are more analyses than are read. The same whenever it is asked, while
    they are in the log.
    """
    found: list[Found] = []
    days, until = 0, end
    for back in BACK:
        older = await _analyses(log, Window(end - back, until), MOST - len(found))
        if older is None:
            break
        found[:0] = older
        days, until = back.days, end - back
    return causes(found, days)


async def _analyses(log: EventLog, window: Window, most: int) -> list[Found] | None:
    """Those of a time; None if they are more."""
    found: list[Found] = []
    async with Replay(log, window, event_filters(types=(RcaComplete,))) as replay:
        while page := await replay.take(_PAGE):
            found += map(_found, page)
            if len(found) > most:
                return None
    return found


def _found(delivery: Delivery) -> Found:
    event_type = delivery.headers["ce-type"]
    body: bytes | str = delivery.data
    if event_type != RcaComplete.names.type:
        # Of an older version, which is read as a whole.
        body = CATALOG.decode(event_type, delivery.data).model_dump_json()
    told = _Analysis.model_validate_json(body).result
    first = next(iter(told.causes), None)
    if first is None or not told.is_known:
        return Found(delivery.sequence, told.incident_id, None)
    entity = Entity(first.entity.cluster_id, first.entity.place)
    return Found(delivery.sequence, told.incident_id, (entity, first.kind))
