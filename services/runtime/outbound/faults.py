"""Every way in which a request to the outside can fail, in words for whoever must mend it.

Certificates are told apart by OpenSSL's verification code, never by the text of an error. No text
of a library is repeated, as it may hold a header: a fault names the host, what happened, and what
to do.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum

import httpcore
import httpx

from services.runtime.outbound.network import RefusedAddress, Unresolved
from services.runtime.outbound.transport import BrokenAnswer, HungUp, NotHttp


class FaultKind(StrEnum):
    """What went wrong; the list is closed."""

    UNRESOLVED = "UNRESOLVED"
    REFUSED_ADDRESS = "REFUSED_ADDRESS"
    CONNECTION_REFUSED = "CONNECTION_REFUSED"
    UNREACHABLE = "UNREACHABLE"
    TIMEOUT = "TIMEOUT"
    TLS_UNKNOWN_CA = "TLS_UNKNOWN_CA"
    TLS_SELF_SIGNED = "TLS_SELF_SIGNED"
    TLS_EXPIRED = "TLS_EXPIRED"
    TLS_HOST_MISMATCH = "TLS_HOST_MISMATCH"
    TLS_OTHER = "TLS_OTHER"
    NOT_HTTP = "NOT_HTTP"
    RESET = "RESET"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_REDIRECTS = "TOO_MANY_REDIRECTS"
    OTHER = "OTHER"


class Fault(Exception):
    """A request had no usable answer: what happened, and what to do about it."""

    def __init__(self, kind: FaultKind, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.advice = advice or _ADVICE[kind]


_ADVICE = {
    FaultKind.UNRESOLVED: "check the host name, and that the platform's name service knows it",
    FaultKind.REFUSED_ADDRESS: "give an address of the cluster itself, or let an administrator"
    " allow this one",
    FaultKind.CONNECTION_REFUSED: "check the port, and that the service is running",
    FaultKind.UNREACHABLE: "check routes, firewalls and network policies between the platform and"
    " this host",
    FaultKind.TIMEOUT: "check the load of the service and the firewalls on the way, or allow more"
    " time",
    FaultKind.TLS_UNKNOWN_CA: "give the cluster's CA bundle with its credentials",
    FaultKind.TLS_SELF_SIGNED: "give this certificate as CA bundle with the cluster's credentials",
    FaultKind.TLS_EXPIRED: "renew the server's certificate, and check the clocks on both sides",
    FaultKind.TLS_HOST_MISMATCH: "use a host name that the certificate is for, or give that name"
    " as the server name",
    FaultKind.TLS_OTHER: "check that the server offers TLS 1.2 or newer, and which client"
    " certificate it asks for",
    FaultKind.NOT_HTTP: "check the port, and whether the URL must begin with https",
    FaultKind.RESET: "look into the log of the service and of the proxies before it",
    FaultKind.TOO_LARGE: "ask for less: a shorter time, fewer series, a lower limit",
    FaultKind.TOO_MANY_REDIRECTS: "give the URL that the redirects lead to",
    FaultKind.OTHER: "check the URL and the credentials of this cluster",
}

# openssl/x509_vfy.h, X509_V_ERR_*.
_VERIFY = {
    2: FaultKind.TLS_UNKNOWN_CA,  # UNABLE_TO_GET_ISSUER_CERT
    7: FaultKind.TLS_UNKNOWN_CA,  # CERT_SIGNATURE_FAILURE: another CA of the same name
    9: FaultKind.TLS_EXPIRED,  # CERT_NOT_YET_VALID
    10: FaultKind.TLS_EXPIRED,  # CERT_HAS_EXPIRED
    18: FaultKind.TLS_SELF_SIGNED,  # DEPTH_ZERO_SELF_SIGNED_CERT
    19: FaultKind.TLS_UNKNOWN_CA,  # SELF_SIGNED_CERT_IN_CHAIN
    20: FaultKind.TLS_UNKNOWN_CA,  # UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: FaultKind.TLS_UNKNOWN_CA,  # UNABLE_TO_VERIFY_LEAF_SIGNATURE
    27: FaultKind.TLS_UNKNOWN_CA,  # CERT_UNTRUSTED
    30: FaultKind.TLS_UNKNOWN_CA,  # AKID_SKID_MISMATCH
    62: FaultKind.TLS_HOST_MISMATCH,  # HOSTNAME_MISMATCH
    64: FaultKind.TLS_HOST_MISMATCH,  # IP_ADDRESS_MISMATCH
}
_NOT_YET = 9
_CERTIFICATE_TEXT = {
    FaultKind.TLS_UNKNOWN_CA: "the certificate of {} is from a CA that is not trusted",
    FaultKind.TLS_SELF_SIGNED: "the certificate of {} is signed by itself and not trusted",
    FaultKind.TLS_EXPIRED: "the certificate of {}, or of its CA, has expired",
    FaultKind.TLS_HOST_MISMATCH: "the certificate of {} is for another host name",
    FaultKind.TLS_OTHER: "the certificate of {} is not valid",
}
# Alerts of RFC 8446, section 6.2, by OpenSSL's mnemonic for them.
_CLIENT_CERTIFICATE = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
# The first that fits; what says nothing by itself, as a ConnectError, is asked for its cause.
_ERRORS: tuple[tuple[tuple[type[BaseException], ...], FaultKind, str], ...] = (
    (
        (Unresolved, socket.gaierror),
        FaultKind.UNRESOLVED,
        "the name of {} cannot be resolved",
    ),
    (
        (httpx.PoolTimeout, httpcore.PoolTimeout),
        FaultKind.TIMEOUT,
        "too many requests to {} wait for their answers",
    ),
    (
        (httpx.ConnectTimeout, httpcore.ConnectTimeout),
        FaultKind.TIMEOUT,
        "{} took no connection in time",
    ),
    (
        (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError),
        FaultKind.TIMEOUT,
        "{} did not answer in time",
    ),
    ((NotHttp,), FaultKind.NOT_HTTP, "what {} answered is not HTTP"),
    ((BrokenAnswer,), FaultKind.RESET, "the answer of {} broke off"),
    ((httpx.TooManyRedirects,), FaultKind.TOO_MANY_REDIRECTS, "{} redirects again and again"),
    ((ConnectionRefusedError,), FaultKind.CONNECTION_REFUSED, "{} refuses connections"),
    (
        (HungUp, httpcore.RemoteProtocolError),
        FaultKind.RESET,
        "{} closed the connection without an answer",
    ),
    # From `httpx` itself: a redirect to what is no URL, which it reads even if it does not follow.
    ((httpx.RemoteProtocolError,), FaultKind.NOT_HTTP, "what {} answered cannot be understood"),
    (
        (ConnectionError,),
        FaultKind.RESET,
        "{} cut the connection",
    ),
)
_UNREACHABLE = frozenset(
    {
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EACCES,  # A local firewall or network policy says no.
        errno.EPERM,
    }
)


def place(url: httpx.URL) -> str:
    """A URL as far as it may be told: its host, and the port if it has one."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return host if url.port is None else f"{host}:{url.port}"


def fault_of(error: BaseException, url: httpx.URL) -> Fault:
    """The fault behind an error of `httpx`, `httpcore`, `ssl` or the system, for this URL."""
    where = place(url)
    for link in _chain(error):
        if isinstance(link, Fault):
            return link
        found = _told_by(link, where)
        if found is not None:
            return found
    return Fault(FaultKind.OTHER, f"the request to {where} failed ({type(error).__name__})")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _told_by(error: BaseException, where: str) -> Fault | None:
    match error:
        case RefusedAddress():
            text = f"{where} is at {error.address}, {error.reason}, which is never connected to"
            return Fault(FaultKind.REFUSED_ADDRESS, text)
        case ssl.SSLCertVerificationError():
            return _certificate(error, where)
        case ssl.SSLError():
            return _tls(error, where)
        case _:
            return _listed(error, where) or _unreachable(error, where)


def _listed(error: BaseException, where: str) -> Fault | None:
    for errors, kind, text in _ERRORS:
        if isinstance(error, errors):
            return Fault(kind, text.format(where))
    return None


def _unreachable(error: BaseException, where: str) -> Fault | None:
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return Fault(FaultKind.UNREACHABLE, f"there is no way to {where}")
    return None


def _certificate(error: ssl.SSLCertVerificationError, where: str) -> Fault:
    kind = _VERIFY.get(error.verify_code, FaultKind.TLS_OTHER)
    if error.verify_code == _NOT_YET:
        return Fault(kind, f"the certificate of {where}, or of its CA, is not valid yet")
    return Fault(kind, _CERTIFICATE_TEXT[kind].format(where))


def _tls(error: ssl.SSLError, where: str) -> Fault:
    if error.reason in _CLIENT_CERTIFICATE:
        text = f"{where} wants a client certificate that it trusts"
        advice = "give a client certificate that is valid, and its key, with the credentials"
        return Fault(FaultKind.TLS_OTHER, text, advice)
    if error.reason in _NO_TLS:
        advice = "check the port, and whether the URL must begin with http"
        return Fault(FaultKind.TLS_OTHER, f"{where} does not speak TLS", advice)
    return Fault(FaultKind.TLS_OTHER, f"{where} and the platform could not agree on TLS")
