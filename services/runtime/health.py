"""Health of a process: named checks, and a small HTTP door for parts that have no other."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.runtime import metrics

_HEAD_LIMIT = 16 * 1024
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one component; ``detail`` says more where there is more to say."""

    ready: bool
    detail: str = ""


@dataclass
class Health:
    """The checks of a process."""

    part: str
    checks: dict[str, Callable[[], Finding]] = field(
        default_factory=dict[str, Callable[[], Finding]]
    )

    def findings(self) -> tuple[bool, dict[str, Finding]]:
        """Whether everything is ready, and the state of each component."""
        found = {name: _outcome(check) for name, check in self.checks.items()}
        return all(finding.ready for finding in found.values()), found

    def report(self) -> tuple[bool, dict[str, Any]]:
        """The same as people are told it."""
        ready, found = self.findings()
        return ready, {"part": self.part, "ready": ready, "checks": told(found)}

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path of the health door."""
        match path:
            case "/health":
                return 200, "application/json", b'{"status":"alive"}'
            case "/ready" | "/health/detailed":
                ready, report = self.report()
                status = 200 if ready or path == "/health/detailed" else 503
                return status, "application/json", msgspec.json.encode(report)
            case "/metrics":
                return 200, "text/plain; version=0.0.4", metrics.exposition()
            case _:
                return 404, "application/json", b'{"status":"not found"}'

    def _answer(self, head: bytes) -> tuple[int, str, bytes]:
        match head.partition(b"\r\n")[0].split(b" "):
            case [b"GET", target, _]:
                return self.answer(target.decode("latin-1").partition("?")[0])
            case [_, _, _]:
                return 405, "application/json", b'{"status":"only GET"}'
            case _:
                return 400, "application/json", b'{"status":"not HTTP"}'

    async def serve(self, port: int, host: str = "127.0.0.1") -> asyncio.Server:
        """Answer GET on ``port``: /health, /ready, /health/detailed and /metrics, nothing else."""
        return await asyncio.start_server(self._client, host, port, limit=_HEAD_LIMIT)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self._answer(head)
                writer.write(
                    f"HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\n"
                    f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        finally:
            writer.close()


def told(findings: Mapping[str, Finding]) -> dict[str, Any]:
    """Findings as JSON shows them: a detail only where there is one."""
    return {
        name: {"ready": finding.ready} | ({"detail": finding.detail} if finding.detail else {})
        for name, finding in findings.items()
    }


def _outcome(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - what cannot be checked is not ready
        return Finding(ready=False, detail=f"cannot be checked: {type(error).__name__}")
