"""Who somebody is by the claims of a token or of the issuer's userinfo: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from gateway.auth.identity import Identity

_LONGEST = 256
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Naming:
    """Which claims hold what."""

    user: str
    groups: str

    def whole(self, claims: Claims) -> bool:
        """True if there is nothing that the issuer's userinfo might add."""
        return self.user in claims and self.groups in claims

    def identity(self, claims: Claims) -> Identity | None:
        """Who that is; None if it does not say, or says what can be no name.

        There is no second choice for the name: whoever has none by this claim could be taken for
        somebody who has it.
        """
        user = claims.get(self.user)
        if not _is_name(user):
            return None
        # As Kubernetes has it: an issuer need not say it, but may not deny it.
        if self.user == "email" and claims.get("email_verified", True) not in (True, "true"):
            return None
        return Identity(user, frozenset(_groups(claims.get(self.groups))))


def _groups(told: object) -> list[str]:
    names = cast(list[object], told) if isinstance(told, list) else [told]
    return [name for name in names if _is_name(name)]


def _is_name(told: object) -> TypeGuard[str]:
    """What may stand in logs and events."""
    if not isinstance(told, str) or not told.isprintable():
        return False
    return 0 < len(told) <= _LONGEST and told.strip() == told
