"""Who a simulated cluster lets in: accounts by token and by certificate, and tokens made later."""

import base64
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.simulator.cluster import Account, Cluster
from deploy.simulator.exchange import Request
from deploy.simulator.oauth import OAuth
from deploy.simulator.statuses import ANONYMOUS

_MOST_TOKENS = 1000
"""Tokens made later that a cluster remembers; the oldest are forgotten first."""
_NOBODY = Account(ANONYMOUS, "", (), service_account=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token made by TokenRequest, and until when it is good."""

    account: str
    expires: datetime


@dataclass
class Admission:
    """Knows the accounts of one cluster."""

    cluster: Cluster
    oauth: OAuth = field(default_factory=OAuth)
    """Its people, on OpenShift."""
    _accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    _issued: OrderedDict[str, Issued] = field(default_factory=OrderedDict[str, Issued])
    _count: int = 0

    def __post_init__(self) -> None:
        for account in self.cluster.accounts:
            self.admit(account)

    def admit(self, account: Account) -> None:
        """Let one more account in; an account of the same name changes its token and rights."""
        self._accounts[account.name] = account

    def banish(self, name: str) -> None:
        """The account's token and certificate are worthless from now on."""
        self._accounts.pop(name, None)

    def by_name(self, name: str) -> Account | None:
        """The account of this full name."""
        return self._accounts.get(name)

    def who(self, request: Request) -> Account | None:
        """Who is asking: nobody in particular without credentials, None with bad ones.

        A client certificate counts before a token, as in the real server.
        """
        if request.certificate is not None:
            ours = request.certificate.cluster == self.cluster.name
            return self._accounts.get(request.certificate.user) if ours else None
        if request.token is not None:
            return self.by_token(request.token, request.now)
        return _NOBODY

    def by_token(self, token: str, now: datetime) -> Account | None:
        """Whose token this is, None if it is nobody's or too old."""
        issued = self._issued.get(token)
        if issued is not None:
            return self.by_name(issued.account) if now < issued.expires else None
        return next((each for each in self._accounts.values() if each.token == token), None)

    def issue(self, account: Account, seconds: int, now: datetime) -> tuple[str, datetime]:
        """A new token for an account, and when it ends."""
        expires = now + timedelta(seconds=seconds)
        self._count += 1
        token = _signed(account.name, now, expires, f"{self.cluster.name}/{self._count}")
        self._issued[token] = Issued(account.name, expires)
        while len(self._issued) > _MOST_TOKENS:
            self._issued.popitem(last=False)
        return token, expires


def _signed(subject: str, now: datetime, expires: datetime, mark: str) -> str:
    """The shape of a service account's token; the signature is a hash and proves nothing."""
    claims = {
        "aud": ["https://kubernetes.default.svc"],
        "exp": int(expires.timestamp()),
        "iat": int(now.timestamp()),
        "iss": "https://kubernetes.default.svc",
        "jti": mark,
        "sub": subject,
    }
    told = ".".join([_encoded({"alg": "RS256", "kid": "simulated"}), _encoded(claims)])
    signature = hashlib.sha256(told.encode()).digest()
    return f"{told}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
