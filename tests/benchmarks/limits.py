"""What rate limits and authorisation add to one request, in this process."""

import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from litestar import Litestar, Response, get
from litestar.di import Provide
from pydantic import SecretStr

from gateway.auth.credentials import credentials
from gateway.auth.guards import READERS, Mine, admit, mine
from gateway.limits.classes import asker
from gateway.limits.limiter import Limiter
from services.runtime import database
from services.runtime.access import Access, TokenRequest
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.principals import Principal, Role
from services.runtime.settings import DatabaseSettings
from services.runtime.settings_limits import LimitsSettings
from tests.benchmarks.kit import Figure, Options, at_most, log, median, number
from tests.kit.embedded import running_postgres

_BENCH = "limits"
_ROUNDS, _CLUSTERS, _TOKENS = 9, 100, 1000
_PATHS = {"a read": "/api/v1/alerts", "a query of metrics": "/api/v1/metrics/query"}

Step = Callable[[], Awaitable[None]]


async def measure(options: Options) -> list[Figure]:
    """Both in turn with what is the least that could be done; medians of rounds."""
    count = options.pick(20_000, 1_000)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiops-bench-")))
        postgres = stack.enter_context(running_postgres(directory / "postgres"))
        settings = DatabaseSettings(url=SecretStr(postgres.url))
        await database.migrate(settings)
        where = Database(settings, "benchmark")
        await where.open()
        try:
            access = Access(where, SystemClock())
            figures = [await _authorisation(access, count // 4)]
        finally:
            await where.close()
    return [*[await _limiter(name, path, count) for name, path in _PATHS.items()], *figures]


async def _limiter(name: str, path: str, count: int) -> Figure:
    """Of a thousand tokens in turn, against one bucket that is looked up and counted down."""
    limiter = Limiter(LimitsSettings(**_wide()), SystemClock())
    principal = Principal.of("bench", Role.VIEWER)
    secrets = [f"aiops_{number:043}" for number in range(_TOKENS)]
    buckets = dict.fromkeys(secrets, (float("inf"), 0.0))
    at = 0

    async def ours() -> None:
        nonlocal at
        at = (at + 1) % _TOKENS
        decision = limiter.ask(asker(principal, secrets[at], "10.0.0.1"), "POST", path)
        assert decision is not None
        assert decision.allowed
        assert decision.headers

    async def least() -> None:
        nonlocal at
        at = (at + 1) % _TOKENS
        level, _ = buckets[secrets[at]]
        buckets[secrets[at]] = level - 1, time.monotonic()

    taken = await _in_turn({"ours": ours, "raw": least}, count)
    note = f"digest of the token, buckets, headers; raw: one entry of a dictionary, {_TOKENS} keys"
    return _figure(f"limiter, {name}", taken["ours"], taken["raw"], 50, note)


def _wide() -> dict[str, Any]:
    told = LimitsSettings.model_fields
    return {name: 1_000_000 for name in told if name.endswith(("_second", "_minute", "_burst"))}


async def _authorisation(access: Access, count: int) -> Figure:
    """Of a token for a hundred clusters, by routes that differ in nothing else."""
    request = TokenRequest("bench", Role.VIEWER, tuple(new_id() for _ in range(_CLUSTERS)))
    _, token = await access.mint_token(request)
    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]

    @get("/guarded", opt=READERS)
    async def guarded(mine: Mine) -> Response[bytes]:
        return Response(b"%d" % len(mine.narrow()))

    @get("/open")
    async def unguarded() -> Response[bytes]:
        return Response(b"%d" % _CLUSTERS)

    own = {"mine": Provide(mine, sync_to_thread=False)}
    ours = Litestar([guarded], guards=[admit], dependencies=own, openapi_config=None)
    raw = Litestar([unguarded], openapi_config=None)

    async def with_it() -> None:
        secret = credentials(dict(headers), "GET")
        assert secret is not None
        principal = await access.principal(secret)
        await _ask(ours, "/guarded", headers, {"principal": principal})

    async def without() -> None:
        await _ask(raw, "/open", headers, {})

    taken = await _in_turn({"ours": with_it, "raw": without}, count)
    added = taken["ours"] - taken["raw"]
    note = f"a request of {number(taken['ours'])} µs; raw: the same without login, guard and scope"
    return _figure("authorisation adds", added, taken["raw"], 300, note)


async def _ask(app: Litestar, path: str, headers: Any, state: Mapping[str, Any]) -> None:
    """One request, straight to the application; RuntimeError unless it is answered well."""
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": headers, "client": None, "server": None, "state": {**state},
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, cast("Any", receive), cast("Any", send))
    if statuses != [200]:
        raise RuntimeError(f"{path} was answered {statuses}")


async def _in_turn(contenders: Mapping[str, Step], count: int) -> dict[str, float]:
    """Microseconds that each takes once: the median of rounds, after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for step in contenders.values():
        await _times(step, count)
    for _ in range(_ROUNDS):
        for name, step in contenders.items():
            taken[name].append(await _times(step, count))
    return {name: median(rounds) for name, rounds in taken.items()}


async def _times(step: Step, count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        await step()
    return (time.perf_counter() - started) / count * 1e6


def _figure(name: str, ours: float, raw: float, most: float, note: str) -> Figure:
    log(f"{name}: {number(ours)} µs, raw {number(raw)} µs")
    return Figure(_BENCH, name, ours, "µs", (at_most(most),), raw, note)
