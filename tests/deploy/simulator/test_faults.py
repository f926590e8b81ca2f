"""What goes wrong on demand, and only where it was asked for."""

import asyncio
import contextlib
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from deploy.simulator.admission import Admission
from deploy.simulator.application import Simulated
from deploy.simulator.cluster import Part
from deploy.simulator.control import Control
from deploy.simulator.exchange import Request
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from services.runtime.clock import SystemClock
from tests.deploy.simulator.reaching import Clients, refused, with_trait

NODES = "/api/v1/nodes"
FAULTS = "/_control/faults"


async def test_what_hangs_never_answers(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(FaultKind.HANG)
    with pytest.raises(httpx.ReadTimeout):
        await clients.api(cluster).get(NODES, timeout=0.3)


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.DRIP])
async def test_the_end_does_not_wait_for_what_is_under_way(fleet: Fleet, kind: FaultKind) -> None:
    async with simulating(fleet, Options(bad_tls=False)) as running:
        clients, cluster = Clients(running), running.cluster("edge-1")
        cluster.fail(kind)
        asked = asyncio.create_task(clients.api(cluster).get(NODES, timeout=60))
        await asyncio.sleep(0.2)
        assert not asked.done()
        started = time.monotonic()
    assert time.monotonic() - started < 20, "long before who asked gives up"
    with pytest.raises(httpx.TransportError):
        await asked
    await clients.close()


async def test_nothing_is_logged_as_an_error_of_the_simulator(
    running: Running, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = running.cluster("edge-1")
    for kind in FaultKind:
        cluster.fail(Fault(kind, size=100_000))
        with contextlib.suppress(httpx.TransportError):
            await clients.api(cluster).get(NODES, timeout=0.3)
    await asyncio.sleep(0.3)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_fault_is_of_one_cluster_and_of_one_part(
    running: Running, clients: Clients
) -> None:
    cluster = with_trait(running, lambda each: each.backend(Part.LOKI))
    cluster.fail(FaultKind.STATUS, Part.LOKI)
    assert (await clients.backend(cluster, Part.LOKI).get("/ready")).status_code == 503
    assert (await clients.backend(cluster, Part.PROMETHEUS).get("/-/ready")).status_code == 200
    assert (await clients.api(cluster).get(NODES)).status_code == 200
    others = [each for each in running.clusters.values() if each is not cluster]
    other = next(each for each in others if each.backend_url(Part.LOKI))
    assert (await clients.backend(other, Part.LOKI).get("/ready")).status_code == 200


async def test_what_drips_comes_whole_and_slowly(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    client = clients.api(cluster)
    right = await client.get("/version")
    cluster.fail(Fault(FaultKind.DRIP, bytes_per_second=400))
    started = time.monotonic()
    slow = await client.get("/version")
    assert slow.content == right.content
    assert time.monotonic() - started >= len(right.content) / 400 * 0.9


async def test_a_reset_comes_in_the_middle_of_the_answer(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(FaultKind.RESET)
    async with clients.api(cluster).stream("GET", NODES) as answer:
        assert answer.status_code == 200
        chunks = answer.aiter_raw()
        half = int(answer.headers["content-length"]) // 2
        held = b""
        while len(held) < half:
            held += await anext(chunks)
        assert len(held) == half
        with pytest.raises(httpx.ReadError):
            await anext(chunks)


@pytest.mark.parametrize(
    ("code", "reason"), [(401, "Unauthorized"), (500, "InternalError"), (504, "Timeout")]
)
async def test_the_api_fails_with_a_status_object(
    running: Running, clients: Clients, code: int, reason: str
) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(Fault(FaultKind.STATUS, status=code))
    answer = await clients.api(cluster).get(NODES)
    refused(answer, code, reason)
    assert "retry-after" not in answer.headers


async def test_too_many_requests_says_when_to_come_back(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(Fault(FaultKind.STATUS, status=429, retry_after=7, times=2))
    client = clients.api(cluster)
    for _ in range(2):
        answer = await client.get(NODES)
        told = refused(answer, 429, "TooManyRequests")
        assert told["details"]["retryAfterSeconds"] == 7
        assert answer.headers["retry-after"] == "7"
    assert (await client.get(NODES)).status_code == 200


async def test_a_login_page_comes_with_a_good_status(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(FaultKind.HTML)
    answer = await clients.api(cluster).get(NODES)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<form" in answer.text


async def test_a_redirection_leads_where_it_was_told_to(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(Fault(FaultKind.REDIRECT, location="http://169.254.169.254/latest"))
    answer = await clients.api(cluster).get(NODES)
    assert answer.status_code == 302
    assert answer.headers["location"] == "http://169.254.169.254/latest"


async def test_expired_tokens_are_unauthorized_and_anonymous_probes_go_on(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("hub-1")
    cluster.fail(FaultKind.EXPIRED_TOKEN)
    cluster.fail(FaultKind.EXPIRED_TOKEN, Part.PROMETHEUS)
    refused(await clients.api(cluster).get(NODES), 401, "Unauthorized")
    assert (await clients.api(cluster, None).get("/readyz")).status_code == 200
    backend = clients.backend(cluster, Part.PROMETHEUS)
    assert (await backend.get("/-/ready")).status_code == 401


@pytest.mark.parametrize("seconds", [0, 7200, -7200])
async def test_the_clock_can_be_wrong(running: Running, clients: Clients, seconds: int) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(Fault(FaultKind.CLOCK_SKEW, seconds=seconds))
    answer = await clients.api(cluster).get(NODES)
    assert answer.status_code == 200
    told = parsedate_to_datetime(answer.headers["date"])
    off = told - SystemClock().now() - timedelta(seconds=seconds)
    assert abs(off) < timedelta(seconds=5)


async def test_garbage_is_no_json(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(FaultKind.GARBAGE)
    answer = await clients.api(cluster).get(NODES)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()


async def test_a_huge_answer_is_valid_and_ends_at_its_size(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(Fault(FaultKind.HUGE, size=3_000_000))
    answer = await clients.api(cluster).get(NODES)
    assert "content-length" not in answer.headers
    assert 3_000_000 <= len(answer.content) < 3_200_000
    assert answer.json()["items"]


async def test_a_client_may_leave_a_huge_answer(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    cluster.fail(FaultKind.HUGE)
    client, held = clients.api(cluster), 0
    async with client.stream("GET", NODES) as answer:
        async for chunk in answer.aiter_raw():
            held += len(chunk)
            if held > 1_000_000:
                break
    cluster.fail(FaultKind.NONE)
    assert (await client.get(NODES)).status_code == 200


async def test_faults_are_set_shown_and_healed_by_http(running: Running, clients: Clients) -> None:
    control, cluster = clients.control(running), running.cluster("edge-1")
    told = {"cluster": "edge-1", "part": "api", "fault": {"kind": "status", "status": 500}}
    assert (await control.post(FAULTS, json=told)).status_code == 200
    shown = (await control.get(FAULTS)).json()
    assert shown["edge-1"]["api"]["status"] == 500
    assert list(shown) == ["edge-1"]
    assert (await clients.api(cluster).get(NODES)).status_code == 500
    healed = await control.post(FAULTS, json=told | {"fault": {"kind": "none"}})
    assert healed.json() == {}
    assert (await clients.api(cluster).get(NODES)).status_code == 200


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"cluster": "edge-99", "fault": {"kind": "hang"}}, 404),
        ({"cluster": "edge-1", "fault": {"kind": "unheard_of"}}, 422),
        ({"cluster": "edge-1", "fault": {"kind": "status", "status": 200}}, 422),
        ({"cluster": "edge-1", "fault": {"kind": "drip", "speed": 1}}, 422),
        ({"cluster": "edge-1", "part": "database", "fault": {"kind": "hang"}}, 422),
        ([], 422),
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    running: Running, clients: Clients, order: Any, code: int
) -> None:
    control = clients.control(running)
    answer = await control.post(FAULTS, json=order)
    assert answer.status_code == code
    assert answer.json()["error"]
    assert (await control.get(FAULTS)).json() == {}


@pytest.mark.parametrize(("address", "code"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.1", 403)])
def test_faults_are_set_from_this_machine_only(address: str, code: int) -> None:
    body = b'{"cluster": "edge-1", "fault": {"kind": "hang"}}'
    cluster = Fleet.make(2, seed=7).clusters[1]
    simulated = Simulated(cluster, Admission(cluster))
    request = Request("POST", FAULTS, (), body, None, None, SystemClock().now())
    answer = Control({"edge-1": simulated}).answer(request, address)
    assert answer.status == code
    assert bool(simulated.faults.current()) is (code == 200)


async def test_a_request_that_is_too_large_is_not_read(running: Running, clients: Clients) -> None:
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    answer = await clients.api(running.cluster("edge-1")).post(path, content=b" " * 2_000_000)
    assert answer.status_code == 413
