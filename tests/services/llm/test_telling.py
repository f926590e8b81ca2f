"""Without a model a template tells what is known; and code decides what is a hypothesis."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.explaining import ExplainedKind
from services.llm.causes import is_borne_out, may_be_guessed
from services.llm.telling import told
from tests.services.llm.attacks import ATTACKS
from tests.services.llm.facts import analysis, cause, incident

WHY = "none is configured"
KNOWN = incident(analysis=analysis(cause()))
SHOP = incident(analysis=analysis(cause("workload/shop/db")))


def tell(facts: dict[str, Any], about: ExplainedKind = ExplainedKind.INCIDENT) -> str:
    return told(about, facts, is_question=False, why=WHY)


def test_an_incident_with_a_known_cause_is_told_whole() -> None:
    text = tell(incident(analysis=analysis(cause())))
    for expected in (
        "the incident `KubeNodeNotReady and 7 more`, open in `edge-berlin-1`",
        "**Since:** `2026-01-01T12:00:00Z`",
        "**How bad:** critical; signals: 8, still there: 7.",
        "the cause is `node worker-3` (node, 90%)",
        "- `node worker-3 is not ready` [events 4, 6]",
        "1. `Look at the node.`: `oc describe node worker-3`",
        "No model was used: none is configured.",
    ):
        assert expected in text, text


def test_an_unknown_cause_is_told_as_unknown() -> None:
    text = tell(incident(analysis=analysis(cause(), is_known=False)))
    assert "the cause is unknown. A hypothesis: `node worker-3`" in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (incident(), "its cause was not looked for yet"),
        (incident(analysis=analysis()), "nothing speaks for any"),
        (incident(analysis=analysis(redacted=True)), "clusters that you do not see"),
    ],
)
def test_what_is_not_known_is_told(facts: dict[str, Any], said: str) -> None:
    assert said in tell(facts)


def test_an_anomaly_an_alert_and_data_are_told() -> None:
    anomaly = {
        "anomaly_type": "SPIKE",
        "metric_name": "node_load1",
        "labels": {"node": "a"},
        "detected_at": "2026-01-01T12:00:00Z",
        "ended_at": None,
        "severity": "HIGH",
        "actual_value": 90.0,
        "expected_value": 2.5,
        "explanation": "far above",
        "incident_id": "i",
    }
    text = tell({"anomaly": anomaly}, ExplainedKind.ANOMALY)
    assert "spike of `node_load1` (`node=a`)" in text
    assert "it was 90, and 2.5 was expected" in text
    alert = {
        "alertname": "NodeDown",
        "labels": {"alertname": "NodeDown", "node": "a"},
        "annotations": {"summary": "it is down"},
        "state": "FIRING",
        "severity": "CRITICAL",
        "starts_at": "2026-01-01T12:00:00Z",
        "ends_at": None,
        "silenced": True,
    }
    text = tell({"alert": alert}, ExplainedKind.ALERT)
    assert "the alert `NodeDown` (`node=a`), firing" in text
    assert "critical, silenced" in text
    text = tell({"data": {"a": 1, "b": [1, 2], "c": {"d": 1}, "e": None}}, ExplainedKind.DATA)
    assert "- `b`: 2 values" in text
    text = tell({"analysis": analysis(cause())}, ExplainedKind.ANALYSIS)
    assert "a root cause analysis of incident" in text


def test_words_without_end_are_judged_quickly() -> None:
    for bad in (
        "cause " * 5_000,
        "cause " + "a" * 30_000,
        "cause " + "a/" * 15_000,
        "cause. " * 4_000,
    ):
        assert may_be_guessed(KNOWN, bad)


def test_a_question_is_told_to_need_a_model() -> None:
    text = told(ExplainedKind.INCIDENT, incident(), is_question=True, why=WHY)
    assert text.startswith("A question can be answered by a model alone")


@pytest.mark.parametrize("attack", ATTACKS)
def test_texts_of_others_are_shown_as_they_are(attack: str) -> None:
    facts = incident(analysis=analysis(cause(attack)))
    facts["incident"] |= {"title": attack, "state": attack, "severity": attack}
    lines = tell(facts).splitlines()
    assert len(lines) == len(tell(incident(analysis=analysis(cause()))).splitlines())
    for line in lines:
        outside = "".join(line.split("`")[::2])
        assert "](" not in outside
        assert "<" not in outside


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda more: st.lists(more, max_size=3) | st.dictionaries(
        st.sampled_from(["incident", "signals", "analysis", "anomaly", "alert", "data", "causes",
                         "claims", "entity", "place", "labels", "where", "cited", "actions",
                         "is_known", "score", "clusters", "annotations", "doubts"]),
        more, max_size=6),
    max_leaves=30,
)  # fmt: skip


@given(st.sampled_from(ExplainedKind), st.dictionaries(st.sampled_from(
    ["incident", "signals", "analysis", "anomaly", "alert", "data"]), _ANY))  # fmt: skip
def test_no_facts_break_it(about: ExplainedKind, facts: dict[str, Any]) -> None:
    assert "No model was used" in tell(facts, about)
    may_be_guessed(facts, "because of a")


@pytest.mark.parametrize(
    ("facts", "text", "guessed"),
    [
        (incident(), "worker-3 is down", True),
        (incident(analysis=analysis(cause(), is_known=False)), "worker-3 is down", True),
        (incident(analysis=analysis()), "worker-3 is down", True),
        (KNOWN, "It is down.\n- Root cause: **WORKER-3**.", False),
        (KNOWN, "It is because of `node/worker-3`. db-7 is a victim.", False),
        (KNOWN, "worker-3 is down.", True),
        (KNOWN, "The cause is the DNS. worker-3 is down.", True),
        (KNOWN, "The cause is worker-30, whose disk failed.", True),
        (KNOWN, "The cause is my-worker-3.", True),
        (KNOWN, "The cause is worker-3.example.com", True),
        (KNOWN, "The cause is a bad deployment of shop/api. worker-3 is only a victim.", True),
        (KNOWN, "The cause is worker-3. That is due to a deployment of shop/api.", True),
        (KNOWN, "The cause is worker-3, or node/worker-4", True),
        (incident(analysis=analysis(cause("cluster"))), "The cause is in the cluster.", True),
        (SHOP, "The cause is a bug in the feedback service.", True),
        (SHOP, "The cause is shop/db.", False),
        (SHOP, "The cause is other/db.", True),
        (SHOP, "The cause is db, on worker-3.", True),
        (incident(analysis=analysis(cause(), cause("node/db-7"))), "caused by worker-3", False),
        (incident(analysis=analysis(cause(), cause("node/db-7"))), "root: worker-3 or db-7", True),
        ({"data": {"a": 1}}, "it is 1", True),
    ],
)
def test_a_cause_that_no_analysis_bears_out_is_a_hypothesis(
    facts: dict[str, Any], text: str, guessed: bool
) -> None:
    assert may_be_guessed(facts, text) is guessed
    assert not (guessed is False and not is_borne_out(facts))
