"""What a model is asked of candidates, and what its answer comes to. Pure.

It decides nothing alone: candidates are the detector's, and so are severity and figures. It says
which of those that it was shown are worth attention; what it does not name is not.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from contracts.analysis import DetectAnomalies
from contracts.anomalies import Anomaly, AnomalyType, DetectionType
from contracts.conversing import Converse, Speaker, Utterance, WantedCall
from services.anomalies.on_demand import picture

if TYPE_CHECKING:
    from services.anomalies.on_demand.looking import Looked

VERSION = "judging-1"
"""Another one with each change of what is asked, or of what is shown."""
MOST_CANDIDATES, MOST_BATCHES = 20, 5
_BYTES = 11_000
"""Of one batch: with our rules and an answer it fits the smallest window that there may be."""
_TOOL = "get_candidates"
_INSTRUCTIONS = Path(__file__).with_name("judging.md").read_text()
_QUESTION = "Which of these candidates are worth an operator's attention?"
_AGAIN = "Your last answer could not be read: {problem}. Answer with the JSON alone, and shorter."
_BLOCK = re.compile(r"\A```(?:json)?[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
_LONGEST = 300
_MARKUP = str.maketrans("", "", '<>[]`“”"\\|*')
_ADDRESS = re.compile(r"(?i):(?=//)|(?<=www)\.(?=\S)")
_BLANKS = re.compile(r"\s+")

Spoken = Literal["SPIKE", "DROP", "TREND_CHANGE", "PATTERN_BREAK"]
"""Whether a bound was crossed is no matter of opinion."""


class Malformed(Exception):
    """An answer is not what was asked for; its text says how, in words of our own."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Said(msgspec.Struct, frozen=True):
    """Whatever else a model writes, such as a severity, is passed over."""

    id: str
    worth_attention: bool
    anomaly_type: Spoken | None = None
    why: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    verdicts: list[_Said]


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a candidate is worth attention, and what it looks like to the model."""

    type: AnomalyType
    why: str


@dataclass
class Batch:
    """Candidates that one question is about."""

    head: picture.Json
    candidates: dict[str, Anomaly] = field(default_factory=dict[str, Anomaly])
    """By the names that they have in this question."""
    series: list[picture.Json] = field(default_factory=list[picture.Json])
    taken: int = 0
    """Bytes."""

    def has_room(self, more: int) -> bool:
        """Whether one that takes so many bytes fits; the first one always does."""
        full = len(self.candidates) >= MOST_CANDIDATES or self.taken + more > _BYTES
        return not (self.candidates and full)

    def question(self, problem: str = "") -> Converse:
        """What a model is asked; the data as what a tool has told, which is fenced as such."""
        again = f" {_AGAIN.format(problem=problem)}" if problem else ""
        call = WantedCall(id="c1", name=_TOOL, arguments={})
        data = json.dumps(self.head | {"series": self.series}, allow_nan=False)
        return Converse(
            instructions=_INSTRUCTIONS,
            said=(
                Utterance(speaker=Speaker.USER, text=_QUESTION + again),
                Utterance(speaker=Speaker.ASSISTANT, calls=(call,)),
                Utterance(speaker=Speaker.TOOL, text=data, call_id=call.id, tool=_TOOL),
            ),
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """All that there are, in as many questions as may be asked."""

    batches: Sequence[Batch]
    not_asked: int
    """The weakest ones, which are too many."""


def candidates(query: DetectAnomalies, found: Sequence["Looked"]) -> Candidates:
    """Those of some series, the series with the surest ones first."""
    head, start = picture.head(query), query.start.timestamp()
    batches, not_asked = list[Batch](), 0
    for looked, mine, more in _surest(found):
        not_asked += more
        seen = picture.rows(looked)
        shown = picture.series(looked, seen, start)
        entry: picture.Json | None = None
        for anomaly in mine:
            one = picture.candidate(anomaly, seen)
            size = _size(one)
            if not batches or not batches[-1].has_room(size + (0 if entry else _size(shown))):
                if len(batches) == MOST_BATCHES:
                    not_asked += 1
                    continue
                batches.append(Batch(head, taken=_size(head)))
                entry = None
            batch = batches[-1]
            if entry is None:
                entry = shown | {"candidates": []}
                batch.series.append(entry)
                batch.taken += _size(shown)
            name = f"c{len(batch.candidates) + 1}"
            batch.candidates[name] = anomaly
            entry["candidates"].append({"id": name} | one)
            batch.taken += size
    return Candidates(batches, not_asked)


def is_candidate(anomaly: Anomaly) -> bool:
    """A bound that somebody has named was crossed whatever a model would say."""
    return anomaly.anomaly_type is not AnomalyType.THRESHOLD_BREACH


def _surest(found: Sequence["Looked"]) -> Iterator[tuple["Looked", list[Anomaly], int]]:
    """Series, those of their candidates that are asked about, and how many others there are."""
    every = [
        (it, place)
        for place, each in enumerate(found)
        for it in filter(is_candidate, each.anomalies)
    ]
    every.sort(key=lambda one: (-one[0].confidence_score, one[1], one[0].detected_at))
    kept = {it.id for it, _ in every[: MOST_CANDIDATES * MOST_BATCHES]}
    for place in dict.fromkeys(place for _, place in every):
        mine = [*filter(is_candidate, found[place].anomalies)]
        asked = [it for it in mine if it.id in kept]
        yield found[place], asked, len(mine) - len(asked)


def _size(told: picture.Json) -> int:
    return len(json.dumps(told)) + 20


def read(text: str, known: Mapping[str, Anomaly]) -> dict[str, Verdict]:
    """The candidates that are worth attention, by their names; Malformed.

    Those that are not known are passed over, and those that are not named are not worth it.
    """
    block = _BLOCK.match(text.strip())
    # Where what is not said by us becomes harmless, this may come between ] and :.
    body = (block[1] if block else text).replace(r"]\:", "]:")
    try:
        told = _ANSWER.decode(body.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Malformed("it is not the JSON that was described") from None
    names = [each.id for each in told.verdicts if each.id in known]
    if len(set(names)) < len(names):
        raise Malformed("a candidate stands in it more than once")
    said = [each for each in told.verdicts if each.id in known and each.worth_attention]
    return {each.id: _verdict(each, known[each.id]) for each in said}


def _verdict(said: _Said, anomaly: Anomaly) -> Verdict:
    why = sentence(said.why or "")
    if said.anomaly_type is None or not why:
        raise Malformed("one that is worth attention has no anomaly_type or no why")
    kind = AnomalyType(said.anomaly_type)
    return Verdict(kind if _may_be(kind, anomaly) else anomaly.anomaly_type, why)


def _may_be(kind: AnomalyType, anomaly: Anomaly) -> bool:
    """Whether the figures allow it."""
    expected, value = anomaly.expected_value, anomaly.actual_value
    if expected is None:
        return True
    if kind is AnomalyType.SPIKE:
        return value > expected
    return kind is not AnomalyType.DROP or value < expected


def sentence(text: str) -> str:
    """A model's words as plain text: one line in which nothing is hidden, and nothing a link."""
    seen = "".join(each if each.isprintable() else " " for each in text)
    told = _BLANKS.sub(" ", _ADDRESS.sub(r"\g<0> ", seen.translate(_MARKUP))).strip()
    return f"{told[:_LONGEST].rstrip()}…" if len(told) > _LONGEST else told


def confirmed(anomaly: Anomaly, verdict: Verdict) -> Anomaly:
    """What was found with what a model says of it: its figures and its severity stay."""
    # No quotation mark is left in a model's words, so they end where they say that they do.
    explanation = f"{anomaly.explanation}. A model says: “{verdict.why}”"
    changed = {
        "detection_type": DetectionType.LLM_ASSISTED,
        "anomaly_type": verdict.type,
        "explanation": explanation[:2000],
    }
    return anomaly.model_copy(update=changed)
