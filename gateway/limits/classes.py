"""Which limits a request counts for: by who asks, and what for."""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from gateway.limits.buckets import Rate
from services.runtime.access import TOKEN_PREFIX, digest
from services.runtime.principals import Principal
from services.runtime.settings_limits import LimitsSettings

_ALERTS = re.compile(r"/api/v1/alerts/webhook(?:/|$)|/alertmanager/")
_LIMITED = re.compile(r"/(?:api|prometheus|auth|mcp|ws|health/detailed)(?:/|$)")
_LOGIN = re.compile(r"/auth/(?:login|callback)(?:/|$)")
_QUERIES = "/api/v1/metrics/query"
_MESSAGES = re.compile(r"/api/v1/(?:chat/.+/(?:messages|stream|rerun)|analysis/explain)$")
"""What may cost words of a model."""
_REPORTS = re.compile(r"/api/v1/reports(?:$|/schedules$)")
_URGENT = frozenset({"/health", "/ready", "/metrics"})
_SLASHES = re.compile("//+")


class LimitClass(StrEnum):
    """A limit; each has buckets of its own."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - the name of a limit
    PROMETHEUS = "prometheus"
    QUERIES = "queries"
    CHAT = "chat"
    REPORTS = "reports"
    ALL = "all"
    UNKNOWN = "unknown"


Counted = tuple[LimitClass, str]
"""A limit, and the key of the bucket."""

_EVERYBODY = (LimitClass.ALL, "")


def rates(settings: LimitsSettings) -> dict[LimitClass, Rate]:
    """The limits as they are set."""
    told = settings
    return {
        LimitClass.USER: _a_minute(told.user_per_minute, told.user_burst),
        LimitClass.TOKEN: _a_second(told.token_per_second, told.token_burst),
        LimitClass.PROMETHEUS: _a_second(told.prometheus_per_second, told.prometheus_burst),
        LimitClass.QUERIES: _a_minute(told.queries_per_minute, told.queries_burst),
        LimitClass.CHAT: _a_minute(told.chat_per_minute, told.chat_burst),
        LimitClass.REPORTS: _a_minute(told.reports_per_minute, told.reports_burst),
        LimitClass.ALL: _a_second(told.all_per_second, told.all_burst),
        LimitClass.UNKNOWN: _a_minute(told.unknown_per_minute, told.unknown_burst),
    }


def _a_minute(rate: float, burst: int) -> Rate:
    return Rate(rate / 60, burst, int(rate))


def _a_second(rate: float, burst: int) -> Rate:
    return Rate(rate, burst, int(rate))


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as limits go."""

    by: LimitClass
    """USER, TOKEN, or UNKNOWN."""
    key: str


def asker(principal: Principal | None, secret: str | None, address: str | None) -> Asker:
    """A token is told from a user by what it begins with; of both only a digest or name is kept."""
    if principal is None:
        return Asker(LimitClass.UNKNOWN, network(address))
    if secret is not None and secret.startswith(TOKEN_PREFIX):
        return Asker(LimitClass.TOKEN, f"token:{digest(secret).hex()[:16]}")
    return Asker(LimitClass.USER, f"user:{principal.name}")


def network(address: str | None) -> str:
    """Where somebody is: with IPv6 everybody has as many addresses as they like, of one network."""
    if not address or ":" not in address:
        return address or "unknown"
    try:
        told = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(told, IPv6Address):
        return address
    return str(told.ipv4_mapped or IPv6Address(int(told) >> 64 << 64))


def plain(path: str) -> str:
    """A path as the router reads it: slashes that are repeated or at the end say nothing."""
    path = "/" + path.strip("/")
    return _SLASHES.sub("/", path) if "//" in path else path


def is_urgent(path: str) -> bool:
    """True for what is answered in overload, too: alerts, and how we stand."""
    return path in _URGENT or _ALERTS.match(path) is not None


def is_limited(path: str) -> bool:
    """True for what counts at all: neither alert doors nor pages and what they are made of."""
    return _LIMITED.match(path) is not None and _ALERTS.match(path) is None


def logs_in(path: str) -> bool:
    """True where strangers show a code or come back from a provider."""
    return _LOGIN.match(path) is not None


def counted(who: Asker, method: str, path: str) -> tuple[Counted, ...]:
    """What a request of somebody who is known counts for; ``path`` is plain."""
    key = who.key
    if path.startswith("/api/v1/"):
        special = _special(method, path)
        if special is not None:
            return (special, key), (who.by, key), _EVERYBODY
    elif path.startswith("/prometheus/"):
        return (LimitClass.PROMETHEUS, key), _EVERYBODY
    return (who.by, key), _EVERYBODY


def _special(method: str, path: str) -> LimitClass | None:
    if path.startswith(_QUERIES):
        return LimitClass.QUERIES
    if method != "POST":
        return None
    if _MESSAGES.match(path):
        return LimitClass.CHAT
    return LimitClass.REPORTS if _REPORTS.match(path) else None
