"""What a hub keeps, and what becomes of each of it in a backup.

Whatever is not named here is in no backup: `undecided` finds it, and a test fails.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from deploy.local.nats_publishers import PUBLISHERS_FILE
from deploy.local.nats_sites import SITES_FILE
from deploy.platform import PROJECTIONS
from services.runtime import streams
from services.runtime.projections.catalog import schema_of
from services.runtime.vault.keys import FILE


class Fate(StrEnum):
    """What becomes of something."""

    COPIED = "copied"
    REBUILT = "rebuilt"
    """From what is copied."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one thing, and why."""

    fate: Fate
    reason: str


def _copied(reason: str) -> Decision:
    return Decision(Fate.COPIED, reason)


def _rebuilt(reason: str) -> Decision:
    return Decision(Fate.REBUILT, reason)


def _left(reason: str) -> Decision:
    return Decision(Fate.LEFT, reason)


STREAMS: dict[str, Decision] = {
    streams.EVENTS: _copied("the record; its sequences are what everything else refers to"),
    streams.SCHEDULES: _copied("what is to be done later; nothing else remembers it"),
    streams.DEAD_LETTERS: _copied("what could not be handled waits for a person"),
    streams.SNAPSHOTS: _copied("what detectors have learned from telemetry that has aged out"),
    streams.OUTCOMES: _copied("who sends a command again hears what became of it"),
    streams.REPORTS: _copied("files that events refer to"),
    streams.TELEMETRY: _copied("a rebuild, a detector and a what-if read it"),
    streams.COMMANDS: _left(
        "requests on their way, mostly for milliseconds; done again from a copy, they would be done"
        " twice. Its numbering goes on, as dead letters are named by it"
    ),
    streams.LEASES: _left("held for seconds by processes that are not there any more"),
    streams.QUERY_CACHE: _left("a cache in memory"),
}
"""By stream; buckets are the streams `KV_…` and `OBJ_…`."""

TABLES: dict[str, Decision] = {
    # In the order in which they are written again: a row after those that it refers to.
    "token": _copied("hashes of API tokens; not the one of the run that was backed up"),
    "publisher": _copied("what publishers from outside may do"),
    "command_id_secret": _copied("the same Idempotency-Key stays the same command"),
    "secret": _copied("envelopes; worthless without the vault's keys"),
    "health_run": _copied("seven days, of telemetry that ages out earlier"),
    "kept": _copied("up to where the telemetry is in the tables below"),
    "gpu_node": _copied("history of telemetry"),
    "gpu": _copied("history of telemetry"),
    "gpu_sample": _copied("history of telemetry"),
    "gpu_told": _copied("history of telemetry"),
    "gpu_node_told": _copied("history of telemetry"),
    "gpu_minute": _copied("history of telemetry"),
    "gpu_hour": _copied("history of telemetry"),
    "gpu_dirty_minute": _copied("minutes of it that are not rolled up yet"),
    "gpu_dirty_hour": _copied("hours of it that are not rolled up yet"),
    "cnf_latest": _copied("history of telemetry"),
    "cnf_run": _copied("history of telemetry"),
    "cnf_clock": _copied("history of telemetry"),
    "cnf_offset": _copied("history of telemetry"),
    "migration": _rebuilt("written by whoever makes the tables"),
    "projection": _rebuilt("positions: those of copied projections are in the manifest"),
    "projection_partition": _rebuilt("positions: those of copied projections are in the manifest"),
    "projection_error": _rebuilt("the same events are set aside again"),
    "login_code": _left("good for ten minutes"),
    "login_attempt": _left("good for minutes"),
    "session": _left("people log in again; one that was ended since must not come back"),
    "deposit": _left("secrets on their way to commands, which are left"),
    "chat_key": _left("a chat that is erased must be unreadable in every backup, too"),
}
"""Of the schema `aiops`. Partitions go with their table."""

SCHEMAS: dict[str, Decision] = {
    schema_of(name, "live"): _copied("a projection; folded from the log where it does not fit")
    for name in PROJECTIONS
}

FILES: dict[str, Decision] = {
    f"vault/{FILE}": _copied("sealed, and only with --with-key: whoever has it reads everything"),
    "nats-users.json": _copied("sealed, and only with --with-key: new ones are made otherwise"),
    PUBLISHERS_FILE: _copied("sealed, and only with --with-key"),
    SITES_FILE: _copied("sealed, and only with --with-key"),
    "nats.conf": _copied("sealed, and only with --with-key: publishers know its port"),
    "nats": _rebuilt("the streams' files"),
    "postgres": _rebuilt("the database's files"),
    "sockets": _left("of the run"),
    "logs": _left("of the run"),
    "lock": _left("of the run"),
    "run.json": _left("of the run, with a token that is revoked at its end"),
    "demo": _left("of the simulated fleet, which --demo makes again"),
}
"""Of the data directory."""


def copied(decisions: dict[str, Decision]) -> list[str]:
    """What a backup holds, in order."""
    return [name for name, decision in decisions.items() if decision.fate is Fate.COPIED]


def undecided(found: Iterable[str], decisions: dict[str, Decision]) -> list[str]:
    """What is there and nobody has decided about."""
    return sorted(set(found) - decisions.keys())
