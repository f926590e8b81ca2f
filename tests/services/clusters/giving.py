"""Credentials as people give them, for the tests of what becomes of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from contracts.clusters import Cluster, Given
from contracts.refusals import Refused
from services.clusters import credentials
from services.clusters.credentials import Read
from tests.kit import builders
from tests.kit.issuers import jwt

API = "https://api.edge-berlin-1.example.com:6443"
PROMETHEUS = "https://prometheus.edge-berlin-1.example.com"
LOKI = "https://loki.edge-berlin-1.example.com:3100/tenant"
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OIDC = {"issuer_url": "https://sso.example.com", "client_id": "hub", "client_secret": "planted-1"}
PLANTED = ("planted-", "sha256~", "hunter2")


def cluster(**changes: Any) -> Cluster:
    endpoints = {"prometheus_url": PROMETHEUS, "loki_url": LOKI}
    return builders.cluster(**{"api_server_url": API, "endpoints": endpoints} | changes)


def given(**changes: Any) -> Given:
    return Given.model_validate(
        {"auth_type": "SERVICE_ACCOUNT", "token": "sha256~operator"} | changes
    )


def part(**parts: Any) -> Given:
    """What a rotation brings."""
    return Given.model_validate(parts)


def kubeconfig(server: str = API, user: Any = None, **entry: Any) -> str:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server} | entry}],
        "users": [{"name": "u", "user": user or {"token": "hunter2"}}],
        "contexts": [{"name": "edge", "context": {"cluster": "c", "user": "u"}}],
    }
    return yaml.safe_dump(document)


def of_kubeconfig(server: str, **changes: Any) -> Read:
    told = part(auth_type="KUBECONFIG", kubeconfig=kubeconfig(server), **changes)
    return credentials.read(told, cluster())


def token(ends: datetime, begins: datetime | None = None) -> str:
    claims: dict[str, Any] = {"exp": int(ends.timestamp()), "sub": "system:serviceaccount:a:hub"}
    return jwt(claims if begins is None else claims | {"iat": int(begins.timestamp())})


def _taken(told: Given, of: Cluster, before: Read | None) -> Read:
    return credentials.rotated(before, told, of) if before else credentials.read(told, of)


def refusal(told: Given, of: Cluster | None = None, before: Read | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        _taken(told, of or cluster(), before)
    shown = f"{caught.value} {json.dumps(caught.value.details)}"
    assert not any(secret in shown for secret in PLANTED), shown
    return caught.value


def first(**changes: Any) -> Read:
    """What there is before a rotation."""
    backends = {"prometheus": {"token": "sha256~p"}, "loki": {"token": "sha256~l"}}
    usual: dict[str, Any] = {"ca_bundle": "CA", "tls_server_name": "api", "backends": backends}
    return credentials.read(given(**usual | changes), cluster())


def rotated(before: Read, of: Cluster | None = None, **parts: Any) -> Read:
    return credentials.rotated(before, part(**parts), of or cluster())
