"""Every way in which a cluster's API server can fail us, in words for whoever must mend it.

Nothing that a server says is repeated: it may be anything, our own token too.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer


class ApiFailureKind(StrEnum):
    """What went wrong; the list is closed."""

    UNREACHABLE = "UNREACHABLE"
    """No connection, no such name, no answer in time, or one that broke off."""
    UNTRUSTED = "UNTRUSTED"
    """TLS or a certificate, theirs or ours."""
    REFUSED_ADDRESS = "REFUSED_ADDRESS"
    """An address that is never connected to."""
    UNAUTHORIZED = "UNAUTHORIZED"
    """The credentials are not, or no longer, good: 401."""
    FORBIDDEN = "FORBIDDEN"
    """The credentials are good, but a right is missing: 403."""
    NOT_KUBERNETES = "NOT_KUBERNETES"
    """Whatever answered, it is no API server."""
    NOT_SERVED = "NOT_SERVED"
    """The API server has no such thing: 404."""
    FAILING = "FAILING"
    """It refuses or cannot do what was asked: 5xx, 429, and requests that it does not take."""
    OVERSIZED = "OVERSIZED"
    """The answer is too large to be taken in."""


class UnreadablePage(ValueError):
    """A page is not the list that it should be."""


class ApiFailure(Exception):
    """An answer that is of no use: what happened, and what to do about it; never with a secret."""

    def __init__(
        self,
        kind: ApiFailureKind,
        message: str,
        advice: str | None = None,
        *,
        status: int | None = None,
        fault: Fault | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.advice = advice or _ADVICE[kind]
        self.status = status
        """Of HTTP, where there was one."""
        self.fault = fault
        self.retry_after: float | None = None
        """Seconds for which the server wants no request."""

    @property
    def answered(self) -> bool:
        """True if something at that address spoke HTTP to us."""
        return self.status is not None or self.kind is ApiFailureKind.OVERSIZED

    @property
    def passing(self) -> bool:
        """True if the same request may well succeed in a moment."""
        if self.kind is ApiFailureKind.FAILING:
            return self.status is not None and (self.status == 429 or self.status >= 500)
        return self.kind is ApiFailureKind.UNREACHABLE and self.fault is not None


_ADVICE = {
    ApiFailureKind.UNREACHABLE: "check the way to the API server and its load, or allow more time",
    ApiFailureKind.UNTRUSTED: "give the cluster's CA bundle with its credentials",
    ApiFailureKind.REFUSED_ADDRESS: "give the address of the API server itself",
    ApiFailureKind.UNAUTHORIZED: "give new credentials: the token or certificate is wrong, expired,"
    " or of an account that is gone",
    ApiFailureKind.FORBIDDEN: "give the account a role that allows it, with a ClusterRoleBinding",
    ApiFailureKind.NOT_KUBERNETES: "give the URL of the API server itself, often on port 6443, not"
    " that of a console or login page",
    ApiFailureKind.NOT_SERVED: "check what is installed in the cluster, and the path in its URL",
    ApiFailureKind.FAILING: "look at the load and the log of the API server",
    ApiFailureKind.OVERSIZED: "check that the URL leads to the API server, and not to something"
    " that answers without end",
}

# What is not named here could not be reached, for one reason or another.
_KINDS = {
    FaultKind.REFUSED_ADDRESS: ApiFailureKind.REFUSED_ADDRESS,
    FaultKind.TLS_UNKNOWN_CA: ApiFailureKind.UNTRUSTED,
    FaultKind.TLS_SELF_SIGNED: ApiFailureKind.UNTRUSTED,
    FaultKind.TLS_EXPIRED: ApiFailureKind.UNTRUSTED,
    FaultKind.TLS_HOST_MISMATCH: ApiFailureKind.UNTRUSTED,
    FaultKind.TLS_OTHER: ApiFailureKind.UNTRUSTED,
    FaultKind.NOT_HTTP: ApiFailureKind.NOT_KUBERNETES,
    FaultKind.TOO_MANY_REDIRECTS: ApiFailureKind.NOT_KUBERNETES,
    FaultKind.TOO_LARGE: ApiFailureKind.OVERSIZED,
}
_HEADS = {
    ApiFailureKind.UNREACHABLE: "cannot be reached",
    ApiFailureKind.UNTRUSTED: "cannot be trusted",
    ApiFailureKind.REFUSED_ADDRESS: "must not be asked",
    ApiFailureKind.NOT_KUBERNETES: "is none",
    ApiFailureKind.OVERSIZED: "says too much",
}
# Where a fault's own advice is about something else.
_OWN_ADVICE = frozenset({ApiFailureKind.OVERSIZED})
_SECONDS = re.compile(r"[0-9]{1,6}")


def of_fault(fault: Fault) -> ApiFailure:
    """The failure of a request that had no whole answer."""
    kind = _KINDS.get(fault.kind, ApiFailureKind.UNREACHABLE)
    advice = None if kind in _OWN_ADVICE else fault.advice
    text = f"the API server {_HEADS[kind]}: {fault.message}"
    return ApiFailure(kind, text, advice, fault=fault)


def of_status(answer: Answer, doing: str) -> ApiFailure:
    """The failure of a request that was answered by anything but 200 or 201."""
    status = answer.status
    kind = _kind_of(answer)
    failure = ApiFailure(kind, f"the API server {_said(kind, status, doing)}", status=status)
    after = answer.headers.get("retry-after", "").strip()
    # A date, which HTTP allows too, is what no API server sends.
    failure.retry_after = float(after) if _SECONDS.fullmatch(after) else None
    return failure


def no_kubernetes(what: str, status: int | None = 200) -> ApiFailure:
    """The failure of a request that was answered, and with something else."""
    text = f"the API server {what}"
    return ApiFailure(ApiFailureKind.NOT_KUBERNETES, text, status=status)


@dataclass(frozen=True, slots=True)
class _Status:
    """What an API server says with an error, as far as it tells one from anything else."""

    kind: str
    code: int


def _kind_of(answer: Answer) -> ApiFailureKind:
    match answer.status:
        case 401:
            return ApiFailureKind.UNAUTHORIZED
        case 403:
            return ApiFailureKind.FORBIDDEN
        case 404:
            return ApiFailureKind.NOT_SERVED
        case status if status == 429 or status >= 500 or _is_status(answer.body):
            return ApiFailureKind.FAILING
        case _:
            return ApiFailureKind.NOT_KUBERNETES


def _is_status(body: bytes) -> bool:
    try:
        return msgspec.json.decode(body, type=_Status).kind == "Status"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _said(kind: ApiFailureKind, status: int, doing: str) -> str:
    match kind:
        case ApiFailureKind.UNAUTHORIZED:
            return "does not take the credentials (401)"
        case ApiFailureKind.FORBIDDEN:
            return f"does not allow: {doing} (403)"
        case ApiFailureKind.NOT_SERVED:
            return f"does not serve: {doing} (404)"
        case _ if 300 <= status < 400:
            return f"redirects to somewhere else ({status})"
        case _:
            return f"answered {status} to: {doing}"
