"""What a model is asked of candidates, and that its answer adds nothing to them."""

import contextlib
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from contracts.analysis import DetectAnomalies, MetricsToSearch
from contracts.anomalies import Anomaly, AnomalyType, DetectionType, Sensitivity
from services.anomalies.detecting import asked
from services.anomalies.on_demand import verdicts
from services.anomalies.on_demand.looking import Look, Looked
from services.anomalies.on_demand.series import Known, Span, series
from services.anomalies.on_demand.verdicts import (
    MOST_BATCHES,
    MOST_CANDIDATES,
    Batch,
    Malformed,
    Verdict,
    candidates,
    confirmed,
    read,
    sentence,
)
from services.llm.prompting_chat import Conversation
from tests.kit.anomaly_builders import anomaly
from tests.services.llm.attacks import ATTACKS

BEGIN, EVERY, ROWS = 1_767_225_600.0, 60.0, 900
SPAN = Span(BEGIN, BEGIN + EVERY * 600, BEGIN + EVERY * ROWS)
WHY = "It is 500 where 44 to 56 is usual."


def query(text: str = "sum(load)", **changes: Any) -> DetectAnomalies:
    told = {
        "metrics": MetricsToSearch(query=text, cluster_ids=(), step_seconds=EVERY),
        "start": datetime.fromtimestamp(SPAN.start, UTC),
        "end": datetime.fromtimestamp(SPAN.end, UTC),
        "learn_from": datetime.fromtimestamp(SPAN.learn_from, UTC),
    }
    return DetectAnomalies.model_validate(told | changes)


def looked(name: str = "load", labels: Mapping[str, str] | None = None, seed: int = 0) -> Looked:
    """A series with a spike, as the detector has looked at it."""
    rng = random.Random(seed)
    rows = [(BEGIN + EVERY * at, 500.0 if at == 700 else rng.gauss(50, 2)) for at in range(ROWS)]
    how = asked(Sensitivity.EXTREME, DetectionType.STATISTICAL)
    look = Look([series(Known(UUID(int=1), name, labels or {}), rows, SPAN)], SPAN, how)
    for _ in look.steps():
        pass
    (found,) = look.found
    assert found.anomalies
    return found


def one(labels: Mapping[str, str] | None = None) -> Batch:
    """The only question about a series with a spike."""
    (batch,) = candidates(query(), [looked(labels=labels)]).batches
    return batch


def shown(batch: Batch) -> dict[str, Any]:
    return json.loads(batch.question().said[2].text)


def name_of(batch: Batch) -> str:
    """Of the spike."""
    return next(name for name, it in batch.candidates.items() if it.actual_value == 500.0)


def said(*told: Any) -> str:
    return json.dumps({"verdicts": [*told]})


def yes(name: str, **changes: Any) -> dict[str, Any]:
    told = {"id": name, "worth_attention": True, "anomaly_type": "SPIKE", "why": WHY}
    return told | changes


def test_a_model_sees_the_figures_of_each_candidate() -> None:
    batch = one({"pod": "a"})
    told = shown(batch)
    assert (told["query"], told["sensitivity"]) == ("sum(load)", "MEDIUM")
    (entry,) = told["series"]
    assert (entry["metric"], entry["labels"], entry["step_seconds"]) == ("load", {"pod": "a"}, 60)
    assert (entry["past"]["points"], entry["window"]["points"]) == (600, 300)
    assert (entry["window"]["max"], entry["past"]["max"] < 60) == (500, True)
    assert "usual_by_hour_utc" not in entry
    assert {each["id"] for each in entry["candidates"]} == {*batch.candidates}
    (spike,) = [each for each in entry["candidates"] if each["value"] == 500]
    assert spike["at"] == "2026-01-01T11:40:00Z"
    assert 48 < spike["expected"] < 52
    assert [0, 500] in spike["points"]
    assert len(spike["points"]) == 17
    assert spike["points"][0][0] == -480


def test_a_season_is_shown_where_it_explains_most() -> None:
    known = Known(UUID(int=1), "load", {})
    span = Span(BEGIN, BEGIN + 3600 * 200, BEGIN + 3600 * 240)
    rng = random.Random(1)
    rows = [
        (BEGIN + 3600 * at, (90 if 8 <= at % 24 < 18 else 10) + rng.gauss(0, 1))
        for at in range(240)
    ]
    found = Looked(series(known, rows, span), counter=False)
    told = verdicts.picture.series(found, verdicts.picture.rows(found), span.start)
    usual = told["usual_by_hour_utc"]
    assert len(usual) == 24
    assert (usual[3] < 20, usual[12] > 80) == (True, True)


def test_of_a_counter_the_rate_is_shown() -> None:
    rows = [(BEGIN + 10 * at, 100.0 * (at % 50)) for at in range(100)]
    span = Span(BEGIN, BEGIN + 500, BEGIN + 2000)
    found = Looked(series(Known(UUID(int=1), "x_total", {}), rows, span), counter=True)
    times, values = verdicts.picture.rows(found)
    assert {*values} == {10.0}
    assert len(times) == 98  # The first has none before it, and at one it was reset.


def test_confirmed_ones_keep_the_detectors_figures() -> None:
    batch = one()
    name = name_of(batch)
    told = yes(name, severity="HIGH", confidence_score=1.0, actual_value=9e9, why=f"  {WHY}\n")
    verdict = read(said(told), batch.candidates)[name]
    before = batch.candidates[name]
    after = confirmed(before, verdict)
    changed = {"detection_type", "explanation", "anomaly_type"}
    assert after.model_dump(exclude=changed) == before.model_dump(exclude=changed)
    assert after.detection_type is DetectionType.LLM_ASSISTED
    assert after.explanation == f"{before.explanation}. A model says: “{WHY}”"


@pytest.mark.parametrize("frame", ["{}", "```json\n{}\n```", "\n```\n{}\n```\n", "  {}  "])
def test_an_answer_may_stand_in_a_block(frame: str) -> None:
    batch = one()
    text = frame.replace("{}", said(yes(name_of(batch))))
    assert [*read(text, batch.candidates)] == [name_of(batch)]


def test_a_model_cannot_invent_an_anomaly() -> None:
    batch = one()
    text = said(yes("c99"), yes(""), yes(str(UUID(int=3))), yes("C1"))
    assert read(text, batch.candidates) == {}
    assert read(said(), batch.candidates) == {}
    no = {"id": name_of(batch), "worth_attention": False, "anomaly_type": "SPIKE", "why": WHY}
    assert read(said(no), batch.candidates) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All is well.",
        "null",
        "[]",
        "{}",
        '{"verdicts": {}}',
        '{"verdicts": [null]}',
        '{"verdicts": [{"id": 1, "worth_attention": true}]}',
        '{"verdicts": [{"id": "c1", "worth_attention": "yes"}]}',
        '{"verdicts": [{"id": "c1"}]}',
        said(yes("c1", anomaly_type="THRESHOLD_BREACH")),
        said(yes("c1", anomaly_type=None)),
        said(yes("c1", why=" \n")),
        said(yes("c1", why=None)),
        said(yes("c1"), yes("c1")),
        said(yes("c1")) + " I hope this helps.",
        "Here it is:\n```json\n" + said(yes("c1")) + "\n```",
        "```json\n" + said(yes("c1")) + "\n```\n```json\n{}\n```",
        said(yes("c1"))[:-5],
        "[" * 100_000,
        '{"verdicts": [{"id": "c1", "worth_attention": true, "why": "\ud800"}]}',
    ],
)
def test_what_is_not_as_asked_for_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as problem:
        read(text, {"c1": anomaly()})
    assert problem.value.problem


@given(st.text(max_size=300))
def test_no_text_is_more_than_an_answer_or_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        assert read(text, {"c1": anomaly()}) == {}
    told = sentence(text)
    assert "\n" not in told
    assert not {*"<>[]`“”"} & {*told}
    assert len(told) <= 301


def test_a_type_that_the_figures_do_not_allow_is_not_taken() -> None:
    high = anomaly(expected_value=10.0, actual_value=90.0, anomaly_type=AnomalyType.TREND_CHANGE)
    for wanted, taken in (("DROP", "TREND_CHANGE"), ("SPIKE", "SPIKE"), ("PATTERN_BREAK",) * 2):
        told = read(said(yes("c1", anomaly_type=wanted)), {"c1": high})
        assert told["c1"].type.value == taken


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See [this](https://evil.example/?q=1).", "See this(https: //evil.example/?q=1)."),
        ("![x](http://evil.example)", "!x(http: //evil.example)"),
        ("<img src=x onerror=alert(1)>now", "img src=x onerror=alert(1)now"),
        ("a\u202eb\u200b\x1b[2J\nc", "a b 2J c"),
        ("It said “no”. And `so` on", "It said no. And so on"),
        ("go to www.evil.example", "go to www. evil.example"),
        ("x" * 1000, "x" * 300 + "…"),
    ],
)
def test_its_words_become_plain_text(text: str, left: str) -> None:
    assert sentence(text) == left


def test_words_that_were_escaped_become_plain_text_too() -> None:
    escaped = said(yes("c1", why="WHY")).replace(
        "WHY", r"\u003cb\u003e\u005bx\u005d(y) pods[0]\: 7"
    )
    assert read(escaped, {"c1": anomaly()})["c1"].why == "bx(y) pods0: 7"


def test_a_crossed_bound_is_no_matter_of_opinion() -> None:
    found = looked()
    breach = anomaly(anomaly_type=AnomalyType.THRESHOLD_BREACH)
    found.anomalies = [breach]
    told = candidates(query(), [found])
    assert (told.batches, told.not_asked) == ([], 0)
    assert not verdicts.is_candidate(breach)


def many(found: Looked, number: int) -> list[Anomaly]:
    rng, first = random.Random(number), found.anomalies[0]
    return [
        first.model_copy(update={"id": UUID(int=at), "confidence_score": rng.random()})
        for at in range(number)
    ]


def test_the_surest_candidates_are_asked_about_and_the_rest_is_counted() -> None:
    found = [looked(labels={"pod": str(seed)}, seed=seed) for seed in range(3)]
    every: list[Anomaly] = []
    for number, each in enumerate(found):
        each.anomalies = [
            it.model_copy(update={"id": UUID(int=1000 * number + at)})
            for at, it in enumerate(many(each, 70))
        ]
        every += each.anomalies
    told = candidates(query(), found)
    assert len(told.batches) <= MOST_BATCHES
    asked_about = [it for each in told.batches for it in each.candidates.values()]
    assert len(asked_about) + told.not_asked == 210
    assert 60 <= len(asked_about) <= MOST_BATCHES * MOST_CANDIDATES
    surest = sorted(every, key=lambda it: -it.confidence_score)[:100]
    assert {it.id for it in asked_about} <= {it.id for it in surest}
    for each in told.batches:
        assert len(each.candidates) <= MOST_CANDIDATES
        prompt = Conversation.of(each.question(), "key").prompt(8_192)
        assert not prompt.cut


def test_what_is_hostile_stays_in_the_fence() -> None:
    labels = {f"l{at}": text for at, text in enumerate(ATTACKS)}
    found = looked(ATTACKS[3][:200], labels)
    for text in (*ATTACKS, "x" * 4_000):
        (batch,) = candidates(query(text), [found]).batches
        system, user, call, told = Conversation.of(batch.question(), "key").prompt(8_192).messages
        first, data, last = told["content"].split("\n")
        nonce = first.removeprefix("<<<DATA ")
        assert last == f"DATA {nonce}>>>"
        assert nonce in system["content"]
        assert data.isprintable()
        assert not {*"<>`"} & {*data}
        json.loads(data)
        for message in (system, user):
            assert "evil.example" not in message["content"]
            assert "PWNED" not in message["content"]
        assert call["tool_calls"][0]["function"]["arguments"] == "{}"


def test_labels_without_end_leave_room_for_others() -> None:
    labels = {f"label_{at:02}": "v" * 500 for at in range(64)}
    (batch,) = candidates(query("q" * 4_000), [looked(labels=labels)]).batches
    assert len(batch.question().said[2].text) < 12_000
    assert not Conversation.of(batch.question(), "key").prompt(8_192).cut


def test_a_second_question_says_what_was_wrong() -> None:
    batch = one()
    first, second = batch.question(), batch.question("it was too long")
    assert second.said[0].text.startswith(first.said[0].text)
    assert "it was too long" in second.said[0].text
    assert first.said[1:] == second.said[1:]


def test_an_explanation_stays_within_its_length() -> None:
    before = anomaly(explanation="e" * 2_000)
    verdict = Verdict(AnomalyType.SPIKE, "w" * 300)
    assert len(confirmed(before, verdict).explanation) <= 2_000
