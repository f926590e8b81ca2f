"""What the errors of libraries and of the system mean."""

import errno
import socket

import httpcore
import httpx
import pytest

from services.runtime.outbound.faults import Fault, FaultKind, fault_of, place

URL = httpx.URL("https://user:password@api.test:6443/path?token=secret")


def caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.EHOSTUNREACH, "x"), FaultKind.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "x"), FaultKind.UNREACHABLE),
        (OSError(errno.EPERM, "x"), FaultKind.UNREACHABLE),
        (OSError(errno.ECONNREFUSED, "x"), FaultKind.CONNECTION_REFUSED),
        (OSError(errno.ECONNRESET, "x"), FaultKind.RESET),
        (OSError(errno.EPIPE, "x"), FaultKind.RESET),
        (OSError(errno.ETIMEDOUT, "x"), FaultKind.TIMEOUT),
        (OSError(errno.EMFILE, "x"), FaultKind.OTHER),
        (socket.gaierror(socket.EAI_AGAIN, "x"), FaultKind.UNRESOLVED),
        (httpcore.PoolTimeout(), FaultKind.TIMEOUT),
        (httpx.ConnectTimeout("x"), FaultKind.TIMEOUT),
        (httpx.WriteTimeout("x"), FaultKind.TIMEOUT),
        (httpx.TooManyRedirects("x"), FaultKind.TOO_MANY_REDIRECTS),
        (httpx.UnsupportedProtocol("x"), FaultKind.OTHER),
        (ValueError("x"), FaultKind.OTHER),
    ],
)
def test_an_error_is_told_by_its_kind_wherever_it_lies(error: Exception, kind: FaultKind) -> None:
    assert fault_of(error, URL).kind is kind
    wrapped = caused(httpx.ConnectError("x"), caused(httpcore.ConnectError("x"), error))
    assert fault_of(wrapped, URL).kind is kind


def test_a_fault_names_the_host_and_nothing_else_of_the_url() -> None:
    found = fault_of(httpx.ReadTimeout("secret"), URL)
    assert found.message == "api.test:6443 did not answer in time"
    assert "secret" not in fault_of(ValueError("secret"), URL).message
    assert place(httpx.URL("https://[::1]:6443/x")) == "[::1]:6443"
    assert place(httpx.URL("https://api.test")) == "api.test"


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_says_what_to_do(kind: FaultKind) -> None:
    found = Fault(kind, "it failed")
    assert (str(found), found.message, bool(found.advice)) == ("it failed", "it failed", True)


def test_a_fault_stays_what_it_is() -> None:
    found = Fault(FaultKind.TOO_LARGE, "it is large", "ask for less")
    assert fault_of(found, URL) is found
