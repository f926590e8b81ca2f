"""What is wrong is refused clearly, and nothing is lost or half done."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.kit.builders import CLUSTER_ID, COMMAND_ID
from tests.kit.gateway import API, Platform, alert, on_the_wire, refused, registration, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LARGEST = 10_000_000


async def _alerts(platform: Platform, cluster: str, **query: Any) -> list[dict[str, Any]]:
    found = await platform.list("/alerts", cluster_id=cluster, page_size=100, **query)
    return found["items"]


async def test_malformed_json_is_refused_whole(platform: Platform) -> None:
    cluster, before = (await platform.register())["id"], await platform.last_sequence()
    for path in ("/clusters", f"/alerts/webhook/{cluster}"):
        answer = await platform.http.post(
            f"{API}{path}",
            content=b'{"alerts": [{"labels"',
            headers={"content-type": "application/json"},
        )
        refused(answer, "INVALID_JSON")
    assert await platform.last_sequence() == before


async def test_unknown_fields_in_our_bodies_are_named(platform: Platform) -> None:
    answer = await platform.http.post(f"{API}/clusters", json=registration(colour="red"))
    error = refused(answer, "VALIDATION_FAILED")
    assert [field["field"] for field in error["details"]["fields"]] == ["colour"]


async def test_unknown_fields_in_alertmanagers_bodies_are_ignored(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    body = webhook(alert(1, colour="red")) | {"groupKey": "{}", "whatever": 1}
    answer = await platform.http.post(f"{API}/alerts/webhook/{cluster}", json=body)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    await platform.settle()
    assert len(await _alerts(platform, cluster)) == 1


async def test_a_broken_alert_among_good_ones_is_a_dead_letter(platform: Platform) -> None:
    cluster, letters = (await platform.register())["id"], len(await platform.letters())
    taken = await platform.report(cluster, alert(1), {"labels": "none"}, alert(2))
    assert (taken["accepted"], taken["rejected"]) == (2, 1)
    assert len(await platform.letters()) == letters + 1
    assert len(await _alerts(platform, cluster)) == 2


@pytest.mark.parametrize(
    "fingerprint", ["", "a.b", "*", ">", "with space", "größe", "x" * 3000, "a\tb"]
)
async def test_any_fingerprint_is_an_alert_of_its_own(platform: Platform, fingerprint: str) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(1), alert(2, fingerprint=fingerprint))
    assert len(await _alerts(platform, cluster)) == 2


async def test_a_missing_fingerprint_is_computed_from_the_labels(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    without = {name: value for name, value in alert(1).items() if name != "fingerprint"}
    await platform.report(cluster, without, without)
    (found,) = await _alerts(platform, cluster)
    assert len(found["fingerprint"]) == 16


async def test_severity_none_is_information(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    await platform.report(cluster, alert(1, labels={"severity": "none"}))
    (found,) = await _alerts(platform, cluster)
    assert (found["severity"], found["labels"]["severity"]) == ("INFO", "none")


async def test_one_fingerprint_from_two_clusters_is_two_alerts(platform: Platform) -> None:
    clusters = [(await platform.register())["id"] for _ in range(2)]
    for cluster in clusters:
        await platform.report(cluster, alert(77))
    answer = await platform.http.get(f"{API}/alerts/{77:016x}")
    candidates = refused(answer, "AMBIGUOUS")["details"]["candidates"]
    assert {each["cluster_id"] for each in candidates} == set(clusters)
    one = await platform.list(f"/alerts/{77:016x}", cluster_id=clusters[0])
    assert one["cluster_id"] == clusters[0]


def _body_of(size: int) -> bytes:
    alerts = [alert(number, annotations={"text": "x" * 40_000}) for number in range(240)]
    body = json.dumps(webhook(*alerts))
    return (body + " " * (size - len(body))).encode()


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_of_alerts_are_taken_and_one_byte_more_is_not(
    platform: Platform, *, chunked: bool
) -> None:
    cluster = (await platform.register())["id"]

    async def _chunks(body: bytes) -> Any:
        for start in range(0, len(body), 1_000_000):
            yield body[start : start + 1_000_000]

    async with (
        on_the_wire(platform) as url,
        platform.client(
            platform.admin, transport=httpx.AsyncHTTPTransport(), base_url=url
        ) as client,
    ):
        path = f"{API}/alerts/webhook/{cluster}"
        for size, status in ((LARGEST + 1, 413), (LARGEST, 202)):
            body = _body_of(size)
            content: Any = _chunks(body) if chunked else body
            answer = await client.post(
                path, content=content, headers={"content-type": "application/json"}
            )
            assert answer.status_code == status, answer.text
    await platform.settle()
    assert (await platform.list("/alerts", cluster_id=cluster))["total"] == 240


async def test_labels_may_hold_any_unicode(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    texts = ["ünïcode", "🚨", "שלום", "a\u202eb", "tab\tnew\nline", 'quote"\\', "\u0000"]
    await platform.report(
        cluster, *(alert(n, labels={"text": text}) for n, text in enumerate(texts))
    )
    found = {item["labels"]["text"] for item in await _alerts(platform, cluster)}
    assert found == {*texts[:-1], "\ufffd"}


async def test_year_one_means_not_known(platform: Platform) -> None:
    cluster = (await platform.register())["id"]
    year_one = "0001-01-01T00:00:00Z"
    await platform.report(cluster, alert(1, startsAt=year_one, endsAt=year_one))
    (found,) = await _alerts(platform, cluster)
    assert found["ends_at"] is None
    assert found["starts_at"] == found["first_seen_at"]


@pytest.mark.parametrize("token", [None, "aiops_wrong"])
async def test_a_wrong_or_missing_token_is_401(platform: Platform, token: str | None) -> None:
    async with platform.client(token) as stranger:
        for answer in (
            await stranger.get(f"{API}/alerts"),
            await stranger.post(f"{API}/alerts/webhook", json=webhook(alert(1))),
        ):
            refused(answer, "AUTH_FAILED")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_ingest_token_reads_nothing(platform: Platform) -> None:
    async with platform.client(await platform.token(Role.INGEST)) as client:
        for path in ("/alerts", "/clusters", "/events"):
            refused(await client.get(f"{API}{path}"), "PERMISSION_DENIED")


async def test_an_ingest_token_posts_for_its_own_cluster_only(platform: Platform) -> None:
    own, other = [(await platform.register())["id"] for _ in range(2)]
    async with platform.client(await platform.token(Role.INGEST, own)) as client:
        answer = await client.post(f"{API}/alerts/webhook/{other}", json=webhook(alert(1)))
        refused(answer, "PERMISSION_DENIED")
        labelled = alert(1, labels={"cluster": other})
        answer = await client.post(f"{API}/alerts/webhook", json=webhook(labelled))
        assert answer.status_code == 202
    await platform.settle()
    assert len(await _alerts(platform, own)) == 1, "the scope wins over the label"
    assert await _alerts(platform, other) == []


async def test_alerts_of_an_unknown_cluster_go_to_the_dead_letters(platform: Platform) -> None:
    before = len(await platform.letters())
    answer = await platform.http.post(f"{API}/alerts/webhook/{new_id()}", json=webhook(alert(1)))
    refused(answer, "CLUSTER_NOT_FOUND")
    labelled = webhook(alert(1, labels={"cluster": "nobody"}))
    refused(await platform.http.post(f"{API}/alerts/webhook", json=labelled), "CLUSTER_NOT_FOUND")
    assert len(await platform.letters()) == before + 2


async def test_a_stale_etag_changes_nothing(platform: Platform) -> None:
    cluster = await platform.register()
    path = f"{API}/clusters/{cluster['id']}"
    answer = await platform.http.patch(path, json={"region": "a"}, headers={"if-match": '"1"'})
    assert answer.headers["etag"] == '"2"'
    stale = await platform.http.patch(path, json={"region": "b"}, headers={"if-match": '"1"'})
    refused(stale, "PRECONDITION_FAILED")
    assert (await platform.list(f"/clusters/{cluster['id']}"))["region"] == "a"


async def test_a_name_is_taken_once(platform: Platform) -> None:
    cluster = await platform.register()
    answer = await platform.http.post(f"{API}/clusters", json=registration(name=cluster["name"]))
    refused(answer, "CLUSTER_ALREADY_EXISTS")


@pytest.mark.parametrize("name", ["ab", "-abc", "abc-", "Abc", "a_b_c", "a" * 64, "a b"])
async def test_a_bad_cluster_name_is_400(platform: Platform, name: str) -> None:
    answer = await platform.http.post(f"{API}/clusters", json=registration(name=name))
    refused(answer, "INVALID_CLUSTER_NAME")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing", "NOT_FOUND"),
        ("DELETE", "/alerts", "METHOD_NOT_ALLOWED"),
        ("GET", "/clusters?page_size=0", "VALIDATION_FAILED"),
        ("GET", "/clusters?page_size=101", "VALIDATION_FAILED"),
        ("GET", "/clusters?sort=colour", "VALIDATION_FAILED"),
        ("GET", "/alerts?state=LOUD", "VALIDATION_FAILED"),
        ("GET", "/alerts?cluster_id=x", "VALIDATION_FAILED"),
        ("GET", "/events?cursor=x", "VALIDATION_FAILED"),
        ("GET", "/events/99999999999999999999", "EVENT_NOT_FOUND"),
        ("GET", f"/commands/{COMMAND_ID}", "COMMAND_NOT_FOUND"),
        ("GET", f"/clusters/{CLUSTER_ID}", "CLUSTER_NOT_FOUND"),
        ("GET", "/alerts/unknown", "ALERT_NOT_FOUND"),
    ],
)
async def test_every_refusal_has_its_code(
    platform: Platform, method: str, path: str, code: str
) -> None:
    refused(await platform.http.request(method, f"{API}{path}"), code)


async def test_a_foreign_host_header_is_not_served(platform: Platform) -> None:
    answer = await platform.http.get("/health", headers={"host": "evil.example.com"})
    refused(answer, "BAD_REQUEST")


async def test_a_post_of_far_too_many_alerts_is_refused_before_they_are_looked_at(
    platform: Platform,
) -> None:
    cluster = (await platform.register())["id"]
    body = '{"alerts": [' + ",".join(["{}"] * 3_000_000) + "]}"
    before = len(await platform.letters())
    async with asyncio.timeout(30):
        answer = await platform.http.post(
            f"{API}/alerts/webhook/{cluster}",
            content=body,
            headers={"content-type": "application/json"},
        )
    refused(answer, "LIMIT_REACHED")
    assert len(await platform.letters()) == before
