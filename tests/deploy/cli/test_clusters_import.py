"""`aiops cluster import`: each cluster for itself, and what became of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.cli.fake_gateway import Answer, FakeGateway
from tests.deploy.cli.running import Aiops
from tests.deploy.cli.test_clusters_add import KUBECONFIG


def item(source: str, outcome: str, **fields: Any) -> dict[str, Any]:
    return {
        "source": source,
        "name": source,
        "cluster_id": None,
        "api_server_url": f"https://{source}:6443",
        "outcome": outcome,
        "code": None,
        "message": None,
        **fields,
    }


def result(*items: dict[str, Any], dry_run: bool = False) -> dict[str, Any]:
    def count(outcome: str) -> int:
        return sum(1 for each in items if each["outcome"] == outcome)

    return {
        "dry_run": dry_run,
        "registered": count("REGISTERED"),
        "known": count("ALREADY_REGISTERED"),
        "refused": count("REFUSED"),
        "items": [*items],
    }


GOOD = item("lab", "REGISTERED"), item("old", "ALREADY_REGISTERED")
BAD = item("cloud", "REFUSED", code="CREDENTIALS_INVALID", message="runs a program [exec]")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "ca.crt").write_text("a CA")
    (tmp_path / "config").write_text(KUBECONFIG)
    return tmp_path / "config"


def test_every_context_is_sent_and_the_outcomes_are_shown(
    aiops: Aiops, gateway: FakeGateway, config: Path
) -> None:
    gateway.tell("POST", "/import", Answer(200, result(*GOOD, BAD)))
    said = aiops("cluster", "import", "--kubeconfig", str(config), "--environment", "lab")
    assert said.code == 1
    assert said.out.splitlines()[-1] == "1 new, 1 known already, 1 refused"
    assert "CREDENTIALS_INVALID: runs a program [exec]" in said.out
    assert "the user entry cloud runs a program to log in" in said.err
    (body,) = gateway.asked("POST", "/import")
    assert set(body) == {"source", "kubeconfig", "environment", "dry_run"}
    assert (body["source"], body["environment"], body["dry_run"]) == ("KUBECONFIG", "LAB", False)
    sent = yaml.safe_load(body["kubeconfig"])
    assert [each["user"] for each in sent["users"]] == [
        {"token": "abc"},
        {"exec": {"command": "aws"}},
    ]


def test_an_import_without_a_refusal_ends_well(
    aiops: Aiops, gateway: FakeGateway, config: Path
) -> None:
    told = result(item("Lab Berlin", "WOULD_REGISTER"), dry_run=True)
    gateway.tell("POST", "/import", Answer(200, told))
    words = ("cluster", "import", "--kubeconfig", str(config), "--context", "Lab Berlin")
    said = aiops.well(*words, "--dry-run", "--label", "team=ran")
    assert said.out.splitlines()[-1] == "1 would be registered, 0 known already, 0 refused"
    assert said.err == ""
    (body,) = gateway.asked("POST", "/import")
    assert body["contexts"] == ["Lab Berlin"]
    assert body["labels"] == {"team": "ran"}
    assert body["dry_run"] is True
    assert "aws" not in body["kubeconfig"]


def test_the_whole_answer_is_there_as_json(
    aiops: Aiops, gateway: FakeGateway, config: Path
) -> None:
    gateway.tell("POST", "/import", Answer(200, result(*GOOD)))
    assert aiops.well("cluster", "import", "--kubeconfig", str(config), "--json").told == result(
        *GOOD
    )


def test_an_import_that_takes_long_is_waited_for(
    aiops: Aiops, gateway: FakeGateway, config: Path
) -> None:
    gateway.tell("POST", "/import", Answer(202, {"command_id": "7", "outcome": "pending"}))
    done = {"outcome": "accepted", "details": result(*GOOD)}
    gateway.tell("GET", "/commands/7", Answer(200, {"outcome": "pending"}), Answer(200, done))
    said = aiops.well("cluster", "import", "--kubeconfig", str(config))
    assert said.out.splitlines()[-1] == "1 new, 1 known already, 0 refused"


def test_managed_clusters_are_those_of_a_registered_hub(aiops: Aiops, gateway: FakeGateway) -> None:
    hub = gateway.have("hub-1", cluster_type="HUB")
    gateway.tell("POST", "/import", Answer(200, result()))
    said = aiops.well("cluster", "import", "--hub", "hub-1", "--managed-clusters")
    assert said.out.startswith("there is nothing to import\n")
    assert gateway.asked("POST", "/import") == [
        {"source": "MANAGED_CLUSTERS", "hub_cluster_id": hub["id"], "dry_run": False}
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "either --kubeconfig or --managed-clusters is needed"),
        (("--managed-clusters",), "--hub and --managed-clusters belong together"),
        (("--kubeconfig", "x", "--hub", "y"), "--hub and --managed-clusters belong together"),
        (("--kubeconfig", "x", "--managed-clusters", "--hub", "y"), "either --kubeconfig or"),
    ],
)
def test_a_source_is_named_once(
    aiops: Aiops, gateway: FakeGateway, words: tuple[str, ...], why: str
) -> None:
    said = aiops("cluster", "import", *words)
    assert said.code == 2
    assert why in said.err
    assert gateway.requests == []
