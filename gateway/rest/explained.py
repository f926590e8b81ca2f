"""What is explained: read with the rights of whoever asks, and cut to what an explanation needs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import msgspec

from contracts.envelope import Message
from contracts.explaining import MOST_FACTS, ExplainedKind
from contracts.refusals import Code, Refused
from gateway.gate import Gate
from gateway.rest.incident_changes import no_incident
from projections.alerts import queries as alerts
from projections.anomalies import anomaly_queries as anomalies
from projections.incidents import queries as incidents, signal_queries
from projections.rca import queries as rca
from services.runtime.principals import Scope
from services.runtime.queries import Page

_MOST_EVIDENCE = 200
_MOST_ITEMS = 50
"""Of a list, and fields of an object."""
_STEPS = ((20, 3, 8, 500), (10, 3, 4, 300), (5, 2, 3, 200), (2, 1, 2, 100))
"""Signals, causes, claims of each, and characters of a text: the first with which facts fit."""

Json = dict[str, Any]


class ExplanationEvidence(Message):
    """Something that can be looked up."""

    link: str
    """Below the address of the hub."""
    sequence: int | None
    """Of an event; null for what is none."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Facts as JSON, and where they come from."""

    about: ExplainedKind
    facts: str
    evidence: Sequence[ExplanationEvidence]
    cut: bool = False
    """Whether there is more of it that was left out."""


@dataclass
class _Cutter:
    """Leaves out what is too much, and knows whether it did."""

    signals: int
    causes: int
    claims: int
    """Of each cause."""
    characters: int
    """Of a text."""
    cut: bool = False

    def first(self, items: list[Any], most: int) -> list[Any]:
        """So many at most."""
        self.cut |= len(items) > most
        return items[:most]

    def short(self, told: Any) -> Any:
        """The same with its texts cut, and with no more than the first of many items."""
        if isinstance(told, str):
            return self._text(told)
        if isinstance(told, dict):
            fields = self.first([*cast("Json", told).items()], _MOST_ITEMS)
            return {name: self.short(each) for name, each in fields}
        if isinstance(told, list):
            return [self.short(each) for each in self.first(cast("list[Any]", told), _MOST_ITEMS)]
        return told

    def _text(self, text: str) -> str:
        if len(text) <= self.characters:
            return text
        self.cut = True
        return f"{text[: self.characters]}… (left out: the rest)"


async def incident(gate: Gate, incident_id: UUID, mine: Scope) -> Explained:
    """An incident with its newest signals, and the newest analysis; Refused if it is not seen."""
    found = await incidents.by_id(gate.database, incident_id, mine)
    if found is None:
        raise no_incident(incident_id)
    wanted = signal_queries.SignalFilter(mine=mine)
    page = Page(size=_STEPS[0][0])
    told = await signal_queries.signals(gate.database, incident_id, wanted, page)
    listed: Json = {"items": [], "total": 0} if told is None else msgspec.json.decode(told)
    signals: list[Json] = listed["items"]
    one: Json = msgspec.json.decode(found.body)
    one.pop("alert_ids", None)
    newest = await _newest(gate, incident_id, mine)

    def facts(cutter: _Cutter) -> Json:
        cutter.cut |= listed["total"] > len(signals)
        timeline = cutter.first(one.get("timeline", []), 5)
        of_it = {
            "incident": cutter.short(one | {"timeline": timeline}),
            "signals": cutter.short(cutter.first(signals, cutter.signals)),
        }
        return of_it | ({} if newest is None else {"analysis": _analysis(newest, cutter)})

    links = [f"/api/v1/incidents/{incident_id}"]
    if newest is not None:
        links.append(f"/api/v1/analysis/rca/{newest['id']}")
    return _fitted(ExplainedKind.INCIDENT, facts, links)


async def analysis(gate: Gate, rca_id: UUID, mine: Scope) -> Explained:
    """A root cause analysis; Refused if it is not seen."""
    found = await rca.by_id(gate.database, rca_id, mine)
    if found is None:
        raise Refused(Code.RCA_NOT_FOUND, f"there is no analysis {rca_id}")
    told: Json = msgspec.json.decode(found)
    return _fitted(
        ExplainedKind.ANALYSIS,
        lambda cutter: {"analysis": _analysis(told, cutter)},
        [f"/api/v1/analysis/rca/{rca_id}"],
    )


async def anomaly(gate: Gate, anomaly_id: UUID, mine: Scope) -> Explained:
    """An anomaly; Refused if it is not seen."""
    found = await anomalies.by_id(gate.database, anomaly_id, mine)
    if found is None:
        raise Refused(Code.ANOMALY_NOT_FOUND, f"there is no anomaly {anomaly_id}")
    told: Json = msgspec.json.decode(found.body)
    links = [f"/api/v1/anomalies/{anomaly_id}", *_incident_of(told)]
    return _fitted(ExplainedKind.ANOMALY, lambda cutter: {"anomaly": cutter.short(told)}, links)


async def alert(gate: Gate, alert_id: UUID, mine: Scope) -> Explained:
    """An occurrence of an alert; Refused if it is not seen."""
    found = await alerts.by_id(gate.database, alert_id, mine, gate.clock.now())
    if found is None:
        raise Refused(Code.ALERT_NOT_FOUND, f"there is no alert {alert_id}")
    told: Json = msgspec.json.decode(found)
    links = [f"/api/v1/alerts/{alert_id}", *_incident_of(told)]
    return _fitted(ExplainedKind.ALERT, lambda cutter: {"alert": cutter.short(told)}, links)


async def _newest(gate: Gate, incident_id: UUID, mine: Scope) -> Json | None:
    wanted = rca.AnalysisFilter(mine, incident_id=(incident_id,))
    listed: Json = msgspec.json.decode(await rca.listing(gate.database, wanted, Page(size=1)))
    if not listed["items"]:
        return None
    found = await rca.by_id(gate.database, UUID(listed["items"][0]["id"]), mine)
    return None if found is None else msgspec.json.decode(found)


def _analysis(told: Json, cutter: _Cutter) -> Json:
    """What was found, without the graph and what was seen live."""
    names = ("id", "trigger", "trigger_id", "incident_id", "is_known", "window_start", "window_end")
    kept = {name: told[name] for name in (*names, "signals", "explanation", "analysed_at")}
    return kept | {
        "redacted": told["redacted"],
        "actions": cutter.short(cutter.first(told["actions"], 5)),
        "causes": [_cause(each, cutter) for each in cutter.first(told["causes"], cutter.causes)],
        "timeline": cutter.short(cutter.first(told["timeline"], cutter.causes * 3)),
    }


def _cause(told: Json, cutter: _Cutter) -> Json:
    claims = cutter.first(told["claims"], cutter.claims)
    shown = [each | {"seen": [], "effects_seen": []} for each in claims]
    for each in shown:
        each["cited"] = cutter.first(each["cited"], 10)
        each["effects"] = cutter.first(each["effects"], 10)
    kept = {"claims": shown, "doubts": cutter.first(told["doubts"], cutter.claims)}
    return cutter.short(told | kept)


def _incident_of(told: Json) -> Iterator[str]:
    if told.get("incident_id"):
        yield f"/api/v1/incidents/{told['incident_id']}"


def _fitted(
    about: ExplainedKind,
    facts: Callable[[_Cutter], Json],
    links: Iterable[str],
) -> Explained:
    """The most that fits."""
    for step in _STEPS:
        cutter = _Cutter(*step)
        told = facts(cutter)
        body = msgspec.json.encode(told)
        if len(body) <= MOST_FACTS:
            return Explained(about, body.decode(), _evidence(links, told), cutter.cut)
    raise Refused(Code.LIMIT_REACHED, "it is too large to be explained")


def _evidence(links: Iterable[str], facts: Json) -> tuple[ExplanationEvidence, ...]:
    told = [ExplanationEvidence(link=each, sequence=None) for each in links]
    events = sorted({*_sequences(facts)})
    told += [ExplanationEvidence(link=f"/api/v1/events/{one}", sequence=one) for one in events]
    return tuple(told[:_MOST_EVIDENCE])


def _sequences(facts: Json) -> Iterator[int]:
    """Positions in the log of what signals, claims and the timeline tell of."""
    yield from (each["sequence"] for each in facts.get("signals", ()))
    found: Json | None = facts.get("analysis")
    if found is None:
        return
    yield from (each["sequence"] for each in found["timeline"] if each["sequence"])
    for cause in found["causes"]:
        for claim in cause["claims"]:
            yield from (*claim["cited"], *claim["effects"])
