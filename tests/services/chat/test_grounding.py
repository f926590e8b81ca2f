"""Right and wrong figures and causes are told apart, and each rests on what it stands in."""

from typing import Any

import pytest

from contracts.chat import ToolStatus
from contracts.claims import MOST_CLAIMS, MOST_EVIDENCE, Claim, EvidenceKind
from contracts.conversing import WantedCall
from contracts.tools import ToolAnswer
from services.chat.grounding import claims
from services.chat.steps import Answered, Round
from tests.services.chat.planted import planted
from tests.services.chat.world import World

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_alerts", {}),
    ("list_incidents", {}),
    ("get_gpu_nodes", {}),
    ("get_gpu_summary", {}),
    ("query_metrics", {"query": "node_load1"}),
    ("get_event_history", {}),
    ("get_ptp_status", {}),
)


@pytest.fixture(scope="module")
def world() -> World:
    return planted()


@pytest.fixture(scope="module")
def rounds(world: World) -> list[Round]:
    calls = [
        WantedCall(id=f"c{number}", name=name, arguments=given)
        for number, (name, given) in enumerate(CALLS)
    ]
    incident = world.worst()["id"]
    cause = WantedCall(id="rca", name="analyze_root_cause", arguments={"incident_id": incident})
    return [world.round(calls), world.round([cause])]


def only(text: str, rounds: list[Round], *others: str) -> Claim:
    (found,) = claims(text, rounds, *others)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "GPU 2 of gpu-worker-2 is at 91 °C.",
        "It draws 655 W, which is 93.6 % of its limit.",
        "Memory in use: 61,203 MiB of 81559 MiB, or 75 %.",
        "That is about 59.8 GiB.",
        "In all 4 GPUs on 2 nodes.",
        "The load is 17.5 on shop-us-1.",
        "5 alerts are open, 3 of them warnings.",
        "The offset is 1,480 ns, or 1.48 µs.",
        "The offset is \u22124 ns.",
        "It began at 11:50 on 2026-03-10.",
        "It began at 2026-03-10T11:50:00Z.",
        "The analysis is 92 % sure.",
        "[event 4711] was first.",
        "The mean was 2.75.",
        "In 2026 nothing like it happened, not 1 time.",
        "See https://docs.example.com/4.16/x for 5G and H100.",
    ],
)
def test_what_was_told_is_borne_out(text: str, rounds: list[Round]) -> None:
    assert not only(text, rounds).is_unsupported


@pytest.mark.parametrize(
    "text",
    [
        "GPU 2 of gpu-worker-2 is at 93 °C.",
        "It draws 656 W.",
        "Memory in use: 61,204 MiB.",
        "That is about 57.1 GiB.",
        "In all 23 GPUs.",
        "The load is 17.6 on shop-us-1.",
        "147 alerts are open.",
        "The offset is 1,481 ns.",
        "It began at 11:53.",
        "It began on 2026-03-11.",
        "The analysis is 97 % sure.",
        "[event 4713] was first.",
        "It has restarted 1234 times.",
    ],
)
def test_what_nothing_has_told_is_not(text: str, rounds: list[Round]) -> None:
    assert only(text, rounds).is_unsupported


def test_figures_of_the_question_are_no_invention(rounds: list[Round]) -> None:
    text = "Since 09:17 nothing was over 4321 W."
    assert only(text, rounds).is_unsupported
    assert not only(text, rounds, "Was anything over 4,321 W since 9:17?").is_unsupported


@pytest.mark.parametrize(
    "text",
    [
        "The root cause is node/worker-3.",
        "The pods crashed because worker-3 is not ready.",
        "worker-3 caused the crash of checkout-7d9f.",
        "checkout-7d9f fails due to worker-3.",
        "**Root cause:** `node/worker-3` (node, 92 %).",
        "**Root cause:** `node worker-3` (node, 92 %).",
        "checkout-7d9f is not ready since 11:50.",
        "The cause of the other one is unknown.",
        "What is the cause of that?",
        "`it broke because of worker-9` [event 4711]",
        "Ask for an analysis to learn the cause.",
    ],
)
def test_a_known_cause_is_no_hypothesis(text: str, rounds: list[Round]) -> None:
    assert not only(text, rounds).is_hypothesis


@pytest.mark.parametrize(
    "text",
    [
        "The root cause is node/worker-30.",
        "The root cause is my-worker-3.",
        "The pods crashed because the registry is slow.",
        "checkout-7d9f caused the trouble on worker-3.",
        "worker-3 fails due to checkout-7d9f.",
        "It is probably worker-3.",
        "The culprit is the network.",
        "A full disk led to the outage.",
        "Most likely the certificate has expired.",
        "The best guess is a power cut.",
    ],
)
def test_any_other_cause_is_one(text: str, rounds: list[Round]) -> None:
    assert only(text, rounds).is_hypothesis


def test_without_a_known_analysis_every_cause_is_one(world: World) -> None:
    unknown = WantedCall(
        id="rca", name="analyze_root_cause", arguments={"incident_id": world.incidents[1]["id"]}
    )
    rounds = [world.round([unknown])]
    assert only("The cause is du-node-1.", rounds).is_hypothesis
    assert only("The cause is clock/du-node-1/ens1f0.", rounds).is_hypothesis
    assert only("The cause is node/worker-3.", []).is_hypothesis


def test_a_figure_rests_on_the_call_that_told_it(rounds: list[Round]) -> None:
    found = only("GPU 2 of gpu-worker-2 is at 91 °C.", rounds)
    assert found.evidence[0].kind is EvidenceKind.TOOL
    assert found.evidence[0].label in ("get_gpu_nodes", "get_gpu_summary")
    assert all(each.call_id in {"c2", "c3"} for each in found.evidence[:2])


def test_what_a_query_has_told_rests_on_the_query(rounds: list[Round]) -> None:
    found = only("The load of shop-us-1 is 17.5.", rounds)
    query = next(each for each in found.evidence if each.kind is EvidenceKind.QUERY)
    assert (query.call_id, query.label) == ("c4", "node_load1")


def test_an_event_that_is_cited_can_be_opened(rounds: list[Round]) -> None:
    found = only("worker-3 was lost [events 4711, 4715].", rounds)
    events = [each for each in found.evidence if each.kind is EvidenceKind.EVENT]
    assert [each.sequence for each in events][:2] == [4711, 4715]
    assert events[0].link == "/api/v1/events/4711"


def test_an_incident_that_is_named_can_be_opened(world: World, rounds: list[Round]) -> None:
    id_ = world.worst()["id"]
    found = only(f"Incident {id_} is open.", rounds)
    assert f"/api/v1/incidents/{id_}" in [each.link for each in found.evidence]


def test_sentences_entries_and_rows_are_claims() -> None:
    text = (
        "# Fleet\n\nAll is well. Nothing, e.g. no alert, is open! Version 4.16 runs.\n"
        "1. first\n2. second\n- third `a. B`\n\n| a | b |\n|---|---|\n| x | 2 |\n\n"
        "```\ncode 17\n```\n> quoted\n---\n"
    )
    found = [text[each.start : each.end] for each in claims(text, [])]
    assert found == [
        "Fleet",
        "All is well.",
        "Nothing, e.g. no alert, is open!",
        "Version 4.16 runs.",
        "first",
        "second",
        "third `a. B`",
        "| a | b |",
        "| x | 2 |",
        "quoted",
    ]


def test_errors_bear_nothing_out() -> None:
    failed = Answered("c", "list_alerts", {}, ToolStatus.ERROR, "X", None, "17 things failed")
    assert only("17 things.", [Round((), (failed,))]).is_unsupported


def test_there_is_a_bound_for_all() -> None:
    data = {"items": [{"sequence": n, "name": "same-name", "id": f"i-{n}"} for n in range(1, 300)]}
    answers = tuple(
        Answered(f"c{n}", "list_incidents", {}, ToolStatus.SUCCESS, None,
                 ToolAnswer(tool="list_incidents", data=data))
        for n in range(12)
    )  # fmt: skip
    every = ", ".join(f"event {n}" for n in range(1, 30))
    found = claims("\n".join(f"same-name and {every}" for _ in range(400)), [Round((), answers)])
    assert len(found) == MOST_CLAIMS
    assert all(len(each.evidence) <= MOST_EVIDENCE for each in found)


def _told(tool: str, data: object) -> list[Round]:
    answer = ToolAnswer(tool=tool, data=data)
    call = WantedCall(id="c1", name=tool, arguments={})
    return [Round((call,), (Answered("c1", tool, {}, ToolStatus.SUCCESS, None, answer),))]


@pytest.mark.parametrize(
    "name",
    [
        "81271558-da29-5213-abe8-c30fd0640a17",
        "pci_bus_id=00000000:78:00.0",
        "gpu=4, pci_bus_id=00000000:92:00.0, device=nvidia5",
    ],
)
def test_parts_of_a_name_are_no_figures(name: str) -> None:
    found = only(f"| `{name}` | 606.3 |", _told("query_metrics", {"of": name, "value": 606.31}))
    assert not found.is_unsupported
    assert found.evidence


def test_a_clock_that_no_day_has_is_no_time() -> None:
    assert only("It began at 12:34.", _told("list_alerts", {"items": []})).is_unsupported
    assert not only("It is on bus 78:00.", _told("list_alerts", {"items": []})).evidence


def test_what_stands_within_an_incident_is_not_opened_as_one() -> None:
    cluster = {"id": "582b2e46-d1b1-5ac5-82c4-03aeb760670c", "name": "edge-3"}
    incident = {"id": "1662708f-bfff-573d-8b1a-7f3b5f1ada1b", "clusters": [cluster]}
    told = _told("list_incidents", {"total": 1, "items": [incident]})
    links = [each.link for each in only("Look at edge-3.", told).evidence if each.link]
    assert links == [f"/api/v1/incidents/{incident['id']}"]


SHOP = {
    "is_known": True,
    "causes": [
        {"entity": {"cluster_id": "c", "place": "workload/shop/billing"}},
        {"entity": {"cluster_id": "c", "place": "workload/shop/shop"}},
        {"entity": {"cluster_id": "c", "place": "workload/shop/billing-db"}},
    ],
    "timeline": [{"entity": {"cluster_id": "c", "place": "namespace/shop"}}],
}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("**Root cause:** `workload/shop/billing` (workload).", False),
        ("The root cause is shop/billing.", False),
        ("The root cause is workload/shop/shop.", True),
        ("The root cause is shop/billing and shop.", True),
        ("The root cause is workload/shop.", True),
        ("The root cause is shop/billing and shop/billing-db.", True),
    ],
)
def test_where_a_cause_is_may_be_called_as_what_suffers_from_it(text: str, is_one: bool) -> None:
    rounds = _told("analyze_root_cause", SHOP)
    assert only(text, rounds).is_hypothesis is is_one
