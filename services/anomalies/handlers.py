"""What people want watched, and what they say of anomalies that were told."""

from contracts.anomalies import (
    AnomalyDetected,
    AnomalyEnded,
    AnomalyFeedbackGiven,
    DefineWatch,
    GiveAnomalyFeedback,
    RemoveWatch,
    Watch,
    WatchDefined,
    WatchEvent,
    WatchRemoved,
    anomaly_key,
    watch_key,
)
from contracts.refusals import Code, Refused
from services.anomalies import watching
from services.anomalies.on_demand import answering
from services.anomalies.online.detector import detector
from services.anomalies.service import service
from services.runtime.defining import Defining
from services.runtime.promql import parsing
from services.runtime.store import Accepted, Store

__all__ = ["answering", "detector", "service", "watching"]

MOST_WATCHES = 1_000

_Told = AnomalyDetected | AnomalyEnded


def _left(event: WatchEvent) -> Watch | None:
    return event.watch if isinstance(event, WatchDefined) else None


_WATCHES = Defining(
    said="watch",
    most=MOST_WATCHES,
    missing=Code.WATCH_NOT_FOUND,
    key=watch_key,
    defined=lambda watch: WatchDefined(watch=watch),
    removed=lambda watch: WatchRemoved(watch=watch),
    left=_left,
)


@service.handles(DefineWatch, one_at_a_time=lambda _: "watches")
async def define_watch(command: DefineWatch, store: Store) -> Accepted:
    """Something is watched from now on, or in another way; INVALID_PROMQL says what is wrong."""
    parsing.require_instant(command.watch.query)
    return await _WATCHES.define(store, command.watch, command.expected_version)


@service.handles(RemoveWatch)
async def remove_watch(command: RemoveWatch, store: Store) -> Accepted:
    """Something is not watched any more; WATCH_NOT_FOUND if there is none of this name."""
    return await _WATCHES.remove(store, command.watch_id)


@service.handles(GiveAnomalyFeedback)
async def give_feedback(command: GiveAnomalyFeedback, store: Store) -> Accepted:
    """What somebody says of an anomaly is kept; ANOMALY_NOT_FOUND if it is not (or no longer)."""
    known = await store.load(anomaly_key(command.cluster_id, command.anomaly_id), _newest)
    if known.state is None:
        raise Refused(Code.ANOMALY_NOT_FOUND, f"there is no anomaly {command.anomaly_id}")
    anomaly = known.state.anomaly
    given = AnomalyFeedbackGiven(
        watch_id=anomaly.watch_id,
        metric_name=anomaly.metric_name,
        labels=anomaly.labels,
        **command.model_dump(),
    )
    return await store.tell(given)


def _newest(_: _Told | None, event: _Told) -> _Told:
    return event
