"""How a connection ends: the close codes, and what is said before."""

from dataclasses import dataclass
from typing import Literal

from gateway.live.messages import ErrorCode, ErrorFrame

INTERNAL = 1011
RESTART = 1012
TRY_LATER = 1013
UNAUTHENTICATED = 4401
SLOW = 4408
RESUME_EXPIRED = 4410


@dataclass(frozen=True)
class Ending:
    """Why the server hangs up."""

    code: int
    error: ErrorFrame | None = None
    disconnect: Literal["restart", "slow"] | None = None
    grace: float = 10.0
    """Seconds in which the client may still take what is queued for it."""


class Ended(Exception):
    """This connection is over."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.code)
        self.ending = ending


def refused(code: ErrorCode, message: str, close: int = UNAUTHENTICATED) -> Ended:
    """Over, with an error that says why."""
    return Ended(Ending(close, ErrorFrame(code=code, message=message)))


RESTARTING = Ending(RESTART, disconnect="restart", grace=2.0)
TOO_SLOW = Ending(SLOW, disconnect="slow")
FULL = Ending(
    TRY_LATER,
    ErrorFrame(code="RATE_LIMITED", message="too many live connections here; try again later"),
)
BROKEN = Ending(
    INTERNAL,
    ErrorFrame(code="INTERNAL_ERROR", message="something went wrong here; it is in the log"),
)
EXPIRED = Ending(
    UNAUTHENTICATED,
    ErrorFrame(code="AUTH_EXPIRED", message="the login or its rights have changed; log in anew"),
)
