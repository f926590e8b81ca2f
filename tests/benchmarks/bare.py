"""A bare ASGI application that answers with what one SQL statement gives: no framework, no login.

Run as ``python -m tests.benchmarks.bare PORT``; URL, SQL and parameters come as JSON on its
standard input.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from services.runtime.settings import DatabaseSettings
from tests.benchmarks.kit import calm_collector

Messages = Callable[[dict[str, Any]], Awaitable[None]]


class Asked(msgspec.Struct):
    """What is to be answered with."""

    url: str
    sql: str
    parameters: list[Any]


class Application:
    """Every request is the same statement."""

    def __init__(self, asked: Asked) -> None:
        self._sql = asked.sql.encode()
        self._parameters = asked.parameters
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            asked.url,
            min_size=1,
            max_size=DatabaseSettings().pool_size,
            open=False,
            kwargs={"autocommit": True},
        )

    async def __call__(self, scope: dict[str, Any], receive: object, send: Messages) -> None:
        if self._pool.closed:
            await self._pool.open()
        async with self._pool.connection() as connection:
            row = await (await connection.execute(self._sql, self._parameters)).fetchone()
        body = row[0].encode() if row else b""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until the end of the benchmark."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    calm_collector()
    uvicorn.run(
        Application(asked),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main()
