"""What a backend's bad answer means for whoever has asked: pure."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from services.runtime.outbound.faults import Fault, FaultKind

SPOKEN = {
    Checked.PROMETHEUS: "Prometheus",
    Checked.TEMPO: "Tempo",
    Checked.LOKI: "Loki",
    Checked.ALERTMANAGER: "Alertmanager",
    Checked.KORREL8R: "Korrel8r",
}
_INVALID = {
    Checked.PROMETHEUS: Code.INVALID_PROMQL,
    Checked.TEMPO: Code.INVALID_TRACEQL,
    Checked.LOKI: Code.INVALID_LOGQL,
    Checked.ALERTMANAGER: Code.VALIDATION_FAILED,
    Checked.KORREL8R: Code.VALIDATION_FAILED,
}
_MAY = {Checked.ALERTMANAGER: "read its alerts, and read and write its silences"}
"""What a login has to be good for, where that is more than reading."""
_NOT_UNDERSTOOD = frozenset({FaultKind.NOT_HTTP, FaultKind.TOO_MANY_REDIRECTS})
_OVER = (
    "too many samples",
    "exceeded maximum resolution",
    "maximum of series",
    "too many bytes",
    "entries limit",
)
"""Texts of backends that mean: ask for less (Prometheus, Thanos, Loki)."""
_NO_TLS = "HTTP request to an HTTPS server"
"""Go's words, in a plain answer, where TLS was expected."""
_GAVE_UP = frozenset({"timeout", "canceled"})
_LONGEST = 300
_READ = 4096
_LONGEST_WAIT = 3600


class Failing(Refused):
    """The backend is not there or not well, as opposed to one that has said no."""


class Unsaid(Refused):
    """Nothing can be concluded about the backend."""


class _Said(msgspec.Struct, frozen=True):
    """The error of Prometheus' HTTP API, which the others share in part."""

    error: str = ""
    errorType: str = ""  # noqa: N815 - its name on the wire
    message: str = ""


def of_fault(which: Checked, fault: Fault, *, conclusive: bool = True) -> Refused:
    """What is said of a request without an answer.

    Not ``conclusive``: there was so little time that a timeout says nothing about the backend.
    """
    text = f"{SPOKEN[which]}: {fault.message}; {fault.advice}"
    if fault.kind is FaultKind.TOO_LARGE:
        return Refused(Code.LIMIT_REACHED, text)
    if fault.kind.name.startswith("TLS_"):
        return Refused(Code.CREDENTIALS_INVALID, text)
    if fault.kind is FaultKind.TIMEOUT:
        return (Failing if conclusive else Unsaid)(Code.QUERY_TIMEOUT, text)
    mistaken = fault.kind in _NOT_UNDERSTOOD
    return Failing(Code.UPSTREAM_FAILED if mistaken else Code.CLUSTER_UNREACHABLE, text)


def of_status(
    which: Checked, status: int, headers: httpx.Headers, body: bytes, now: datetime
) -> Refused:
    """What is said of an answer that is none of the good ones."""
    spoken, said = SPOKEN[which], _said(headers, body)
    if said.errorType:
        return of_error(which, said.errorType, said.error, status)
    match status:
        case 400 | 422:
            return _not_understood(which, status, said.error, page_instead=is_page(headers, body))
        case 401 | 403:
            may = _MAY.get(which, "read it")
            text = f"{spoken} answered {status}; give a login that may {may}"
            return Refused(Code.CREDENTIALS_INVALID, text)
        case 429:
            seconds = _retry_after(headers.get("retry-after", ""), now)
            text = f"{spoken} answered 429: it is asked too often; ask again in {seconds} s"
            return Refused(Code.RATE_LIMITED, text, {"retry_after": seconds})
        case _:
            code = Code.QUERY_TIMEOUT if status == 504 else Code.UPSTREAM_FAILED
            return Failing(code, f"{spoken} answered {status}; {_advice(status)}")


def of_error(which: Checked, kind: str, message: str, status: int = 200) -> Refused:
    """What is said of an error in words: Prometheus' ``errorType`` and ``error``."""
    spoken = SPOKEN[which]
    text = cleaned(message) or cleaned(kind)
    if status == 429:
        return Refused(Code.RATE_LIMITED, f"{spoken}: {text}", {"retry_after": 1})
    if status in {401, 403}:
        return Refused(Code.CREDENTIALS_INVALID, f"{spoken}: {text}; give a login that may read it")
    if kind in _GAVE_UP:
        return Refused(Code.QUERY_TIMEOUT, f"{spoken} gave up: {text}; ask for less")
    if kind in {"bad_data", "execution"}:
        return _about_the_question(which, text)
    return Failing(Code.UPSTREAM_FAILED, f"{spoken}: {text}; look into its log")


def broken(which: Checked, what: str = "") -> Failing:
    """An answer that is not what the backend's API says; `what` says how."""
    text = f"what {SPOKEN[which]} answered is not of its API{what and f' ({what})'}"
    advice = "check the URL, and the proxies before it"
    return Failing(Code.UPSTREAM_FAILED, f"{text}; {advice}")


def is_page(headers: httpx.Headers, body: bytes) -> bool:
    """True for a web page where JSON should be: a login page, most often."""
    told = headers.get("content-type", "").partition(";")[0].strip().lower()
    return told == "text/html" or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def no_path(which: Checked, body: bytes) -> Failing | None:
    """A 404 that is about the path itself, and not about what was asked for."""
    if b"page not found" not in body[:_READ]:
        return None
    return Failing(Code.UPSTREAM_FAILED, f"{SPOKEN[which]} answered 404; {_advice(404)}")


def page(which: Checked) -> Failing:
    """What is said of one."""
    text = f"{SPOKEN[which]} answered with a web page instead of JSON"
    return Failing(Code.UPSTREAM_FAILED, f"{text}; check the URL: a login page may be before it")


def cleaned(text: str) -> str:
    """A backend's own words as they may be shown: printable, on one line, not too many."""
    printable = "".join(each if each.isprintable() else " " for each in text[: 4 * _LONGEST])
    return " ".join(printable.split())[:_LONGEST]


def _not_understood(which: Checked, status: int, text: str, *, page_instead: bool) -> Refused:
    if page_instead:
        return page(which)
    if _NO_TLS in text:
        told = f"{SPOKEN[which]} speaks TLS on this port; give a URL that begins with https"
        return Failing(Code.UPSTREAM_FAILED, told)
    if which is Checked.PROMETHEUS:
        return broken(which, f"status {status}")  # It always says of what type an error is.
    return _about_the_question(which, text or f"{SPOKEN[which]} answered {status}")


def _about_the_question(which: Checked, text: str) -> Refused:
    over = any(each in text for each in _OVER)
    code = Code.LIMIT_REACHED if over else _INVALID.get(which, Code.UPSTREAM_FAILED)
    return Refused(code, f"{SPOKEN[which]}: {cleaned(text)}")


def _said(headers: httpx.Headers, body: bytes) -> _Said:
    if is_page(headers, body):
        return _Said()
    try:
        said = msgspec.json.decode(body, type=_Said | str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Said(error=cleaned(body[:_READ].decode(errors="replace")))
    if isinstance(said, str):
        return _Said(error=cleaned(said))
    return _Said(cleaned(said.error or said.message), said.errorType)


def _retry_after(told: str, now: datetime) -> int:
    """Seconds, from seconds or a date (RFC 9110, section 10.2.3); 1 if it says nothing sensible."""
    try:
        seconds = float(told) if told.strip().isdecimal() else _until(told, now)
    except (ValueError, TypeError, OverflowError):
        return 1
    return int(min(max(seconds, 1), _LONGEST_WAIT))


def _until(told: str, now: datetime) -> float:
    return (parsedate_to_datetime(told) - now).total_seconds()


def _advice(status: int) -> str:
    match status:
        case 404:
            return "check the URL: its API is not below it"
        case 504:
            return "ask for less, or look at what stands before it"
        case _ if 300 <= status < 400:
            return "give the URL that it redirects to, or a login if that is a login page"
        case _:
            return "look at its pods and their logs"
