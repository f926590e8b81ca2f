"""Runs a command in a pod, over the API server's WebSocket.

Sources: ``connect GET requests to exec of Pod`` in the reference of the Kubernetes API, and the
subprotocols ``v5.channel.k8s.io`` and ``v4.channel.k8s.io`` as k8s.io/apimachinery's
``pkg/util/remotecommand`` and KEP-4006 describe them: the first byte of a message is its channel,
and how the command has ended is a ``Status`` in JSON on a channel of its own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
import msgspec

from services.runtime.kube import exec_failures
from services.runtime.kube.exec_failures import PodContainer
from services.runtime.kube.failures import no_kubernetes, of_fault
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.websocket import Denied, Ended, Opening, Oversized, Socket, connected

__all__ = ["NO_SUCH_PROGRAM", "Outcome", "PodContainer", "run"]

NO_SUCH_PROGRAM = 127
"""The exit code if there is no such program, in whichever way the container's runtime says so."""

_SUBPROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STATUS_BYTES = 64 * 1024
_EXITED = "NonZeroExitCode"
_EXIT_CODE = "ExitCode"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has printed, and how it has ended."""

    stdout: bytes
    stderr: bytes
    code: int
    """0: well."""


class _Cause(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, frozen=True):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct, frozen=True):
    """What is of interest of a ``meta/v1`` Status."""

    status: str
    reason: str = ""
    message: str = ""
    details: _Details | None = None


@dataclass
class _Running:
    """One command."""

    where: PodContainer
    limit: int
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    async def end(self, socket: Socket, ends: float) -> Outcome | None:
        """Take in what comes until the command has ended; None if it has not by then."""
        while True:
            message = await socket.receive(ends - _now())
            if message is None:
                return None
            if not message:
                continue
            match message[0]:
                case 1:  # What it prints.
                    self._take(self.stdout, message)
                case 2:  # And its complaints.
                    self._take(self.stderr, message)
                case 3 if len(message) > 1:  # How it has ended.
                    return self._outcome(message[1:])
                case _:
                    continue  # That a channel is closed (v5), and that one is open.

    def _take(self, channel: bytearray, message: bytes) -> None:
        channel += memoryview(message)[1:]
        if len(self.stdout) + len(self.stderr) > self.limit:
            raise exec_failures.oversized(self.where, self.limit)

    def _outcome(self, told: bytes) -> Outcome:
        try:
            status = msgspec.json.decode(told, type=_Status)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise exec_failures.unclear() from None
        return Outcome(bytes(self.stdout), bytes(self.stderr), self._code(status))

    def _code(self, status: _Status) -> int:
        if status.status == "Success":
            return 0
        if status.reason == _EXITED:
            return _exit_code(status)
        if exec_failures.missing_program(status.message):
            return NO_SUCH_PROGRAM
        raise exec_failures.not_run(self.where, status.message)


async def run(
    client: httpx.AsyncClient,
    where: PodContainer,
    command: Sequence[str],
    *,
    seconds: float,
    limit: int,
) -> Outcome:
    """What a command in a running pod prints until it ends; nothing is typed to it.

    It is run as it is, by no shell. ApiFailure if it cannot be run, has not ended within these
    seconds, or prints more than ``limit`` bytes; a command that ends badly is an Outcome.
    """
    ends = _now() + seconds
    try:
        async with connected(client, _opening(where, command, limit), seconds=seconds) as socket:
            if socket.subprotocol not in _SUBPROTOCOLS:
                raise no_kubernetes("speaks no protocol for commands that is known here", None)
            outcome = await _Running(where, limit).end(socket, ends)
    except Denied as denied:
        raise exec_failures.denied(where, denied.answer) from None
    except Ended:
        raise exec_failures.broken_off(where) from None
    except Oversized:
        raise exec_failures.oversized(where, limit) from None
    except Fault as fault:
        raise of_fault(fault) from None
    if outcome is None:
        raise exec_failures.late(where, seconds)
    return outcome


def _opening(where: PodContainer, command: Sequence[str], limit: int) -> Opening:
    space, pod = quote(where.namespace, safe=""), quote(where.pod, safe="")
    params = [("command", word) for word in command]
    if where.container:
        params.append(("container", where.container))
    return Opening(
        f"api/v1/namespaces/{space}/pods/{pod}/exec",
        [*params, ("stdout", "1"), ("stderr", "1")],
        subprotocols=_SUBPROTOCOLS,
        largest=limit + _STATUS_BYTES,
    )


def _exit_code(status: _Status) -> int:
    causes = status.details.causes if status.details is not None else None
    for cause in causes or ():
        if cause.reason == _EXIT_CODE and cause.message.isascii() and cause.message.isdecimal():
            return int(cause.message[:10])
    raise exec_failures.unclear()


def _now() -> float:
    return asyncio.get_running_loop().time()
