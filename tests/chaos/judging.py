"""What was accepted beside what is there in the end."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.crowd import EVENTS
from tests.chaos.load import Ledger, fingerprint
from tests.kit.hub import Hub

_SETTLE = 180.0


@dataclass(frozen=True)
class Verdict:
    """How often something is not as it has to be."""

    fired: int
    ended: int
    lost_in_log: int
    doubled_in_log: int
    lost_in_table: int
    doubled_in_table: int
    settled: float
    """Seconds from the last post until the table had caught up."""
    unfired: int
    """Alerts whose report of their end was worked on first: the log has them as closed occurrences,
    and a late report that they fire changes nothing (spec/02)."""
    listed: float
    """Seconds from the last post until `GET /events` had."""

    @property
    def holds(self) -> bool:
        wrong = self.lost_in_log + self.doubled_in_log + self.lost_in_table + self.doubled_in_table
        return not wrong


def logged(hub: Hub) -> dict[str, list[Any]]:
    """Every event of alerts that were posted here, by type: cluster, fingerprint, sequence."""
    found: dict[str, list[Any]] = {}
    with hub.client() as client:
        for kind in EVENTS:
            cursor: dict[str, str] = {}
            rows = found.setdefault(kind, [])
            while True:
                asked = {"event_type": kind, "limit": "1000"} | cursor
                page = client.get("/api/v1/events", params=asked).raise_for_status().json()
                rows += [
                    (item["cluster_id"], item["payload"]["alert"]["fingerprint"], item["sequence"])
                    for item in page["items"]
                ]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
    return found


def judge(stage_hub: Hub, database: str, ledger: Ledger) -> tuple[Verdict, dict[str, list[Any]]]:
    """Wait until both have caught up, then count what is missing and what is there twice."""
    fired = Counter(map(fingerprint, ledger.fired))
    ended = Counter(map(fingerprint, ledger.ended))
    began = time.monotonic()
    rows = _rows(database)
    while time.monotonic() < began + _SETTLE and not _complete(rows, fired, ended):
        time.sleep(0.5)
        rows = _rows(database)
    settled = time.monotonic() - began
    events = logged(stage_hub)
    told = _marks(events)
    while time.monotonic() < began + _SETTLE and _missing(told, fired, ended):
        time.sleep(0.5)
        events = logged(stage_hub)
        told = _marks(events)
    listed = time.monotonic() - began
    there = Counter(mark for mark, _ in rows)
    over = Counter(mark for mark, state in rows if state == "RESOLVED")
    verdict = Verdict(
        fired=len(fired),
        ended=len(ended),
        lost_in_log=_missing(told, fired, ended),
        doubled_in_log=sum(_twice(told[kind], fired) for kind in EVENTS),
        lost_in_table=(fired - there).total() + (ended - over).total(),
        doubled_in_table=_twice(there, fired),
        settled=settled,
        unfired=len(fired.keys() - told[EVENTS[0]].keys()),
        listed=listed,
    )
    return verdict, events


def _marks(events: dict[str, list[Any]]) -> dict[str, Counter[str]]:
    return {kind: Counter(mark for _, mark, _ in events[kind]) for kind in EVENTS}


def _missing(told: dict[str, Counter[str]], fired: Counter[str], ended: Counter[str]) -> int:
    known = told[EVENTS[0]] | told[EVENTS[1]]
    return (fired - known).total() + (ended - told[EVENTS[1]]).total()


def _twice(found: Counter[str], ours: Counter[str]) -> int:
    """A simulated fleet has alerts as well, which come and go."""
    return sum(number - 1 for mark, number in found.items() if number > 1 and mark in ours)


def _complete(rows: list[Any], fired: Counter[str], ended: Counter[str]) -> bool:
    states = dict(rows)
    return fired.keys() <= states.keys() and all(states[mark] == "RESOLVED" for mark in ended)


def _rows(database: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        return connection.execute("select fingerprint, state from alerts.occurrence").fetchall()


def write_expected(events: dict[str, list[Any]], file: Path) -> None:
    """Which sequences each client has to have seen, by cluster."""
    by_cluster: dict[str, list[int]] = {}
    for rows in events.values():
        for cluster, _, sequence in rows:
            by_cluster.setdefault(cluster, []).append(sequence)
    file.write_text(json.dumps({cluster: sorted(each) for cluster, each in by_cluster.items()}))
