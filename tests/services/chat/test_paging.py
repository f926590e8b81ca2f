"""Lists that are longer than an answer: the worst is told, wherever in them it stands."""

import re

import pytest

from contracts.chat import MOST_CALLS
from services.chat.analyst.deciding import MOST_ROUNDS
from services.chat.grounding import claims
from tests.services.chat import rows, rows_measured as measured
from tests.services.chat.planted import planted
from tests.services.chat.rows import PROD, SHOP
from tests.services.chat.turns import WHY, turn
from tests.services.chat.world import NODE, World


@pytest.fixture
def world() -> World:
    return planted()


def _many(number: int) -> list[rows.Row]:
    return [
        rows.alert(f"Quiet{each}", "INFO", PROD, 10, node=f"n-{each}") for each in range(number)
    ]


def test_of_a_list_that_goes_on_all_is_read_before_it_is_told_what_is_worst(world: World) -> None:
    world.alerts[:0] = _many(60)
    told = turn("alerts", world)
    assert 1 < len(told.calls) <= 1 + MOST_CALLS
    assert len({str(each.arguments) for each in told.calls}) == len(told.calls)
    assert "| `KubeNodeNotReady` | critical |" in told.text
    assert "**Alerts:** 65 open in all (1 critical, 3 warning, 61 info)." in told.text
    assert "This was cut" not in told.text


def test_what_is_on_a_node_is_found_on_any_page_without_a_list_of_clusters(world: World) -> None:
    world.alerts[:0] = _many(60)
    told = turn(f"alerts on {NODE}", world, "telco-5g")
    assert "KubeNodeNotReady" in told.text
    assert "Quiet" not in told.text


def test_a_list_that_is_too_long_to_be_told_is_told_in_part_which_is_said(world: World) -> None:
    world.alerts[:0] = _many(2_000)
    told = turn("alerts", world)
    assert told.tools == ["list_alerts"]
    assert "of 2,005 entries of `items` were told" in told.text


def test_an_analysis_waits_for_the_page_with_what_is_meant(world: World) -> None:
    meant = world.incidents[0]
    others = [
        rows.incident(f"Quiet{each}", "WARNING", PROD, f"node/n-{each}", 2) for each in range(60)
    ]
    world.incidents[:] = [*others, *world.incidents]
    told = turn(f"root cause of incident {meant['id'][:8]}…", world)
    assert told.calls[-1].arguments == {"incident_id": meant["id"]}
    assert len(told.rounds) <= MOST_ROUNDS
    assert "**Root cause:** `node worker-3`" in told.text


def _happened(world: World, number: int) -> None:
    """The newest first; the oldest is of its own kind."""
    world.events[:] = [
        rows.event(9_000 - each, "ALERT_FIRED", PROD, each / 10, {"alertname": f"Quiet{each}"})
        for each in range(number)
    ]
    world.events[-1]["event_type"] = "CLUSTER_REGISTERED"


def test_a_history_is_read_on_behind_its_first_page(world: World) -> None:
    _happened(world, 130)
    told = turn("what happened today?", world)
    assert any("cursor" in (each.arguments or {}) for each in told.calls)
    assert all(len(each.calls) <= MOST_CALLS for each in told.rounds)
    assert "130 were told (129 `Alert fired`, 1 `Cluster added`)" in told.text
    assert "were read: ask for" not in told.text
    borne = claims(told.text, told.rounds, told.question, WHY)
    assert not any(each.is_unsupported for each in borne)


def test_of_a_history_that_is_too_long_it_is_said_how_much_was_read(world: World) -> None:
    _happened(world, 3_000)
    told = turn("what happened today?", world)
    assert len(told.rounds) == MOST_ROUNDS
    read = re.search(r"Only the newest (\d+) events of that time were read", told.text)
    assert read is not None
    assert 100 < int(read[1]) < 3_000


def test_an_analysis_does_not_wait_for_the_end_of_a_history(world: World) -> None:
    _happened(world, 3_000)
    told = turn("why did that happen last night?", world)
    assert "analyze_root_cause" in told.tools
    assert len(told.rounds) <= MOST_ROUNDS


def _crowd(world: World, nodes: int) -> None:
    """Each with eight GPUs, and the hottest at their end."""
    made = [
        measured.gpu_node(f"gpu-{each}", *(measured.gpu(index) for index in range(8)))
        for each in range(nodes)
    ]
    world.gpu_nodes[:0] = made


def test_of_a_node_all_gpus_are_told_and_of_all_nodes_the_hottest(world: World) -> None:
    _crowd(world, 5)
    told = turn("gpu temp", world, "gpu-expert")
    assert set(told.tools) == {"get_gpu_nodes"}
    assert "**GPUs:** 44 on 7 nodes." in told.text
    assert "The hottest is GPU 2 of `gpu-worker-2`" in told.text


def test_of_gpus_that_are_too_many_the_hottest_is_told_by_their_summary(world: World) -> None:
    _crowd(world, 90)
    told = turn("gpu temp", world, "gpu-expert")
    assert told.tools == ["get_gpu_nodes", "get_gpu_summary"]
    assert "Hottest: GPU 2 of `gpu-worker-2`" in told.text
    assert "The hottest of those told is GPU 0 of `gpu-0`" in told.text
    told = turn("gpu temp", world)
    assert "The hottest is" not in told.text, "nobody has looked at all"


@pytest.mark.parametrize(
    "question",
    [
        'What is the root cause of "{title}"?',
        "Why did {title} happen?",
        "root cause of the incident {title}",
        "why is {node} not ready?",
    ],
)
@pytest.mark.parametrize("kind", ["KubeNodeNotReady", "PTP_FREERUN"])
def test_an_incident_is_meant_by_its_title_though_others_are_worse(
    question: str, kind: str, world: World
) -> None:
    title, node = f"{kind} on worker-0004.edge-3 and 1 more", "worker-0004.edge-3"
    meant = rows.incident(title, "WARNING", SHOP, f"node/{node}", 2)
    worse = rows.incident(f"{kind} on worker-0001.hub-1 and 9 more", "CRITICAL", PROD, "node/x", 9)
    world.incidents[:] = [worse, *world.incidents, meant]
    world.analyses[meant["id"]] = rows.analysis(meant, f"node/{node}", 0.9, is_known=True)
    told = turn(question.format(title=title, node=node), world)
    assert told.tools[0] == "list_clusters"
    assert told.calls[0].arguments == {"name": node}, "whether it is a cluster is asked by name"
    assert told.calls[-1].arguments == {"incident_id": meant["id"]}
    assert "query_metrics" not in told.tools
    assert "No cluster is called" not in told.text


def test_who_cannot_see_a_cluster_s_status_is_told_its_row(world: World) -> None:
    told = turn(f"status of {SHOP}", world)
    assert f"| `{SHOP}` | degraded | 61 |" in told.text
    assert "**Clusters:** 1." in told.text
