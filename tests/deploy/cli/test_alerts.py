"""`aiops alerts list` and `silence`, `aiops silences list` and `rm`."""

import json
from typing import Any

import pytest

from tests.deploy.cli.fake_gateway import Answer, FakeGateway, Json, refusal
from tests.deploy.cli.running import Aiops

SILENCE_ID = "d8a2c1e0-1111-4111-8111-111111111111"


def alert(number: int = 0, **changes: Any) -> Json:
    return {
        "id": f"alert-{number}",
        "alertname": "NodeDown",
        "severity": "CRITICAL",
        "state": "FIRING",
        "cluster_name": "edge-1",
        "labels": {"namespace": "ran"},
        "annotations": {"summary": "[node] is down"},
        "starts_at": "2026-01-31T12:00:00Z",
        "silenced": False,
        "inhibited": False,
    } | changes


def page(*items: Json, cursor: str | None = None) -> Answer:
    return Answer(200, {"items": list(items), "next_cursor": cursor})


def made(**changes: Any) -> Answer:
    body: Json = {"silence_id": SILENCE_ID, "ends_at": "2026-01-31T14:00:00Z", "warnings": []}
    return Answer(201, body | changes)


def listed(*items: Json, missing: tuple[Json, ...] = ()) -> Answer:
    return Answer(206 if missing else 200, {"items": list(items), "missing": list(missing)})


def silence(**changes: Any) -> Json:
    matchers = [{"name": "alertname", "value": "NodeDown", "is_regex": False, "is_equal": True}]
    return {
        "id": SILENCE_ID,
        "cluster_name": "edge-1",
        "state": "ACTIVE",
        "matchers": matchers,
        "ends_at": "2026-01-31T14:00:00Z",
        "created_by": "ada",
        "comment": "a new disk",
    } | changes


def test_alerts_are_a_table_that_tells_what_is_muted(aiops: Aiops, gateway: FakeGateway) -> None:
    told = page(alert(), alert(1, silenced=True), alert(2, inhibited=True, state="PENDING"))
    gateway.tell("GET", "/alerts", told)
    lines = aiops.well("alerts", "list").out.split("\n")
    assert lines[0].split() == [
        *("severity", "state", "alert", "cluster", "namespace", "since", "summary", "id")
    ]
    assert "[node] is down" in lines[1]
    assert "silenced" not in lines[1]
    assert "FIRING silenced" in lines[2]
    assert "PENDING inhibited" in lines[3]


def test_alerts_are_read_page_by_page_up_to_the_limit(aiops: Aiops, gateway: FakeGateway) -> None:
    first = page(*map(alert, range(100)), cursor="second")
    gateway.tell("GET", "/alerts", first, page(*map(alert, range(100, 150)), cursor="third"))
    told = aiops.well("alerts", "list", "--limit", "150", "--json").told
    assert [each["id"] for each in told] == [f"alert-{number}" for number in range(150)]
    assert [each.query["page_size"] for each in gateway.requests] == [["100"], ["50"]]
    assert [each.query.get("cursor") for each in gateway.requests] == [None, ["second"]]


def test_filters_go_to_the_gateway_with_the_ids_of_clusters(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    cluster = gateway.have("edge-1")
    gateway.tell("GET", "/alerts", page())
    words = ("--cluster", "edge-1", "--state", "firing", "--label", "a=b", "--severity", "info")
    assert aiops.well("alerts", "list", *words).out == "there are no such alerts\n"
    query = gateway.requests[-1].query
    assert query["cluster_id"] == [cluster["id"]]
    assert (query["state"], query["label"], query["severity"]) == (["firing"], ["a=b"], ["info"])
    assert "namespace" not in query


def test_an_alert_is_silenced_for_a_time(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.tell("POST", "/alerts/alert-0/silence", made())
    said = aiops.well("alerts", "silence", "alert-0", "--for", "2h", "--comment", "a new disk")
    assert said.out == f"silence {SILENCE_ID} until 2026-01-31T14:00:00Z\n"
    assert gateway.asked("POST") == [{"duration": "2h", "comment": "a new disk"}]


def test_an_alert_is_silenced_until_then_with_what_is_alike(
    aiops: Aiops, gateway: FakeGateway
) -> None:
    gateway.tell("POST", "/alerts/alert-0/silence", made())
    words = ("--until", "2026-01-31T14:00:00Z", "--label", "alertname", "--label", "namespace")
    told = aiops.well("alerts", "silence", "alert-0", *words, "--json").told
    assert told["silence_id"] == SILENCE_ID
    (body,) = gateway.asked("POST")
    assert body == {
        "ends_at": "2026-01-31T14:00:00Z",
        "comment": "",
        "labels": ["alertname", "namespace"],
    }


def test_what_is_odd_about_a_silence_is_said(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.tell("POST", "/silence", made(warnings=["the alert has ended"]))
    assert aiops.well("alerts", "silence", "a", "--for", "2h").out.endswith(
        "but the alert has ended\n"
    )


@pytest.mark.parametrize("words", [(), ("--for", "2h", "--until", "2026-01-31T14:00:00Z")])
def test_a_silence_needs_one_end(
    aiops: Aiops, gateway: FakeGateway, words: tuple[str, ...]
) -> None:
    said = aiops("alerts", "silence", "alert-0", *words)
    assert (said.code, said.err) == (2, "aiops: give --for or --until\n")
    assert gateway.requests == []


def test_a_silence_that_takes_long_is_waited_for(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.tell("POST", "/silence", Answer(202, {"command_id": "7", "outcome": "pending"}))
    details = {"silence_id": SILENCE_ID, "ends_at": "2026-01-31T14:00:00Z"}
    gateway.tell("GET", "/commands/7", Answer(200, {"outcome": "accepted", "details": details}))
    assert SILENCE_ID in aiops.well("alerts", "silence", "alert-0", "--for", "2h").out


def test_a_silence_that_is_refused_says_why(aiops: Aiops, gateway: FakeGateway) -> None:
    text = "Alertmanager: too many silences"
    gateway.tell("POST", "/silence", refusal(422, "VALIDATION_FAILED", text))
    said = aiops("alerts", "silence", "alert-0", "--for", "2h")
    assert (said.code, said.err) == (1, f"aiops: VALIDATION_FAILED: {text}\n")


def test_silences_are_a_table_with_what_they_match(aiops: Aiops, gateway: FakeGateway) -> None:
    matchers = [
        {"name": "job", "value": 'a"b', "is_regex": False, "is_equal": False},
        {"name": "node", "value": "wä.*", "is_regex": True, "is_equal": True},
        {"name": "zone", "value": "x|y", "is_regex": True, "is_equal": False},
    ]
    gateway.tell("GET", "/silences", listed(silence(), silence(matchers=matchers)))
    out = aiops.well("silences", "list").out
    assert 'alertname="NodeDown"' in out
    assert r'job!="a\"b", node=~"wä.*", zone!~"x|y"' in out
    assert "a new disk" in out


def test_clusters_that_have_not_answered_are_named(aiops: Aiops, gateway: FakeGateway) -> None:
    missing = {"cluster_name": "edge-2", "code": "CLUSTER_UNREACHABLE", "reason": "nobody there"}
    gateway.tell("GET", "/silences", listed(missing=(missing,)), listed(missing=(missing,)))
    said = aiops.well("silences", "list")
    assert said.out == "there are no such silences\n"
    assert said.err == "aiops: edge-2 has not answered: nobody there\n"
    told = json.loads(aiops.well("silences", "list", "--json").out)
    assert told["missing"] == [missing]


def test_silences_of_some_clusters_and_states(aiops: Aiops, gateway: FakeGateway) -> None:
    cluster = gateway.have("edge-1")
    gateway.tell("GET", "/silences", listed())
    aiops.well("silences", "list", "--cluster", "edge-1", "--state", "expired")
    query = gateway.requests[-1].query
    assert (query["cluster_id"], query["state"]) == ([cluster["id"]], ["expired"])


@pytest.mark.parametrize("named", [False, True], ids=["anywhere", "in a cluster"])
def test_a_silence_is_ended(aiops: Aiops, gateway: FakeGateway, named: bool) -> None:
    cluster = gateway.have("edge-1")
    gateway.tell("DELETE", f"/silences/{SILENCE_ID}", Answer(204))
    said = aiops.well("silences", "rm", SILENCE_ID, *(("--cluster", "edge-1") if named else ()))
    assert said.out == f"silence {SILENCE_ID} was ended\n"
    assert gateway.requests[-1].query == ({"cluster_id": [cluster["id"]]} if named else {})


def test_a_silence_that_nobody_has_is_told(aiops: Aiops, gateway: FakeGateway) -> None:
    gateway.tell("DELETE", SILENCE_ID, refusal(404, "SILENCE_NOT_FOUND", "there is none"))
    said = aiops("silences", "rm", SILENCE_ID)
    assert (said.code, said.err) == (1, "aiops: SILENCE_NOT_FOUND: there is none\n")
