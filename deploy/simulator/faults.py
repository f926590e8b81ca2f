"""How a part of a cluster misbehaves: on demand, until it is told otherwise."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec

from deploy.simulator.cluster import Part
from deploy.simulator.exchange import HTML, Answer, Pause

_ITEMS = b'{"metadata":{"name":"simulated"}},' * 2000
_LOGIN = """<!doctype html><html><head><title>Log in</title></head><body>
<form method="post" action="/login"><input name="username"><input name="password" type="password">
<button>Log in</button></form></body></html>"""


class FaultKind(StrEnum):
    """What goes wrong."""

    NONE = "none"
    HANG = "hang"
    """The request is taken and never answered."""
    DRIP = "drip"
    """The right answer, so slowly that nobody wants it."""
    RESET = "reset"
    """The connection is reset in the middle of the answer."""
    STATUS = "status"
    """An error status, with the body that the part gives with it."""
    HTML = "html"
    """A login page with status 200, as a proxy puts it in front of a service."""
    REDIRECT = "redirect"
    """A redirection to another address."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a kind of fault
    """No bearer token is good any more."""
    OLD_CONTINUE = "old_continue"
    """Every continue token and resource version is too old (Kubernetes only)."""
    CLOCK_SKEW = "clock_skew"
    """The right answer, with the wrong time in its Date header."""
    GARBAGE = "garbage"
    """JSON that ends too early, with status 200."""
    HUGE = "huge"
    """Valid JSON that seems to have no end."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to misbehave, and what it needs to know."""

    kind: FaultKind
    bytes_per_second: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    """For drip: of the body; the head comes at once."""
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 503
    location: Annotated[str, msgspec.Meta(max_length=2048)] = "https://login.invalid/"
    """For redirect."""
    seconds: Annotated[int, msgspec.Meta(ge=-315_360_000, le=315_360_000)] = 86_400
    """For clock_skew: how far ahead the clock is; negative: behind."""
    size: Annotated[int, msgspec.Meta(ge=1, le=4_294_967_296)] = 1_073_741_824
    """For huge: bytes after which it ends after all."""
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 1
    """For status 429 and 503: seconds, in Retry-After."""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """How many requests it meets; None: all of them."""


FINE = Fault(FaultKind.NONE)


@dataclass
class Faults:
    """What is wrong with a cluster just now, part by part."""

    _set: dict[Part, Fault] = field(default_factory=dict[Part, Fault])
    _left: dict[Part, int] = field(default_factory=dict[Part, int])

    def set(self, part: Part, fault: Fault) -> None:
        """From the next request on. Requests that hang already go on hanging."""
        self.clear(part)
        if fault.kind is not FaultKind.NONE:
            self._set[part] = fault
            if fault.times is not None:
                self._left[part] = fault.times

    def clear(self, part: Part | None = None) -> None:
        """The part, or everything, is well again."""
        for each in list(Part) if part is None else [part]:
            self._set.pop(each, None)
            self._left.pop(each, None)

    def current(self) -> dict[Part, Fault]:
        """What is set."""
        return dict(self._set)

    def meet(self, part: Part) -> Fault:
        """What the next request to a part meets; counts it."""
        fault = self._set.get(part, FINE)
        if part in self._left:
            self._left[part] -= 1
            if not self._left[part]:
                self.clear(part)
        return fault


def instead(fault: Fault) -> Answer | None:
    """What comes instead of the right answer, where that does not depend on the part."""
    match fault.kind:
        case FaultKind.HTML:
            return Answer(200, _LOGIN.encode(), HTML)
        case FaultKind.REDIRECT:
            return Answer(302, headers={"location": fault.location})
        case FaultKind.GARBAGE:
            return Answer(200, b'{"kind":"List","status":"success","items":[{"metadata":{"na')
        case FaultKind.HUGE:
            return Answer(stream=lambda pause: _endless(fault.size, pause))
        case _:
            return None


async def _endless(size: int, pause: Pause) -> AsyncIterator[bytes]:
    """A list without end; at ``size`` bytes (to the next block of items) it ends after all."""
    yield b'{"kind":"List","apiVersion":"v1","metadata":{},"items":['
    sent = 0
    while sent < size and await pause(0):
        yield _ITEMS
        sent += len(_ITEMS)
    yield b"{}]}"
