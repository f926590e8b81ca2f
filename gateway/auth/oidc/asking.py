"""Asks an issuer over HTTP, in bounds of time and size, and tells failures in words of our own.

Nothing that the issuer sends is ever repeated: it may repeat what it was sent.
"""

from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from contracts.refusals import Code, Refused, TryLater
from services.runtime.logging import logger
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.reading import Answer, Options, fetch
from services.runtime.outbound.targets import Target
from services.runtime.settings_oidc import may_be_asked, on_loopback

_LIMIT = 256 * 1024
_RETRY_SECONDS = 5.0
_T = TypeVar("_T")


def refused(why: str) -> Refused:
    """401: what was shown is not good."""
    return Refused(Code.AUTH_FAILED, why)


@dataclass(frozen=True, slots=True)
class Asker:
    """One issuer, and how it is reached."""

    outbound: Outbound
    issuer: str
    ca_pem: str | None = field(default=None, repr=False)
    seconds: float = 5.0
    """For each request with its whole answer."""

    @property
    def place(self) -> str:
        """The issuer as far as it may be told: host and port."""
        return urlsplit(self.issuer).netloc

    def trusts(self, url: str) -> bool:
        """True for an address of the issuer's that may be asked.

        An issuer elsewhere may not send us to our own machine.
        """
        return may_be_asked(url, query=True) and (on_loopback(self.issuer) or not on_loopback(url))

    def target(self, url: str) -> Target:
        """Where an address is; Refused if the certificates to trust cannot be read."""
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        return Target(base_url=where, ca=self.ca_pem, timeout=self.seconds)

    async def ask(self, method: str, url: str, options: Options | None = None) -> Answer:
        """Its answer, of whatever status below 500; TryLater if there is none."""
        try:
            answer = await fetch(
                self.outbound.client(self.target(url)),
                method,
                url,
                limit_bytes=_LIMIT,
                deadline_seconds=self.seconds,
                options=options,
            )
        except Refused:
            raise self.failed("cannot be asked at the address that it names") from None
        except Fault as fault:
            raise self.failed(f"gave no usable answer ({fault.kind.value})") from None
        if answer.status >= 500 or answer.status in {408, 425, 429}:
            raise self.failed(f"answered {answer.status}")
        return answer

    async def document(self, url: str, kind: type[_T], what: str) -> _T:
        """A public document of the issuer; TryLater if it is not to be had."""
        answer = await self.ask("GET", url, Options(headers={"Accept": "application/json"}))
        if answer.status != 200:
            raise self.failed(f"answered {answer.status} instead of {what}")
        found = read(answer.body, kind)
        if found is None:
            raise self.failed(f"answered what is not {what}")
        return found

    def failed(self, what: str) -> TryLater:
        """TryLater because of the issuer, of which the log tells whoever can mend it."""
        text = f"the OpenID issuer {self.place} {what}"
        logger("access").warning("issuer_failed", reason=text)
        return TryLater(text, _RETRY_SECONDS)


def read(body: bytes, kind: type[_T]) -> _T | None:
    """JSON of a kind, None if it is not."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors.
        return None
