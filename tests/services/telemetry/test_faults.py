"""Every bad answer of a backend becomes a refusal that says what is wrong and what to do."""

import asyncio
import gzip
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
from hypothesis import given, strategies as st

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Described, DescribeMetrics
from deploy.local.ports import free_port
from services.runtime.backends import faults, prometheus_api
from services.runtime.backends.faults import Failing
from services.runtime.vault.logins import Login
from tests.kit.authorities import EXPIRED, authority
from tests.runtime.outbound.origins import Talk, answer, says, serving
from tests.services.telemetry.collecting import Collector, prometheus, sample, small, vector

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]
GOOD = vector(sample())
JSON = "Content-Type: application/json"


@asynccontextmanager
async def url_of(reply: bytes) -> AsyncGenerator[str]:
    """Where everything is answered so."""
    async with prometheus(says(reply)) as asking:
        yield asking.origin.url()


async def hang(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(GOOD, "200 OK", JSON)[:-20])
    await writer.drain()
    writer.transport.abort()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize("talk", [hang, drip])
async def test_who_hangs_or_drips_is_given_up_before_the_asker_is_gone(
    talk: Talk, collector: Collector
) -> None:
    async with prometheus(talk) as asking:
        refused = await collector.refused(
            asking.origin.url(), Code.QUERY_TIMEOUT, "Prometheus", "127.0.0.1", seconds=0.5
        )
        within = re.search(r"within ([0-9.]+) s", refused.message)
        assert within is not None
        assert float(within[1]) <= 0.45


@pytest.mark.parametrize("talk", [cut, hang_up])
async def test_who_hangs_up_is_unreachable(talk: Talk, collector: Collector) -> None:
    async with prometheus(talk) as asking:
        await collector.refused(asking.origin.url(), Code.CLUSTER_UNREACHABLE, "127.0.0.1")


async def test_nobody_there_and_no_such_name_and_a_forbidden_address(collector: Collector) -> None:
    for url, text in (
        (f"http://127.0.0.1:{free_port()}", "refuses connections"),
        ("http://no-such-host.invalid", "cannot be resolved"),
        ("http://169.254.169.254", "metadata"),
    ):
        await collector.refused(url, Code.CLUSTER_UNREACHABLE, text)


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        ("500 Internal Server Error", Code.UPSTREAM_FAILED, "answered 500; look at its pods"),
        ("502 Bad Gateway", Code.UPSTREAM_FAILED, "502"),
        ("503 Service Unavailable", Code.UPSTREAM_FAILED, "503"),
        ("504 Gateway Timeout", Code.QUERY_TIMEOUT, "ask for less"),
        ("404 Not Found", Code.UPSTREAM_FAILED, "its API is not below it"),
        ("302 Found", Code.UPSTREAM_FAILED, "redirects"),
        ("401 Unauthorized", Code.CREDENTIALS_INVALID, "give a login"),
        ("403 Forbidden", Code.CREDENTIALS_INVALID, "give a login"),
    ],
)
async def test_a_status_is_told_with_what_to_do(
    status: str, code: Code, text: str, collector: Collector
) -> None:
    for body in (b"", b"<html><title>Oops, planted</title></html>"):
        async with url_of(answer(body, status)) as url:
            refused = await collector.refused(url, code, text)
            assert "planted" not in refused.message


@pytest.mark.parametrize(
    ("status", "kind", "text", "code"),
    [
        ("400 Bad Request", "bad_data", "parse error: \x1b[31mx", Code.INVALID_PROMQL),
        ("400 Bad Request", "bad_data", "exceeded maximum resolution", Code.LIMIT_REACHED),
        ("422 Unprocessable Entity", "execution", "many-to-many matching", Code.INVALID_PROMQL),
        ("422 Unprocessable Entity", "execution", "load too many samples", Code.LIMIT_REACHED),
        ("503 Service Unavailable", "timeout", "query timed out", Code.QUERY_TIMEOUT),
        ("503 Service Unavailable", "canceled", "query was canceled", Code.QUERY_TIMEOUT),
        ("500 Internal Server Error", "internal", "corrupt block", Code.UPSTREAM_FAILED),
        ("200 OK", "bad_data", "parse error", Code.INVALID_PROMQL),
    ],
)
async def test_what_prometheus_says_of_a_query_is_passed_on(
    status: str, kind: str, text: str, code: Code, collector: Collector
) -> None:
    body = msgspec.json.encode({"status": "error", "errorType": kind, "error": text})
    async with url_of(answer(body, status, JSON)) as url:
        await collector.refused(url, code, text.replace("\x1b", ""))


async def test_a_long_message_is_cut(collector: Collector) -> None:
    said = {"status": "error", "errorType": "bad_data", "error": "x\u202e\n" * 10_000}
    async with url_of(answer(msgspec.json.encode(said), "400 Bad Request")) as url:
        assert len((await collector.refused(url, Code.INVALID_PROMQL)).message) < 350


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 1), ("99999999", 3600), ("soon", 1), ("", 1), ("-5", 1), ("nan", 1)],
)
async def test_who_is_asked_too_often_says_when_again(
    header: str, seconds: int, collector: Collector
) -> None:
    reply = answer(b"slow down", "429 Too Many Requests", f"Retry-After: {header}")
    async with url_of(reply) as url:
        refused = await collector.refused(url, Code.RATE_LIMITED, f"again in {seconds} s")
        assert refused.details == {"retry_after": seconds}


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for told, seconds in (
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("Thu, 01 Jan 2026 00:01:00", 1),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 1),
    ):
        headers = httpx.Headers({"retry-after": told})
        refused = faults.of_status(Checked.LOKI, 429, headers, b"", now)
        assert refused.details == {"retry_after": seconds}


@pytest.mark.parametrize(
    ("body", "header", "text"),
    [
        (b"<!doctype html><p>log in</p>", "Content-Type: text/html; charset=utf-8", "web page"),
        (b"\n <html>log in</html>", JSON, "web page"),
        (GOOD[:-30], JSON, "cut off"),
        (b"", JSON, "empty"),
        (b"OK", "Content-Type: text/plain", "no JSON"),
        (b'{"hello": 1}', JSON, "other JSON"),
        (b"[]", JSON, "other JSON"),
        (b"null", JSON, "other JSON"),
        (b'{"status":"success"}', JSON, "no data"),
        (b'{"status":"success","data":{"resultType":"streams","result":[]}}', JSON, "type"),
        (b'{"status":"success","data":{"resultType":"vector","result":{}}}', JSON, "its data"),
        (b'{"status":"success","data":{"resultType":"vector","result":[1]}}', JSON, "its data"),
        (b'{"status":"success","data":{"resultType":"scalar","result":[1]}}', JSON, "its data"),
        (b'{"status":"success","data":{"resultType":"vector","result":[NaN]}}', JSON, "no JSON"),
        (vector(sample(pod="x")).replace(b"x", b"\xff"), JSON, "no JSON"),
        (b"[" * 100_000, JSON, "no JSON"),
    ],
)
async def test_what_is_not_of_its_api_is_told(
    body: bytes, header: str, text: str, collector: Collector
) -> None:
    async with url_of(answer(body, "200 OK", header)) as url:
        await collector.refused(url, Code.UPSTREAM_FAILED, text)


async def test_another_content_type_is_no_reason_to_refuse_good_json(collector: Collector) -> None:
    async with url_of(answer(GOOD, "200 OK", "Content-Type: text/plain")) as url:
        assert (await collector.query(await collector.cluster(url))).count == 1


async def test_what_is_no_http_is_told(collector: Collector) -> None:
    async with url_of(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as url:
        await collector.refused(url, Code.UPSTREAM_FAILED, "not HTTP")


async def test_a_certificate_that_is_not_trusted_or_has_expired_is_told(
    collector: Collector,
) -> None:
    ours = authority()
    for identity, ca, text in (
        (ours.server_identity(), None, "CA bundle"),
        (ours.server_identity(validity=EXPIRED), ours.pem, "expired"),
    ):
        async with serving(says(answer(GOOD)), identity.server()) as origin:
            cluster = await collector.cluster(origin.url())
            if ca:
                login = Login(origin.url(), ca=ca)
                await collector.login(cluster, Checked.PROMETHEUS, login)
            refused = await collector.refusal(cluster)
            assert refused.code is Code.CREDENTIALS_INVALID
            assert text in refused.message


async def test_an_expired_token_is_told_without_the_token(collector: Collector) -> None:
    async with prometheus(says(answer(b"", "401 Unauthorized"))) as asking:
        cluster = await collector.cluster(asking.origin.url())
        login = Login(asking.origin.url(), token="planted-token")
        await collector.login(cluster, Checked.PROMETHEUS, login)
        refused = await collector.refusal(cluster)
        assert asking.origin.header("authorization") == "Bearer planted-token"
    assert refused.code is Code.CREDENTIALS_INVALID
    assert "planted" not in refused.message


async def test_a_login_is_not_shown_where_a_backend_has_moved_and_that_is_told(
    collector: Collector,
) -> None:
    async with prometheus(says(answer(b"", "401 Unauthorized"))) as asking:
        cluster = await collector.cluster(asking.origin.url())
        login = Login("https://old.example.com:443", token="planted-token", tenant="t")
        await collector.login(cluster, Checked.PROMETHEUS, login)
        refused = await collector.refusal(cluster)
        assert asking.origin.header("authorization") is None
        assert asking.origin.header("x-scope-orgid") is None
    assert "it has moved: its credentials were for https://old.example.com:443" in refused.message


async def test_a_login_that_cannot_be_used_is_told(collector: Collector) -> None:
    cluster = await collector.cluster("https://127.0.0.1:1")
    login = Login("https://127.0.0.1:1", certificate="planted", key="planted")
    await collector.login(cluster, Checked.PROMETHEUS, login)
    refused = await collector.refusal(cluster)
    assert refused.code is Code.CREDENTIALS_INVALID
    assert "planted" not in refused.message


async def test_an_answer_over_its_budget_is_stopped_early(collector: Collector) -> None:
    poured = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal poured
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")
        for _each in range(200):
            writer.write(b" " * 1_000_000)
            await writer.drain()
            poured += 1

    async with prometheus(pour) as asking:
        cluster = await collector.cluster(asking.origin.url())
        refused = await collector.refusal(cluster, small(bytes=1_000_000))
    assert refused.code is Code.LIMIT_REACHED
    assert "over 1000000 bytes" in refused.message
    assert poured < 50


async def test_a_bomb_is_stopped_while_it_is_unpacked(collector: Collector) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    async with url_of(answer(bomb, "200 OK", JSON, "Content-Encoding: gzip")) as url:
        refused = await collector.refusal(await collector.cluster(url), small(bytes=1_000_000))
    assert refused.code is Code.LIMIT_REACHED


async def test_more_series_than_wanted_are_refused(collector: Collector) -> None:
    body = vector(*(sample(pod=str(number)) for number in range(11)))
    async with url_of(answer(body, "200 OK", JSON)) as url:
        cluster = await collector.cluster(url)
        assert (await collector.query(cluster, small(series=11))).count == 11
        refused = await collector.refusal(cluster, small(series=10))
    assert refused.code is Code.LIMIT_REACHED
    assert "has 11 series" in refused.message


def test_an_answer_of_mere_brackets_is_not_taken_apart() -> None:
    many = 1_000_000
    head = b'{"status":"success","data":'
    for body, what in (
        (head + b"[" + b",".join([b"{}"] * many) + b"]}", Described.SERIES),
        (head + b"[" + b",".join([b'""'] * many) + b"]}", Described.LABELS),
        (head + b'{"groups":[{"rules":[' + b",".join([b"{}"] * many) + b"]}]}}", Described.RULES),
    ):
        with pytest.raises(Refused) as told:
            prometheus_api.described(body, what, 1_000)
        assert told.value.code is Code.LIMIT_REACHED


async def test_a_cluster_without_the_backend_and_no_cluster_at_all_are_told(
    collector: Collector,
) -> None:
    cluster = await collector.cluster("")
    refused = await collector.refusal(cluster)
    assert refused.code is Code.CLUSTER_UNREACHABLE
    assert "register its URL" in refused.message
    for unknown in ("-", "11111111-1111-5111-8111-111111111111"):
        with pytest.raises(Refused) as told:
            await collector.query(unknown)  # pyright: ignore[reportArgumentType] - as it may come
        assert told.value.code is Code.CLUSTER_NOT_FOUND


@given(st.binary(max_size=300))
def test_no_answer_whatever_breaks_the_reader(body: bytes) -> None:
    for read in (
        lambda: prometheus_api.queried(body, 10),
        lambda: prometheus_api.described(body, Described.METADATA, 10),
    ):
        with pytest.raises(Refused):
            read()


@given(st.binary(max_size=300), st.integers(300, 599), st.text(max_size=20))
def test_no_error_whatever_breaks_the_reader(body: bytes, status: int, header: str) -> None:
    headers = httpx.Headers([(b"retry-after", header.encode())])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    refused = faults.of_status(Checked.TEMPO, status, headers, body, now)
    assert refused.message.isprintable()
    assert len(refused.message) < 500
    assert not (isinstance(refused, Failing) and status in {400, 401, 403, 422, 429})


async def test_a_question_that_makes_no_sense_is_refused_without_asking(
    collector: Collector,
) -> None:
    cluster = await collector.cluster("http://127.0.0.1:1")
    for wrong in (
        DescribeMetrics(what=Described.SERIES),
        DescribeMetrics(what=Described.LABEL_VALUES),
    ):
        with pytest.raises(Refused) as told:
            await collector.describe(cluster, wrong)
        assert told.value.code is Code.VALIDATION_FAILED
