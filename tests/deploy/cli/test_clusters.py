"""`aiops cluster list`, `show`, `refresh`, `rm`, and how commands find their gateway."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime.settings import environment
from tests.deploy.cli.fake_gateway import TOKEN, Answer, FakeGateway, refusal
from tests.deploy.cli.running import Aiops
from tests.kit.tree import ROOT


def test_all_pages_are_listed(aiops: Aiops, gateway: FakeGateway) -> None:
    for number in range(230):
        gateway.have(f"edge-{number}")
    listed = aiops.well("cluster", "list", "--json").told
    assert [each["name"] for each in listed] == [f"edge-{number}" for number in range(230)]
    assert len(gateway.requests) == 3


def test_a_table_shows_state_and_score(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.have("edge-1", region="[EU] north")
    said = aiops.well("cluster", "list").out
    assert said.split("\n")[0].split() == [
        *("name", "state", "score", "type", "environment", "region", "last", "error")
    ]
    for told in ("edge-1", "DEGRADED", "75", "SPOKE", "[EU] north", "Prometheus answered 403"):
        assert told in said


def test_filters_go_to_the_gateway(aiops: Aiops, gateway: FakeGateway) -> None:
    words = ("--state", "online", "--state", "degraded", "--type", "far-edge", "--label", "a=b")
    assert aiops.well("cluster", "list", *words).out == "there are no such clusters\n"
    query = gateway.requests[0].query
    assert query["state"] == ["online", "degraded"]
    assert query["cluster_type"] == ["far_edge"]
    assert query["label"] == ["a=b"]
    assert "environment" not in query


def test_a_cluster_is_shown_with_its_checks_and_what_to_do(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    gateway.have(
        "edge-1",
        labels={"team": "ran"},
        endpoints={"prometheus_url": "https://prom", "loki_url": None},
        capabilities={"has_gpu_nodes": True, "has_loki": False, "node_count": 6},
        credentials={
            "auth_type": "KUBECONFIG",
            "expires_at": "2027-01-01T00:00:00Z",
            "renewal": "BY_HAND",
        },
    )
    said = aiops.well("cluster", "show", "edge-1").out
    for told in (
        "state          DEGRADED, score 75\n",
        "endpoints      prometheus https://prom\n",
        "labels         team=ran\n",
        "capabilities   6 nodes, gpu nodes\n",
        "credentials    KUBECONFIG, until 2027-01-01T00:00:00Z, renewal by hand\n",
        "Prometheus answered 403 [forbidden]",
        "give a token that may read metrics",
    ):
        assert told in said


def test_a_cluster_is_found_by_its_id_too_and_told_as_json(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    cluster = gateway.have("edge-1")
    told = aiops.well("cluster", "show", cluster["id"], "--json").told
    assert told["name"] == "edge-1"
    assert [check["name"] for check in told["health"]["checks"]] == ["API_SERVER", "PROMETHEUS"]


def test_a_name_that_looks_like_an_id_is_found_all_the_same(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    name = "0a1b2c3d-0000-4000-8000-000000000000"
    gateway.have(name)
    assert aiops.well("cluster", "show", name, "--json").told["name"] == name


def test_a_refresh_tells_the_new_state(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.have("edge-1")
    assert aiops.well("cluster", "refresh", "edge-1").out == "edge-1 is DEGRADED, score 75\n"
    assert len(gateway.asked("POST", "/refresh")) == 1


def test_a_refresh_that_takes_long_is_waited_for(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.have("edge-1")
    gateway.tell("POST", "/refresh", Answer(202, {"command_id": "7", "outcome": "pending"}))
    gateway.tell(
        *("GET", "/commands/7"),
        refusal(404, "COMMAND_NOT_FOUND", "not yet"),
        Answer(200, {"outcome": "pending"}),
        Answer(200, {"outcome": "accepted"}),
    )
    assert aiops.well("cluster", "refresh", "edge-1").out.startswith("edge-1 is ")


def test_what_is_refused_later_is_told_like_what_is_refused_at_once(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    gateway.have("edge-1")
    gateway.tell("POST", "/refresh", Answer(202, {"command_id": "7", "outcome": "pending"}))
    outcome = {"outcome": "refused", "code": "CLUSTER_NOT_FOUND", "message": "it has gone"}
    gateway.tell("GET", "/commands/7", Answer(200, outcome))
    said = aiops("cluster", "refresh", "edge-1")
    assert (said.code, said.err) == (1, "aiops: CLUSTER_NOT_FOUND: it has gone\n")


def test_a_cluster_is_removed_when_somebody_says_yes(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.have("edge-1")
    said = aiops("cluster", "rm", "edge-1")
    assert said.code == 2
    assert "give --yes to remove edge-1" in said.err
    assert gateway.clusters
    assert "edge-1 was removed" in aiops.well("cluster", "rm", "edge-1", "--yes").out
    assert not gateway.clusters


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("", 1, 1)])
def test_on_a_terminal_somebody_is_asked(
    aiops: Aiops, gateway: FakeGateway, answer: str, code: int, left: int
) -> None:
    gateway.have("edge-1")
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli.main", "cluster", "rm", "edge-1"],
            cwd=ROOT,
            env=environment() | {name: value or "" for name, value in aiops.environment.items()},
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == code, done.stderr
    assert "Remove edge-1 from the fleet" in done.stdout
    assert len(gateway.clusters) == left


def test_a_cluster_that_is_not_there_is_one_line(aiops: Aiops) -> None:
    said = aiops("cluster", "show", "nope")
    assert said.code == 1
    assert said.err == "aiops: CLUSTER_NOT_FOUND: there is no such cluster\n"


def test_where_nothing_runs_the_line_says_what_to_do(aiops: Aiops, tmp_path: Path) -> None:
    said = aiops("cluster", "list", AIOPS_DATA_DIR=str(tmp_path / "other"))
    assert said.code == 1
    assert "start it with `aiops up`" in said.err
    assert "AIOPS_GATEWAY_URL and AIOPS_TOKEN" in said.err


def test_another_gateway_is_named_by_the_environment(
    aiops: Aiops, gateway: FakeGateway, tmp_path: Path
) -> None:
    elsewhere = {"AIOPS_DATA_DIR": str(tmp_path / "other"), "AIOPS_GATEWAY_URL": gateway.url}
    assert aiops.well("cluster", "list", "--json", **elsewhere, AIOPS_TOKEN=TOKEN).told == []


def test_the_token_of_a_run_is_shown_to_no_other_gateway(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    said = aiops("cluster", "list", AIOPS_GATEWAY_URL=gateway.url)
    assert said.code == 1
    assert "AIOPS_TOKEN must hold a token" in said.err
    assert not gateway.requests


def test_a_gateway_that_does_not_answer_is_one_line_without_the_token(aiops: Aiops) -> None:
    said = aiops("cluster", "list", AIOPS_GATEWAY_URL="http://127.0.0.1:9", AIOPS_TOKEN="hidden")
    assert said.code == 1
    assert said.err.startswith("aiops: the gateway http://127.0.0.1:9 does not answer: ")
    assert "hidden" not in said.err
    said = aiops("cluster", "list", AIOPS_TOKEN="hid\nden")
    assert said.err == "aiops: AIOPS_TOKEN holds characters that no token has\n"


def test_an_answer_from_something_in_between_is_told_as_what_it_is(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    gateway.tell("GET", "/clusters", Answer(504, "no JSON of ours"))
    said = aiops("cluster", "list")
    assert (said.code, said.err) == (1, "aiops: HTTP 504: Gateway Timeout\n")
