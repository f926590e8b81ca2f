"""How to log in to a cluster's endpoints: what the vault keeps under its names, and what it is for.

Every login is bound to an origin (RFC 6454) and is shown to no other: an endpoint that has moved is
asked without it, until whoever moved it gives credentials again.
"""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address

import httpx
import msgspec

from contracts.clusters import Checked
from services.runtime.outbound.targets import Target, invalid
from services.runtime.vault.material import Material

KUBERNETES = "kubernetes"
"""The login to the API server."""
BACKENDS = "backends"
"""Those to the backends."""
RENEWAL = "renewal"
"""What new logins are got with; nobody opens it who only wants to log in."""
FIRST_GRANT = "first-grant"
"""What a command has got on the way, until it is done."""
COLLECTOR = "telemetry"
"""As whom backends are asked, whichever service wants to know something of them."""
_PORTS = {"https": 443, "http": 80}


class Login(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to log in at one origin, and whom to trust there."""

    origin: str
    token: str | None = None
    username: str | None = None
    password: str | None = None
    tenant: str | None = None
    """Whose data is meant where many share a backend (``X-Scope-OrgID``); no secret."""
    certificate: str | None = None
    key: str | None = None
    ca: str | None = None
    server_name: str | None = None
    verify: bool = True
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return "Login(...)"

    @property
    def secret(self) -> bool:
        """True if it says who we are, and not only whom to trust."""
        return any(each is not None for each in (self.token, self.password, self.certificate))


class Logins(msgspec.Struct, frozen=True):
    """All of a cluster."""

    kubernetes: Login | None = None
    backends: dict[Checked, Login] = {}

    def __repr__(self) -> str:
        return "Logins(...)"

    def of(self, name: Checked) -> Login | None:
        """The login to an endpoint, None if there is none."""
        return self.kubernetes if name is Checked.API_SERVER else self.backends.get(name)

    @property
    def each(self) -> Mapping[Checked, Login]:
        """All of them, in the order of checks."""
        found = {name: self.of(name) for name in Checked}
        return {name: login for name, login in found.items() if login is not None}

    def materials(self) -> dict[str, bytes]:
        """What the vault keeps of them."""
        kept = {BACKENDS: msgspec.json.encode(self.backends, order="deterministic")}
        if self.kubernetes is not None:
            kept[KUBERNETES] = msgspec.json.encode(self.kubernetes, order="deterministic")
        return kept


def read(kubernetes: Material | None, backends: Material | None) -> Logins:
    """Logins as the vault has kept them."""
    return Logins(
        msgspec.json.decode(kubernetes, type=Login) if kubernetes else None,
        msgspec.json.decode(backends, type=dict[Checked, Login]) if backends else {},
    )


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, the port always said; empty if it is none."""
    try:
        parsed = httpx.URL(url)
        named = parsed.host  # Some hosts come to grief only when they are asked for.
    except (httpx.InvalidURL, ValueError):
        return ""
    port = _PORTS.get(parsed.scheme) if parsed.port is None else parsed.port
    if not named or port is None:
        return ""
    host = parsed.raw_host.decode("ascii")
    if ":" in host:
        host = f"[{ip_address(host).compressed}]"
    elif any(sign in host for sign in "[]%"):
        return ""  # Half of an IPv6 address, or what no name has: httpx takes both for one.
    return f"{parsed.scheme}://{host}:{port}"


def server_of(url: str) -> str:
    """One API server by its URL: several may share an origin, each below a path of its own."""
    origin = origin_of(url)
    return origin and origin + httpx.URL(url).path.rstrip("/")


def fits(login: Login | None, url: str) -> bool:
    """True if there is a login and it is for where this URL leads."""
    return login is not None and login.origin != "" and login.origin == origin_of(url)


def target(login: Login | None, url: str, seconds: float) -> Target:
    """What to reach at a URL: with the login if it is for there, else as anybody.

    Refused if the URL makes no sense.
    """
    if not origin_of(url):
        raise invalid("base_url", "is not a URL of a host")
    if login is None or not fits(login, url):
        return Target(base_url=url, timeout=seconds)
    return Target(
        base_url=url,
        ca=login.ca,
        certificate=login.certificate,
        key=login.key,
        token=login.token,
        basic=(login.username or "", login.password) if login.password is not None else None,
        server_name=login.server_name,
        timeout=seconds,
        verify=login.verify,
    )
