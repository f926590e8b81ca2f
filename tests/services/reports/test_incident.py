"""The report of an incident: its whole history, told in words."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import rfc3339
from contracts.reports import ReportAsked
from services.reports.data import Section
from services.reports.gathering import incident
from services.reports.gathering.reading import Reading, Reads
from tests.kit.report_builders import report_asked
from tests.kit.samples import at

pytestmark = pytest.mark.anyio

CLUSTER = UUID(int=3)
ONE = UUID(int=4)
CODES = re.compile(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b|\b(?:gpu|node|pod|workload)/")


def _asked() -> ReportAsked:
    return report_asked(report_type="INCIDENT_REPORT", incident_id=ONE, cluster_scope=())


def _entry(number: int) -> dict[str, Any]:
    by_hub = {"event_type": "INCIDENT_UPDATED", "actor": "service:incidents"}
    opened = {"event_type": "INCIDENT_OPENED", "actor": "service:incidents"}
    return (by_hub if number else opened) | {
        "sequence": number + 1,
        "at": rfc3339(at(number)),
        "reason": f"{number} joined: same name GPU_GONE as 3 of its signals",
    }


class Told(Reads):
    """An API that has one incident, with a history of so many entries."""

    def __init__(self, entries: int) -> None:
        self._entries = [_entry(number) for number in range(entries)][::-1]
        self.pages = 0

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        given = query or {}
        if path.endswith("/timeline"):
            self.pages += 1
            first, limit = int(str(given.get("cursor") or 0)), int(str(given["limit"]))
            last = first + limit
            following = str(last) if last < len(self._entries) else None
            return {"items": self._entries[first:last], "next_cursor": following}
        if path.endswith("/signals"):
            return {"items": [_SIGNAL], "total": 1, "total_pages": 1}
        if path == "/analysis/rca":
            return {"items": [{"id": "a"}]}
        return _ANALYSIS if path == "/analysis/rca/a" else _INCIDENT

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        raise AssertionError(path)


_INCIDENT = {
    "id": str(ONE),
    "title": "GPU_XID_79 on gpu-4 and 2 more",
    "severity": "CRITICAL",
    "state": "OPEN",
    "signals": 3,
    "lasting": 3,
    "opened_at": rfc3339(at()),
    "resolved_at": None,
    "resolved_by": None,
    "acknowledged_by": None,
    "clusters": [{"id": str(CLUSTER), "name": "berlin"}],
    "redacted": False,
}
_SIGNAL = {
    "cluster_id": str(CLUSTER),
    "cluster_name": "berlin",
    "name": "GPU_GONE",
    "severity": "CRITICAL",
    "where": ["gpu/GPU-1", "node/gpu-4"],
    "started_at": rfc3339(at()),
    "ended_at": None,
    "sequence": 7,
}
_ANALYSIS: dict[str, Any] = {
    "redacted": False,
    "is_known": True,
    "window_start": rfc3339(at()),
    "window_end": rfc3339(at()),
    "explanation": "node/gpu-4 (GPU, 90%): GPU_XID_79 of node/gpu-4 since noon.",
    "actions": [],
    "live": {"looks": [], "seen": []},
    "timeline": [
        {
            "at": rfc3339(at()),
            "entity": {"cluster_id": str(CLUSTER), "place": "node/gpu-4"},
            "text": "GPU_XID_79 (2 signals)",
            "sequence": 7,
        }
    ],
    "causes": [
        {
            "entity": {"cluster_id": str(CLUSTER), "place": "node/gpu-4"},
            "kind": "GPU",
            "score": 0.9,
            "claims": [
                {
                    "text": "GPU_XID_79 of node/gpu-4 may have led to WORKLOAD_CRASHING of"
                    " workload/shop/train",
                    "cited": [7],
                    "effects": [8],
                    "seen": [],
                    "is_fact": True,
                }
            ],
            "doubts": ["CLUSTER_DEGRADED began before it"],
        }
    ],
}


def _texts(section: Section) -> Iterator[str]:
    yield section.heading
    yield from section.text
    yield from (each.text for each in section.items)
    for table in section.tables:
        yield from (cell.text for row in table.rows for cell in row)


async def test_people_read_words_and_no_codes() -> None:
    """Analyses and incidents of before have codes in their sentences."""
    found = await incident.gather(Reading(Told(3), _asked(), at(3600)))
    told = [found.words, *(text for each in found.sections for text in _texts(each))]
    for text in told:
        assert not CODES.search(text), text
    assert found.words.startswith("GPU XID error 79 on gpu-4 and 2 more: critical")
    assert any("GPU XID error 79 on node gpu-4 may have led to workload" in each for each in told)
    assert any(each.startswith("Incident opened: ") for each in told)


async def test_the_whole_history_is_read_page_by_page() -> None:
    api = Told(250)
    reading = Reading(api, _asked(), at(3600))
    found = await incident.gather(reading)
    assert (api.pages, reading.gaps) == (3, [])
    (timeline,) = next(each for each in found.sections if each.heading == "Timeline").tables
    assert len(timeline.rows) + timeline.left_out == 250 + 1
    told = [cell.link for row in timeline.rows for cell in row if cell.link]
    assert told[0] == "/events?event=1"
    assert told[-1] == "/events?event=250"


async def test_a_history_that_is_too_long_is_read_in_part_which_is_said() -> None:
    api = Told(2_000)
    reading = Reading(api, _asked(), at(3600) + timedelta(days=1))
    await incident.gather(reading)
    assert api.pages == 5
    assert reading.gaps == ["the timeline: only its newest 500 entries were read"]
