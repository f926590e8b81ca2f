"""Why a command in a pod was not run, in words: pure.

What a server says is looked at and never repeated. The texts are those of kube-apiserver, the
kubelet, containerd and CRI-O.
"""

import re
from dataclasses import dataclass

import msgspec

from services.runtime.kube.failures import ApiFailure, ApiFailureKind, no_kubernetes, of_status
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer


@dataclass(frozen=True, slots=True)
class PodContainer:
    """Where a command is run."""

    namespace: str
    pod: str
    container: str = ""
    """Empty: the only one."""

    @property
    def rights(self) -> str:
        """What it needs: a WebSocket is asked for with GET, and newer servers want ``create``."""
        return f"get and create pods/exec in {self.namespace}"

    def __str__(self) -> str:
        inside = f"container {self.container} of " if self.container else ""
        return f"{inside}pod {self.pod} in {self.namespace}"


class Unended(ApiFailure):
    """The command has not ended in time: it may still run there."""


class _Said(msgspec.Struct, frozen=True):
    kind: str = ""
    message: str = ""


_NO_PROGRAM = re.compile(
    r"executable file (not found|`)"  # runc; crun
    r'|exec: "[^"]*": stat [^:]*: no such file or directory'
)
_NO_WEBSOCKET = ("upgrade request required", "unable to upgrade")
_NO_CONTAINER = ("is not valid for pod", "a container name must be specified")
_NOT_RUNNING = (
    "container not found",
    "is not running",
    "not created or running",
    "container is in container_exited",
    "does not have a host assigned",
    "cannot exec into a container in a completed pod",
)
_NO_KUBELET = ("error dialing backend", "no agent available", "error sending request")


def missing_program(text: str) -> bool:
    """True if a failure means that the container has no such program."""
    return _NO_PROGRAM.search(text) is not None


def denied(where: PodContainer, answer: Answer) -> ApiFailure:
    """There was an answer, but no WebSocket."""
    if 200 <= answer.status < 300:
        return no_kubernetes("opens no WebSocket for a command", answer.status)
    if answer.status == 404 and _said(answer.body).kind == "Status":
        return _failure(
            ApiFailureKind.NOT_SERVED,
            f"the API server has no pod {where.pod} in {where.namespace} (404)",
            "it may have been replaced a moment ago; look again",
            answer.status,
        )
    found = _known(where, _said(answer.body).message, answer.status)
    return found or of_status(answer, where.rights)


def not_run(where: PodContainer, text: str) -> ApiFailure:
    """The WebSocket was opened, and then the command was not run."""
    return _known(where, text, None) or _failure(
        ApiFailureKind.FAILING,
        f"the command was not run in {where}",
        "look at the log of the kubelet on its node",
    )


def late(where: PodContainer, seconds: float) -> Unended:
    """The command goes on and on."""
    return Unended(
        ApiFailureKind.FAILING,
        f"the command in {where} has not ended within {seconds:g} s",
        "look at the load of its node, and whether the program hangs there; or allow more time",
    )


def broken_off(where: PodContainer) -> ApiFailure:
    """The connection was closed before it was told how the command has ended."""
    text = f"the answer of the command in {where} broke off"
    advice = "look at its node, and at the proxies before the API server"
    fault = Fault(FaultKind.RESET, text)
    return ApiFailure(ApiFailureKind.UNREACHABLE, text, advice, fault=fault)


def oversized(where: PodContainer, limit: int) -> ApiFailure:
    """It prints too much."""
    text = f"the command in {where} prints more than {limit} bytes"
    return _failure(ApiFailureKind.OVERSIZED, text, "have it print less")


def unclear() -> ApiFailure:
    """How the command has ended is told in a way that the API does not know."""
    return no_kubernetes("tells how a command has ended as no API server does", None)


def _known(where: PodContainer, text: str, status: int | None) -> ApiFailure | None:
    """The failure behind a text that is known."""
    for texts, what, advice in (
        (_NO_CONTAINER, f"there is no such container: {where}", "name a container of this pod"),
        (_NOT_RUNNING, f"it is not running: {where}", "look at why its container does not run"),
        (
            _NO_KUBELET,
            f"the API server does not reach the node of {where}",
            "look at the node, and at the way from the API server to its kubelet",
        ),
        (
            _NO_WEBSOCKET,
            "the API server got a request without its upgrade to a WebSocket",
            "let the proxy before the API server pass WebSockets on",
        ),
    ):
        if _means(text, texts):
            return _failure(ApiFailureKind.FAILING, what, advice, status)
    return None


def _means(text: str, texts: tuple[str, ...]) -> bool:
    lowered = text.lower()
    return any(each in lowered for each in texts)


def _said(body: bytes) -> _Said:
    try:
        return msgspec.json.decode(body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Said(message=body.decode(errors="replace"))


def _failure(kind: ApiFailureKind, text: str, advice: str, status: int | None = None) -> ApiFailure:
    return ApiFailure(kind, text, advice, status=status)
