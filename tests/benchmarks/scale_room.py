"""Memory and disk of a load, by what one of each was measured to take."""

from dataclasses import dataclass

from tests.benchmarks.scale_model import HUB, Hub, Load, parts

_GIB = 2.0**30
_DAY = 86_400
_KEPT = 90 * _DAY
_GATEWAY, _CLIENT = 99e6, 23_600
"""Of a process at rest, and of a live client that listens: `idle`, `live`."""
_WORKERS = 560e6
"""Of a process with the correlator in it, after minutes of 500 reports a second: `make chaos`."""
_PROJECTOR, _GPU = 63e6, 2_900
"""At rest, and what one GPU adds to the keeper: `idle`, and 92 MB with 10,000 of them by `gpu`."""
_NATS, _SUBJECT = 165e6, 300
"""Of a server at work, and of each subject: bus notes."""
_SUBJECTS = 2 * 200
"""Of a cluster: some two hundred different alerts in 90 days, which fire and end. Assumed."""
_DATABASE = 2 * _GIB
"""As the charts ask for."""
_EVENT, _ROW = 703, 732
"""Bytes: of an event in the log (bus notes), of an alert that has ended in its tables."""


@dataclass(frozen=True, slots=True)
class Room:
    """In GiB."""

    memory: float
    """Of all processes and servers."""
    log: float
    """Of each NATS server: facts of 90 days."""
    rows: float
    """Of PostgreSQL: alerts of 90 days. Samples of GPUs are not in it."""


def room(load: Load, hub: Hub = HUB) -> Room:
    """What a load takes."""
    several = {part: count or 1 for part, (count, _) in parts(load, hub).items()}
    memory = (
        several["gateway"] * _GATEWAY
        + load.clients * _CLIENT
        + several["workers"] * _WORKERS
        + several["projector"] * _PROJECTOR
        + 15 * load.samples * _GPU
        + hub.copies * (_NATS + load.clusters * _SUBJECTS * _SUBJECT)
        + _DATABASE
    )
    log = load.events * _KEPT * _EVENT
    rows = load.alerts / 2 * _KEPT * _ROW
    return Room(memory / _GIB, log / _GIB, rows / _GIB)
