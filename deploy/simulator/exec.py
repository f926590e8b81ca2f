"""Commands in the pods of a simulated cluster, over the channels of a WebSocket.

As the real server does it: the first byte of a message is its channel, what a command came to is a
Status on channel 3 (k8s.io/kubelet's ``remotecommand`` and apiserver's ``util/remotecommand``).
"""

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from deploy.simulator import statuses
from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Pause, Request
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.objects import Json
from deploy.simulator.programs import Outcome, Place, run

EXEC = "pods/exec"
"""The resource, as a rule names it."""
SUBPROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDOUT, _STDERR, _STATUS = b"\x01", b"\x02", b"\x03"
_LARGEST = 32 * 1024
"""Bytes of output in one message."""
_STEPS_PER_SECOND = 10
_LINES = b"simulated\n" * 3000
"""What there is too much of, where that is the fault."""
_NO_STREAM = "you must specify at least 1 of stdin, stdout, stderr"


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent as soon as the WebSocket is open."""

    stdout: bytes | None
    """None: not wanted."""
    stderr: bytes | None
    status: bytes

    @property
    def output(self) -> tuple[tuple[bytes, bytes | None], ...]:
        """What is printed, by channel."""
        return (_STDOUT, self.stdout), (_STDERR, self.stderr)


def plan(cluster: Cluster, request: Request, namespace: str, name: str) -> Answer | Plan:
    """What a command in a pod comes to, or why it does not run; whoever asks may do so."""
    pod = next((each for each in cluster.pods(namespace) if each.name == name), None)
    if pod is None:
        return statuses.not_found("", "pods", name)
    query = request.query
    container = query.get("container") or pod.container
    if container != pod.container:
        return statuses.failure(400, f"container {container} is not valid for pod {name}")
    tty = _flag(query, "tty", usual=False)
    stdout = _flag(query, "stdout", usual=True)
    stderr = _flag(query, "stderr", usual=True) and not tty
    if not (stdout or stderr or _flag(query, "stdin", usual=False)):
        return statuses.failure(400, _NO_STREAM)
    if not request.commands or not request.commands[0]:
        return statuses.failure(400, "you must specify a command")
    outcome = run(Place(cluster, pod, request.now), request.commands)
    if tty:
        both = (outcome.stdout + outcome.stderr).replace("\n", "\r\n")
        outcome = Outcome(both, "", outcome.code)
    return Plan(
        outcome.stdout.encode() if stdout else None,
        outcome.stderr.encode() if stderr else None,
        msgspec.json.encode(_status(outcome.code, request.commands)),
    )


def negotiated(offered: Sequence[str]) -> str | None:
    """The first of the client's subprotocols that is known here."""
    return next((each for each in offered if each in SUBPROTOCOLS), None)


async def messages(made: Plan, fault: Fault, pause: Pause) -> AsyncIterator[bytes]:
    """Everything that is sent; before a reset that is half of the output, and no status."""
    # The real server tells so that it is connected, before there is any output.
    yield next((head for head, part in made.output if part is not None), _STATUS)
    for message in _messages(made, fault):
        slow = fault.kind is FaultKind.DRIP
        if not await pause((len(message) - 1) / fault.bytes_per_second if slow else 0):
            return
        yield message


def _messages(made: Plan, fault: Fault) -> Iterator[bytes]:
    match fault.kind:
        case FaultKind.HUGE:
            yield from itertools.repeat(_STDOUT + _LINES, -(-fault.size // len(_LINES)))
        case FaultKind.RESET:
            yield from (head + part[: len(part) // 2] for head, part in made.output if part)
            return
        case _:
            size = _LARGEST
            if fault.kind is FaultKind.DRIP:
                size = max(1, fault.bytes_per_second // _STEPS_PER_SECOND)
            for head, part in made.output:
                whole = part or b""
                yield from (head + whole[at : at + size] for at in range(0, len(whole), size))
    yield _STATUS + made.status


def _flag(query: Mapping[str, str], name: str, *, usual: bool) -> bool:
    """As the API server reads a truth value in a query."""
    return query[name].lower() not in {"0", "false"} if name in query else usual


def _status(code: int, command: Sequence[str]) -> Json:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    said = f"error executing command [{' '.join(command)}], exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {said}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
