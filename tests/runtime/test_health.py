"""The health door: four paths, short answers, and no patience with anybody else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.runtime import health as health_module
from services.runtime.health import Finding, Health

pytestmark = pytest.mark.anyio


def _broken() -> Finding:
    raise RuntimeError("no idea")


@pytest.fixture
def health() -> Health:
    return Health("workers", {"bus": lambda: Finding(ready=True)})


@pytest.fixture
async def door(health: Health) -> AsyncGenerator[int]:
    server = await health.serve(0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def _send(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
        await writer.wait_closed()


async def _get(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    head, _, body = (
        await _send(port, f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    ).partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name: value for name, _, value in (field.partition(": ") for field in fields)}
    return int(line.split()[1]), headers, body


async def test_alive_is_told_whatever_the_checks_say(health: Health, door: int) -> None:
    health.checks["bus"] = lambda: Finding(ready=False)
    status, headers, body = await _get(door, "/health")
    assert (status, json.loads(body)) == (200, {"status": "alive"})
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(body)


async def test_ready_is_every_check(health: Health, door: int) -> None:
    assert (await _get(door, "/ready"))[0] == 200
    health.checks["projection.fleet"] = lambda: Finding(ready=False, detail="unknown event")
    status, _, body = await _get(door, "/ready")
    assert status == 503
    assert json.loads(body) == {
        "part": "workers",
        "ready": False,
        "checks": {
            "bus": {"ready": True},
            "projection.fleet": {"ready": False, "detail": "unknown event"},
        },
    }


async def test_details_are_told_also_when_it_is_not_ready(health: Health, door: int) -> None:
    health.checks["bus"] = lambda: Finding(ready=False, detail="not connected")
    status, _, body = await _get(door, "/health/detailed?verbose=1")
    assert status == 200
    assert json.loads(body)["checks"]["bus"]["detail"] == "not connected"


async def test_a_check_that_fails_is_not_ready(health: Health, door: int) -> None:
    health.checks["odd"] = _broken
    status, _, body = await _get(door, "/ready")
    assert status == 503
    told: dict[str, Any] = json.loads(body)["checks"]["odd"]
    assert told == {"ready": False, "detail": "cannot be checked: RuntimeError"}


async def test_metrics_are_in_the_text_format(door: int) -> None:
    status, headers, body = await _get(door, "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"# HELP aiops_dead_letters_total " in body


@pytest.mark.parametrize("path", ["/", "/metrics/", "//health", "/../health", "/%68ealth", "*"])
async def test_there_is_nothing_else(door: int, path: str) -> None:
    assert (await _get(door, path))[0] == 404


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST /health HTTP/1.1", b"405"),
        (b"DELETE /metrics HTTP/1.1", b"405"),
        (b"get /health HTTP/1.1", b"405"),
        (b"GET /health", b"400"),
        (b"GET", b"400"),
        (b"", b"400"),
        (b"GET  /health HTTP/1.1", b"400"),
        (b"\xff\xfe\x00", b"400"),
        (b"GET /\xff HTTP/1.1", b"404"),
    ],
)
async def test_odd_requests_get_a_plain_refusal(
    door: int, request_line: bytes, status: bytes
) -> None:
    answer = await _send(door, request_line + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("size", [20_000, 2_000_000])
async def test_an_endless_head_is_cut_off(door: int, size: int) -> None:
    try:
        answer = await _send(door, b"GET /health HTTP/1.1\r\nx: " + b"a" * size)
    except ConnectionError:
        answer = b""
    assert answer == b""
    assert (await _get(door, "/health"))[0] == 200


async def test_who_says_nothing_is_hung_up_on(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "_PATIENCE", 0.1)
    assert await _send(door, b"GET /health HTTP/1.1\r\n") == b""


async def test_who_goes_away_disturbs_nobody(door: int) -> None:
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", door)
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        writer.transport.abort()
    assert (await _get(door, "/health"))[0] == 200
