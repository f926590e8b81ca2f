"""Replays and what came of them, with sensible values; part of `rca_builders`."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from contracts.envelope import Command, Event
from contracts.replays import (
    CancelReplay,
    ReplayAsked,
    ReplayCompleted,
    ReplayFailed,
    ReplayResult,
    ReplayStarted,
    StartReplay,
)
from tests.kit.samples import CLUSTER_ID, START, at

REPLAY_ID = UUID("bbbbbbbb-bbbb-5bbb-8bbb-bbbbbbbbbbbb")


def replay_asked(**changes: Any) -> ReplayAsked:
    """Correlation of twenty minutes of one cluster, with less patience."""
    values: dict[str, Any] = {
        "kind": "CORRELATION",
        "start": START,
        "end": at(20 * 60),
        "cluster_ids": (CLUSTER_ID,),
        "correlation": {"settle_seconds": 5.0},
    }
    return ReplayAsked.model_validate(values | changes)


def replay_result(*, cluster: UUID = CLUSTER_ID, **changes: Any) -> ReplayResult:
    """One incident of two would have been opened earlier."""
    difference = {
        "kind": "CHANGED",
        "id": REPLAY_ID,
        "title": "KubeNodeNotReady on worker-3 and 4 more",
        "cluster_ids": (cluster,),
        "at": at(),
        "text": "opened 25 s earlier",
    }
    values: dict[str, Any] = {
        "told": 2,
        "again": 2,
        "equal": 1,
        "is_equal": False,
        "signals_told": 9,
        "signals_again": 9,
        "seconds_to_tell": 31.5,
        "seconds_to_tell_again": 6.5,
        "differences": (difference,),
        "events": 40,
        "first_sequence": 4,
        "last_sequence": 60,
    }
    return ReplayResult.model_validate(values | changes)


def replay_started(**changes: Any) -> ReplayStarted:
    values = {"replay_id": REPLAY_ID, "asked": replay_asked()}
    return ReplayStarted.model_validate(values | changes)


def replay_completed(**changes: Any) -> ReplayCompleted:
    values = {"replay_id": REPLAY_ID, "asked": replay_asked(), "result": replay_result()}
    return ReplayCompleted.model_validate(values | changes)


def replay_failed(**changes: Any) -> ReplayFailed:
    values: dict[str, Any] = {
        "replay_id": REPLAY_ID,
        "asked": replay_asked(),
        "code": "CANCELLED",
        "reason": "somebody has cancelled it",
    }
    return ReplayFailed.model_validate(values | changes)


EVENTS: Mapping[type[Event], Callable[[], Event]] = {
    ReplayStarted: replay_started,
    ReplayCompleted: replay_completed,
    ReplayFailed: replay_failed,
}
COMMANDS: Mapping[type[Command], Callable[[], Command]] = {
    StartReplay: lambda: StartReplay(asked=replay_asked()),
    CancelReplay: lambda: CancelReplay(replay_id=REPLAY_ID),
}
