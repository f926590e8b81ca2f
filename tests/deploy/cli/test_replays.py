"""`aiops replays`: what is asked of the gateway, and how what comes of it is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.cli.fake_gateway import Answer, FakeGateway, Json, refusal
from tests.deploy.cli.running import Aiops

REPLAY_ID = "d8a2c1e0-1111-4111-8111-111111111111"
TIME = ("--from", "2026-01-31T12:00:00Z", "--to", "2026-01-31T13:00:00Z")


def result(**changes: Any) -> Json:
    difference = {"kind": "LOST", "at": "2026-01-31T12:10:00Z", "title": "[node] down", "text": "5"}
    return {
        "told": 3, "again": 2, "equal": 2, "is_equal": False, "signals_told": 9,
        "signals_again": 4, "signals_added": 0, "signals_lost": 5, "signals_merged": 0,
        "signals_parted": 0, "seconds_to_tell": 31.0, "seconds_to_tell_again": 61.0,
        "differences": [difference], "left_out": 1, "whole_from": None,
    } | changes  # fmt: skip


def replay(state: str = "COMPLETED", told: Json | None = None, **changes: Any) -> Json:
    asked = {"kind": "CORRELATION", "start": TIME[1], "end": TIME[3]}
    return {
        "id": REPLAY_ID, "state": state, "asked": asked, "started_by": "ada", "differences": 2,
        "reason": None, "result": told,
    } | changes  # fmt: skip


def test_it_is_started_waited_for_and_told(aiops: Aiops, gateway: FakeGateway) -> None:
    cluster = gateway.have("edge-1")
    gateway.tell("POST", "/replays", Answer(201, replay("RUNNING")))
    over = replay(told=result())
    gateway.tell("GET", f"/replays/{REPLAY_ID}", Answer(200, replay("RUNNING")), Answer(200, over))
    settings = ("--set", "settle_seconds=60", "--cluster", "edge-1")
    out = aiops.well("replays", "start", "correlation", *TIME, *settings).out
    assert gateway.requests[-3].body == {
        "kind": "CORRELATION", "start": TIME[1], "end": TIME[3], "cluster_ids": [cluster["id"]],
        "correlation": {"settle_seconds": 60},
    }  # fmt: skip
    for said in ("3 were told, 2 would have been", "5 fewer", "31.0 s", "[node] down", "1 more"):
        assert said in out


def test_nothing_otherwise_is_said(aiops: Aiops, gateway: FakeGateway) -> None:
    equal = result(differences=[], left_out=0, is_equal=True)
    gateway.tell("GET", f"/replays/{REPLAY_ID}", Answer(200, replay(told=equal)))
    assert "just so" in aiops.well("replays", "show", REPLAY_ID).out


def test_what_came_to_nothing_ends_with_one(aiops: Aiops, gateway: FakeGateway) -> None:
    failed = replay("FAILED", reason="somebody has cancelled it")
    gateway.tell("GET", f"/replays/{REPLAY_ID}", Answer(200, failed))
    run = aiops("replays", "show", REPLAY_ID)
    assert (run.code, "cancelled" in run.out) == (1, True)


def test_rules_come_from_a_file(aiops: Aiops, gateway: FakeGateway, tmp_path: Path) -> None:
    gateway.tell("POST", "/replays", Answer(201, replay("RUNNING")))
    rules = [{"id": "one-rack", "effect": "TOGETHER", "equal": ["node"]}]
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    file = ("--rules", str(tmp_path / "rules.json"), "--no-wait")
    out = aiops.well("replays", "start", "correlation", "--last", "2h", *file).out
    assert gateway.requests[-1].body["correlation"] == {"rules": rules}
    assert REPLAY_ID in out


def test_they_are_listed_and_cancelled(aiops: Aiops, gateway: FakeGateway) -> None:
    listed = Answer(200, {"items": [replay()]})
    gateway.tell("GET", "/replays", listed, listed)
    lines = aiops.well("replays", "list").out.split("\n")
    assert lines[0].split() == ["state", "kind", "from", "to", "otherwise", "by", "id"]
    assert aiops.well("replays", "list", "--json").told == [replay()]
    gateway.tell("POST", f"/replays/{REPLAY_ID}/cancel", Answer(200, replay("FAILED")))
    assert "stopped" in aiops.well("replays", "cancel", REPLAY_ID).out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("start", "rca"), "--last or --from"),
        (("start", "rca", "--last", "2h", *TIME), "--last or --from"),
        (("start", "rca", "--last", "2h", "--to", TIME[3]), "--to goes with --from"),
        (("start", "rca", "--last", "soon"), "duration"),
        (("start", "rca", *TIME, "--set", "known_from"), "NAME=VALUE"),
        (("start", "correlation", *TIME, "--rules", "/nowhere.json"), "/nowhere.json"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(
    aiops: Aiops, gateway: FakeGateway, typed: tuple[str, ...], said: str
) -> None:
    run = aiops("replays", *typed)
    assert (run.code, said in run.err) == (2, True), run.err
    assert gateway.requests == []


def test_a_refusal_is_told(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.tell("GET", f"/replays/{REPLAY_ID}", refusal(404, "REPLAY_NOT_FOUND", "there is none"))
    run = aiops("replays", "show", REPLAY_ID)
    assert (run.code, "REPLAY_NOT_FOUND" in run.err) == (1, True)
