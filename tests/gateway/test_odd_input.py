"""Input that no sane client sends: it is refused or made harmless, and nobody else notices."""

import json
import random
import re
import string
from typing import Any

import pytest

from tests.kit.gateway import API, Platform, alert, refused, registration, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

JSON = {"content-type": "application/json"}


async def _alerts(platform: Platform, cluster: str, **query: Any) -> list[dict[str, Any]]:
    return (await platform.list("/alerts", cluster_id=cluster, page_size=100, **query))["items"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"labels":' * 100_000,
        b"[" * 100_000,
        b'{"a": 1e999}',
    ],
    ids=["empty", "cut", "no-utf8", "nan", "half-surrogate", "deep", "deep-list", "infinite"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_what_is_no_json_is_told_so(platform: Platform, method: str, body: bytes) -> None:
    cluster = _told(await platform.register())
    path = f"{API}/clusters" if method == "POST" else f"{API}/clusters/{cluster['id']}"
    refused(await platform.http.request(method, path, content=body, headers=JSON), "INVALID_JSON")
    assert _told(await platform.list(f"/clusters/{cluster['id']}")) == cluster


def _told(cluster: dict[str, Any]) -> dict[str, Any]:
    """Without what checks find out meanwhile."""
    return {name: cluster[name] for name in cluster if name != "status"}


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null", '{"alerts": {}}', '{"alerts": null}'])
async def test_json_of_another_shape_names_the_field(platform: Platform, body: str) -> None:
    cluster = (await platform.register())["id"]
    for path in ("/clusters", f"/alerts/webhook/{cluster}"):
        answer = await platform.http.post(f"{API}{path}", content=body, headers=JSON)
        assert refused(answer, "VALIDATION_FAILED")["details"]["fields"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_body_of_ours_has_to_be_declared_as_json(platform: Platform, kind: str) -> None:
    headers, body = {"content-type": kind}, json.dumps(registration()).encode()
    answer = await platform.http.post(f"{API}/clusters", content=body, headers=headers)
    refused(answer, "UNSUPPORTED_MEDIA_TYPE")
    cluster = (await platform.register())["id"]
    posted = json.dumps(webhook(alert(1))).encode()
    path = f"{API}/alerts/webhook/{cluster}"
    answer = await platform.http.post(path, content=posted, headers=headers)
    assert answer.status_code == 202, "no alert is lost for a header"


async def test_a_merge_patch_may_be_declared_as_one(platform: Platform) -> None:
    path = f"{API}/clusters/{(await platform.register())['id']}"
    headers = {"content-type": "application/merge-patch+json"}
    answer = await platform.http.patch(path, content=b'{"region": "eu"}', headers=headers)
    assert answer.json()["region"] == "eu"


@pytest.mark.parametrize(
    "path",
    [
        "/clusters?name=%00",
        "/clusters/by-name/a%00b",
        "/alerts?label=a=%00",
        "/alerts?q=%00",
        "/alerts/%00",
        "/events?entity_id=%00",
    ],
)
async def test_an_address_with_a_zero_character_is_refused(platform: Platform, path: str) -> None:
    refused(await platform.http.get(f"{API}{path}"), "BAD_REQUEST")


@pytest.mark.parametrize("text", ["%ff", "%ed%a0%80", "%F0%9F%9A%A8", "%25%5F%5C", "'%22;--"])
async def test_any_text_may_be_looked_for(platform: Platform, text: str) -> None:
    for path in (
        f"/clusters?name={text}&region={text}&label=a={text}",
        f"/alerts?q={text}&namespace={text}&alertname={text}&label={text}=b",
        f"/events?entity_type={text}&entity_id={text}",
    ):
        assert (await platform.list(path))["items"] == []
    refused(await platform.http.get(f"{API}/clusters/by-name/{text}"), "CLUSTER_NOT_FOUND")
    refused(await platform.http.get(f"{API}/alerts/{text}"), "ALERT_NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-01-01", "to"),
        ("from=2026-01-01T00:00:00", "from"),
        ("limit=1001", "limit"),
        ("limit=0", "limit"),
        ("order=up", "order"),
        ("cluster_id=x", "cluster_id"),
        ("correlation_id=x", "correlation_id"),
        ("since_sequence=-1", "since_sequence"),
        ("since_sequence=99999999999999999999", "since_sequence"),
        ("event_type=NOTHING", "event_type"),
        ("cursor=", "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named_as_it_was_sent(
    platform: Platform, query: str, field: str
) -> None:
    error = refused(await platform.http.get(f"{API}/events?{query}"), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [field]


@pytest.mark.parametrize("path", ["/events/-1", "/events/0", "/events/99999999999999999999/causes"])
async def test_a_position_outside_the_log_is_no_event(platform: Platform, path: str) -> None:
    refused(await platform.http.get(f"{API}{path}"), "EVENT_NOT_FOUND")


@pytest.mark.parametrize("path", ["/clusters/x", "/commands/x", f"/events/{'9' * 5000}"])
async def test_what_no_route_takes_is_not_found(platform: Platform, path: str) -> None:
    refused(await platform.http.get(f"{API}{path}"), "NOT_FOUND")


@pytest.mark.parametrize("tag", ["abc", '""', '"0"', '"1", "2"', "-1", "9" * 5000, "²"])
async def test_an_if_match_that_is_no_etag_never_matches(platform: Platform, tag: str) -> None:
    path = f"{API}/clusters/{(await platform.register())['id']}"
    headers = {b"if-match": tag.encode("latin-1")}
    answer = await platform.http.patch(path, json={"region": "a"}, headers=headers)
    refused(answer, "PRECONDITION_FAILED")
    for good in ('"1"', 'W/"2"', "*"):
        body = {"region": good}
        answer = await platform.http.patch(path, json=body, headers={"if-match": good})
        assert answer.status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 257])
async def test_an_idempotency_key_has_a_length(platform: Platform, key: str) -> None:
    headers = {"idempotency-key": key}
    answer = await platform.http.post(f"{API}/clusters", json=registration(), headers=headers)
    refused(answer, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "broken",
    [
        5,
        None,
        [],
        {},
        {"labels": {}},
        {"labels": {"a": 5}},
        {"labels": {"a": "b"}, "status": "pending"},
        {"labels": {"a": "b"}, "fingerprint": 7},
        {"labels": {"a": "b"}, "fingerprint": "f" * 5000},
        {"labels": {"a": "b"}, "startsAt": "2026-01-01T00:00:00"},
        {"labels": {"a": "b"}, "startsAt": 1e30},
        {"labels": {"a": "b"}, "startsAt": int("9" * 400)},
        {"labels": {"bad\r\nNats-Msg-Id: x\r\n\r\n": 5}},
        {"labels": {"🚨": 5}},
        {"labels": {"a": "x" * 70_000}},
        {"labels": {str(number): "x" for number in range(513)}},
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
async def test_a_broken_alert_is_kept_and_the_next_one_taken(
    platform: Platform, broken: Any
) -> None:
    cluster = (await platform.register())["id"]
    taken = await platform.report(cluster, broken, alert(1))
    assert (taken["accepted"], taken["rejected"]) == (1, 1)
    letter = (await platform.letters())[-1]
    assert json.loads(letter.body) == broken
    assert letter.error
    assert len(await _alerts(platform, cluster)) == 1


async def test_the_same_broken_alert_again_is_the_same_letter(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, {"labels": {"again": 1}})
    letters = len(await platform.letters())
    await platform.report(cluster, {"labels": {"again": 1}}, {"labels": {"again": 1}})
    assert len(await platform.letters()) == letters


async def test_many_broken_alerts_share_letters(platform: Platform) -> None:
    cluster, letters = (await platform.register())["id"], len(await platform.letters())
    broken = [{"labels": {"number": number}} for number in range(20_000)]
    taken = await platform.report(cluster, *broken)
    assert taken["rejected"] == len(broken)
    told = [letter.body.decode() for letter in (await platform.letters())[letters:]]
    assert len(told) < 150
    numbers = re.findall(r'"number": (\d+)', "".join(told))
    assert sorted(map(int, numbers)) == list(range(len(broken))), "nothing is lost"


async def test_half_a_surrogate_pair_in_a_label_is_a_replacement_character(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    body = json.dumps(webhook(alert(1, labels={"text": "a\ud800b"}), alert(2))).encode()
    answer = await platform.http.post(f"{API}/alerts/webhook/{cluster}", content=body, headers=JSON)
    assert answer.json()["accepted"] == 2
    await platform.settle()
    assert "a\ufffdb" in {each["labels"].get("text") for each in await _alerts(platform, cluster)}


async def test_long_texts_do_not_stop_the_projection(platform: Platform) -> None:
    """Random ones: PostgreSQL cannot compress them into an index."""
    cluster, chance = (await platform.register())["id"], random.Random(1)

    def _text(size: int) -> str:
        return "".join(chance.choices(string.ascii_letters + "äöü🚨", k=size))

    fingerprint, name = _text(4096), _text(60_000)
    await platform.report(
        cluster,
        alert(1, fingerprint=fingerprint),
        alert(2, labels={"alertname": name, "namespace": name}),
        alert(3),
    )
    assert len(await _alerts(platform, cluster)) == 3
    assert (await platform.list(f"/alerts/{fingerprint}"))["fingerprint"] == fingerprint
    refused(await platform.http.get(f"{API}/alerts/{fingerprint[:200]}"), "ALERT_NOT_FOUND")


async def test_an_entity_is_found_by_its_own_name(platform: Platform) -> None:
    cluster, odd = (await platform.register())["id"], "odd.name / größe*>"
    await platform.report(cluster, alert(1, fingerprint=odd), alert(2))
    found = await platform.list("/events", entity_type="alert", entity_id=odd)
    (event,) = found["items"]
    assert event["payload"]["alert"]["fingerprint"] == odd
