"""OpenShift clusters that people log in at: a simulated one, and one that says anything."""

import json
import ssl
import traceback
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from deploy.simulator.fleet import Fleet
from deploy.simulator.oauth import OAuth
from deploy.simulator.rights import DELEGATING
from deploy.simulator.simulator import Options, RunningCluster, simulating
from gateway.auth.identity import Attempt, Identity
from gateway.auth.openshift.access import AccessReviews, Clusters
from gateway.auth.openshift.provider import (
    OpenShiftProvider,
    openshift_access,
    openshift_provider,
)
from services.runtime.clock import SystemClock
from services.runtime.outbound.clients import Outbound
from services.runtime.settings_openshift import OpenShiftSettings
from tests.gateway.access.oidc.logins import HandClock
from tests.kit.issuers import AUTHORITY
from tests.runtime.outbound.origins import Origin, Talk, answer, outbound, serving

BACK = "http://127.0.0.1:8080/auth/callback"
ATTEMPT = Attempt("the-state", "the-verifier-" + "v" * 40, "the-nonce", "/ui")
OWN_TOKEN = "own-service-account-token"
SECRET = "simulated-client-secret"
HUB = "system:serviceaccount:aiops-system:hub"
EVERYBODY = {"system:authenticated:oauth", "system:authenticated"}
ADA = Identity("ada", frozenset({"platform-admins", *EVERYBODY}))
BOB = Identity("bob", frozenset({"viewers", *EVERYBODY}))
TOKEN_REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews"
ACCESS_REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
METADATA, TOKEN = "/.well-known/oauth-authorization-server", "/oauth/token"


@dataclass
class Front:
    """Providers in front of an API server, with a clock that goes on by hand."""

    url: str
    outbound: Outbound
    folder: Path
    clock: HandClock = field(default_factory=HandClock)

    @property
    def token_file(self) -> Path:
        return self.folder / "token"

    def settings(self, **changes: Any) -> OpenShiftSettings:
        known: dict[str, Any] = {
            "api_url": self.url,
            "client_id": "aiops-nextgen",
            "client_secret": SECRET,
            "ca_file": self.folder / "ca.pem",
            "token_file": self.token_file,
        }
        return OpenShiftSettings.model_validate(known | changes)

    def provider(self, *, seconds: float = 5.0, **changes: Any) -> OpenShiftProvider:
        """With other settings than usual."""
        made = self.settings(**changes)
        return openshift_provider(made, self.outbound, self.clock, seconds=seconds)

    def access(self, clusters: Clusters, **changes: float) -> AccessReviews:
        """Who asks what somebody may do."""
        settings = self.settings(access_review=True)
        made = openshift_access(settings, self.provider(**changes), clusters)
        assert made is not None
        return made


@dataclass
class OpenShift(Front):
    """A simulated one."""

    cluster: RunningCluster = field(kw_only=True)
    tls: ssl.SSLContext = field(kw_only=True)

    @property
    def oauth(self) -> OAuth:
        return self.cluster.simulated.admission.oauth

    def token(self, user: str = "ada", *scopes: str, **about: Any) -> str:
        """A token of somebody's."""
        given = scopes or ("user:full",)
        return self.oauth.give(user, SystemClock().now(), given, **about)

    async def browser(self, address: str, **form: str) -> dict[str, str]:
        """What a browser comes back with that was sent to an address, and filled in the form."""
        async with httpx.AsyncClient(verify=self.tls) as client:
            page = await client.get(address)
            if form:
                assert "<form" in page.text
                page = await client.post(address, data=form)
        assert page.status_code == 302, page.text
        location = page.headers["location"]
        assert location.startswith(f"{BACK}?")
        return dict(parse_qsl(urlsplit(location).query))

    async def come_back(self, provider: OpenShiftProvider, user: str = "ada") -> dict[str, str]:
        """What somebody brings who has logged in."""
        return await self.browser(f"{await provider.address(ATTEMPT, BACK)}&login={user}")


@asynccontextmanager
async def simulated(folder: Path, name: str = "hub-1") -> AsyncGenerator[OpenShift]:
    """A cluster of a simulated fleet, where the hub has an account that may ask about others."""
    options = Options(bad_tls=False)
    async with simulating(Fleet.make(2, seed=7), options) as running, outbound() as maker:
        cluster = running.cluster(name)
        cluster.admit(HUB, OWN_TOKEN, DELEGATING)
        pem = running.authority.pem.decode()
        (folder / "ca.pem").write_text(pem)
        (folder / "token").write_text(f"{OWN_TOKEN}\n")
        tls = ssl.create_default_context(cadata=pem)
        yield OpenShift(cluster.api_url, maker, folder, cluster=cluster, tls=tls)


@dataclass
class Pretender(Front):
    """An API server that says what a test wants at each path."""

    talks: dict[str, Talk] = field(default_factory=dict[str, Talk])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What was posted in JSON."""
    origin: Origin = field(default_factory=Origin)

    def metadata(self, **changes: Any) -> None:
        """From now on it says this of its OAuth server."""
        known = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/oauth/authorize?idp=one",
            "token_endpoint": f"{self.url}{TOKEN}",
        }
        self.talks[METADATA] = saying(known | changes)

    def times(self, path: str) -> int:
        """How often it was asked there."""
        return sum(head.split()[1] == path for head in self.origin.heads)


@asynccontextmanager
async def pretending(folder: Path) -> AsyncGenerator[Pretender]:
    """Serve it."""
    (folder / "ca.pem").write_text(AUTHORITY.pem)
    (folder / "token").write_text(OWN_TOKEN)

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        head = made.origin.heads[-1]
        length = int(made.origin.header("content-length") or 0)
        body = await reader.readexactly(length)
        if body.startswith(b"{"):
            made.bodies.append(json.loads(body))
        await made.talks[head.split()[1]](reader, writer)
        await writer.drain()

    async with serving(talk) as origin, outbound() as maker:
        made = Pretender(origin.url(), maker, folder, origin=origin)
        made.metadata()
        yield made


def saying(value: Mapping[str, Any] | bytes, status: str = "200 OK") -> Talk:
    """Answers this."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        del reader
        writer.write(answer(body, status, "Content-Type: application/json"))

    return talk


def reviewed(status: Mapping[str, Any], kind: str = "TokenReview") -> Talk:
    """Answers a review."""
    return saying({"kind": kind, "apiVersion": "v1", "spec": {}, "status": status}, "201 Created")


def authenticated(**user: Any) -> dict[str, Any]:
    """What a TokenReview says of bob's token."""
    return {"authenticated": True, "user": {"username": "bob", "groups": ["viewers"]} | user}


def told(error: BaseException, *secrets: str) -> str:
    """All that an error says; none of it is a secret."""
    text = "".join(traceback.format_exception(error))
    hidden = (OWN_TOKEN, SECRET, ATTEMPT.state, ATTEMPT.verifier, "sha256~", *secrets)
    assert not any(each in text for each in hidden), text
    return text
