"""Tells what follows from samples, each event once whoever else decides too, and stores these."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from contracts.cnf import CnfArea, CnfStatusChanged, CnfUpdate, cnf_key
from contracts.refusals import TryLater
from contracts.subjects import NO_CLUSTER
from services.cnf import domain
from services.cnf.domain import Name
from services.runtime import streams
from services.runtime.bus import TooManySubjects
from services.runtime.ids import derived_id
from services.runtime.log import NOTHING, Conflict, Head
from services.runtime.store import Store

_TRIES = 8


@dataclass(frozen=True, slots=True)
class _Stand:
    """The last event about something."""

    event: CnfStatusChanged
    at: datetime
    head: Head


async def last_of(cluster_id: UUID, store: Store) -> CnfUpdate | None:
    """The last sample of a cluster, None if there is none that can be read."""
    query = {"last_by_subj": _subject(cluster_id)}
    stored = await store.log.bus.get(streams.TELEMETRY, query)
    try:
        return None if stored is None else CnfUpdate.model_validate_json(stored.data)
    except ValidationError:
        return None  # Of another version of this program.


async def tell(before: CnfUpdate | None, update: CnfUpdate, store: Store) -> None:
    """Append what has changed since the sample ``before``, and store this one.

    In this order: whoever dies in between leaves the one before as the last, by which the same is
    decided again. What was due and comes again stores no second sample.
    """
    await _decide(before, update, store)
    await store.log.bus.publish(
        _subject(update.cluster_id),
        update.model_dump_json().encode(),
        {"Nats-Msg-Id": str(derived_id(store.context.command_id, "cnf"))},
    )


async def _decide(before: CnfUpdate | None, update: CnfUpdate, store: Store) -> None:
    for _ in range(_TRIES):
        stands = await _standings(before, update, store)
        events = domain.decide(before, update, {name: each.event for name, each in stands.items()})
        changes = [
            (event, NOTHING if stood is None else stood.head)
            for event in events
            # What was decided on a later sample stands.
            if (stood := stands.get((event.area, event.name))) is None or stood.at <= store.at
        ]
        if not changes:
            return
        answers = await store.log.append_each(changes, store.context, store.at)
        failed = [each for each in answers if not isinstance(each, int)]
        for error in failed:
            if not isinstance(error, Conflict):
                raise error
        if not failed:
            return
    raise TryLater("these network functions are being told of by many at once", delay=0.5)


async def _standings(
    before: CnfUpdate | None, update: CnfUpdate, store: Store
) -> dict[Name, _Stand]:
    """The last events about the cluster's network functions, in one read if that is possible."""
    log = store.log
    try:
        stored = await log.bus.get_last(streams.EVENTS, [f"evt.{update.cluster_id}.cnf.>"])
    except TooManySubjects:
        return await _standings_of(before, update, store)
    found: dict[Name, _Stand] = {}
    for each in stored:
        event = log.catalog.decode(each.headers["ce-type"], each.data)
        if isinstance(event, CnfStatusChanged):
            at = datetime.fromisoformat(each.headers["ce-time"])
            found[event.area, event.name] = _Stand(event, at, Head(each.sequence))
    return found


async def _standings_of(
    before: CnfUpdate | None, update: CnfUpdate, store: Store
) -> dict[Name, _Stand]:
    """Those about what the samples tell of."""
    names = [*(_names(before) if before is not None else ()), *_names(update)]
    keys = [cnf_key(update.cluster_id, area, name) for area, name in dict.fromkeys(names)]
    found: dict[Name, _Stand] = {}
    for last in (await store.log.heads(keys)).values():
        if isinstance(last.event, CnfStatusChanged):
            name = last.event.area, last.event.name
            found[name] = _Stand(last.event, last.time, Head(last.sequence))
    return found


def _names(update: CnfUpdate) -> list[Name]:
    """All that a sample tells of."""
    return [
        *((CnfArea.WORKLOAD, f"{each.namespace}/{each.pod}") for each in update.workloads or ()),
        *((CnfArea.PTP, f"{each.node_name}/{each.interface}") for each in update.ptp or ()),
        *((CnfArea.SRIOV, f"{each.node_name}/{each.resource_name}") for each in update.sriov or ()),
        *(
            (CnfArea.DPDK, f"{each.namespace}/{each.pod}/{port.port}")
            for each in update.dpdk or ()
            for port in each.ports
        ),
    ]


def _subject(cluster_id: UUID) -> str:
    return f"tel.cnf.{cluster_id}.{NO_CLUSTER}"
