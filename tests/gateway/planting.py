"""A story in which recognisable secrets go through every door of the platform, good and bad."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.clusters import ClusterType
from deploy.simulator.cluster import Part
from deploy.simulator.faults import FaultKind
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.rights import OPERATING
from deploy.simulator.simulator import Running, RunningCluster
from services.runtime.clock import SystemClock
from tests.gateway.planting_access import Heard, logins, tokens
from tests.kit.authorities import authority
from tests.kit.gateway import API, Json
from tests.kit.issuers import AUTHORITY, SECRET, TOKEN, Issuer, issuing, jwt
from tests.kit.leaks import lines_of
from tests.kit.runtime import eventually
from tests.kit.simulated import BACKENDS, at_rest, due, given, left_of, of_type, registered
from tests.runtime.outbound.origins import answer, serving

_ODD = "'odd\"%41+/&=<>\\x\\u0041?#;,~"
"""Characters that JSON, URLs, shells and HTML write differently."""
FIRST = f"planted-first-token-{_ODD}"
SECOND = f"planted-second-token-{_ODD}"
WRONG = f"planted-wrong-token-{_ODD}"
REFLECTED = f"planted-reflected-token-{_ODD}"
BROKEN = "planted\nbroken\ntoken \u00fc with everything"
CLIENT_SECRET = "planted client secret/+ &ü:%"
REFRESH = "planted-refresh-token"
_ISSUED_HERE = "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInNpbXVsYXRlZCJ9"
"""How every token begins that a simulated API server makes."""
_ISSUED_THERE = jwt({}).partition(".")[0]
"""And those of the OpenID provider."""
_KEY = "-----BEGIN PRIVATE KEY-----"


class PlantedIssuer(Issuer):
    """An OpenID provider all of whose secrets can be recognised, and who repeats them in errors."""

    def _rotated(self) -> dict[str, str]:
        self.refresh_token = f"{REFRESH}-{len(self.asked)}"
        return {"refresh_token": self.refresh_token}


@dataclass
class Story(Heard):
    """What is told, and everything that was answered."""

    fleet: Running
    bodies: list[Json] = field(default_factory=list[Json])
    """Credentials that were sent."""
    clusters: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        hooks = self.platform.http.event_hooks
        self.platform.http.event_hooks = hooks | {"response": [*hooks["response"], self.hear]}
        for name, secret in {
            "first": FIRST, "second": SECOND, "wrong": WRONG, "reflected": REFLECTED,
            "broken": BROKEN, "client secret": CLIENT_SECRET, "repeated": SECRET,
            "refresh": REFRESH, "issued": _ISSUED_HERE, "granted": _ISSUED_THERE,
        }.items():  # fmt: skip
            self.planted.plant(name, secret)
        self.planted.plant("admin", self.platform.admin)
        for cluster in self.fleet.clusters.values():
            tokens = [cluster.backend_token(part) for part in BACKENDS.values()]
            tokens += [account.token for account in cluster.simulated.cluster.accounts]
            self.planted.plant(cluster.name, *filter(None, tokens))

    async def post(self, path: str, body: Json | None, status: int) -> Json:
        """Post, and hear the status that must come."""
        if body is not None:
            self.bodies.append(body)
        said = await self.platform.http.post(f"{API}/clusters/{path}", json=body)
        assert said.status_code == status, (path, said.text)
        return said.json()

    async def cluster(self, of: RunningCluster, **changes: Any) -> str:
        """A new cluster; its id."""
        found = await registered(self.platform, of, **changes)
        self.clusters.append(found["id"])
        return found["id"]

    def of(self, cluster_type: ClusterType) -> RunningCluster:
        """A simulated cluster."""
        return of_type(self.fleet, cluster_type)


async def told(story: Story) -> None:
    """All chapters, side by side."""
    chapters: list[Callable[[Story], Awaitable[None]]] = [
        _service_account, _renewed, _openid, _refreshed, _malformed, _reflected, _imported,
        tokens, logins,
    ]  # fmt: skip
    async with asyncio.TaskGroup() as together:
        for chapter in chapters:
            together.create_task(_as_task(chapter(story)))
    await _read_everything(story)


async def _as_task(chapter: Awaitable[None]) -> None:
    await chapter


async def _service_account(story: Story) -> None:
    """Given, tried, rotated, refused, checked, and checked when it is good no more."""
    hub = story.of(ClusterType.HUB)
    for name, token in (("first", FIRST), ("second", SECOND)):
        hub.admit(f"system:serviceaccount:aiops-system:{name}", token, OPERATING)
    cluster = await story.cluster(hub)
    body = given(story.fleet, hub, token=FIRST)
    await story.post(f"{cluster}/credentials", body | {"token": WRONG}, 400)
    await story.post(f"{cluster}/credentials", body | {"token": BROKEN}, 422)
    await story.post(f"{cluster}/credentials", body | {"ca_bundle": WRONG}, 422)
    await story.post(f"{cluster}/credentials/validate", body | {"token": WRONG}, 200)
    await story.post(f"{cluster}/credentials", body, 201)
    second = {"auth_type": "SERVICE_ACCOUNT", "token": SECOND, "ca_bundle": body["ca_bundle"]}
    await story.post(f"{cluster}/credentials/rotate", second | {"token": WRONG}, 400)
    await story.post(f"{cluster}/credentials/rotate", second, 200)
    only = {"backends": {"prometheus": body["backends"]["prometheus"]}}
    await story.post(f"{cluster}/credentials/rotate", only, 200)
    await story.post(f"{cluster}/credentials/validate", None, 200)
    await story.post(f"{cluster}/refresh", None, 200)
    for part in (Part.API, Part.PROMETHEUS):
        hub.fail(FaultKind.EXPIRED_TOKEN, part)
    await story.post(f"{cluster}/refresh", None, 200)
    await story.post(f"{cluster}/credentials/validate", None, 200)
    await due(story.platform, "discover", cluster)
    await at_rest(story.platform, "discover")
    for part in (Part.API, Part.PROMETHEUS):
        hub.fail(FaultKind.NONE, part)


async def _renewed(story: Story) -> None:
    """A token with an end gets a successor, and then none any more."""
    spoke, now = story.of(ClusterType.SPOKE), SystemClock().now()
    token, _ = spoke.simulated.admission.issue(spoke.account("operator"), 3600, now)
    cluster = await story.cluster(spoke)
    body = given(story.fleet, spoke, token=token)
    shown = await story.post(f"{cluster}/credentials", body, 201)
    assert shown["renewal"] == "AUTOMATIC"
    await _until_other(story, cluster, shown)
    spoke.fail(FaultKind.EXPIRED_TOKEN)
    await due(story.platform, "renew", cluster)
    await at_rest(story.platform, "renew")
    await story.post(f"{cluster}/refresh", None, 200)
    spoke.fail(FaultKind.NONE)


async def _until_other(story: Story, cluster: str, before: Json) -> None:
    """Have them renewed, and wait until they are."""
    await due(story.platform, "renew", cluster)

    async def other() -> bool:
        now = await story.platform.list(f"/clusters/{cluster}/credentials")
        return now["fingerprint"] != before["fingerprint"]

    await eventually(other)


def _admitted(issuer: Issuer, cluster: RunningCluster) -> None:
    """The cluster takes what the provider gives."""
    ends = round(issuer.at.timestamp()) + 300
    token = jwt({"iss": issuer.url, "sub": "hub", "exp": ends})
    cluster.admit(f"oidc:{issuer.url}", token, OPERATING)


def _oidc(story: Story, cluster: RunningCluster, issuer: Issuer, **client: Any) -> Json:
    body = given(story.fleet, cluster, auth_type="OIDC")
    del body["token"]
    told = {"issuer_url": issuer.url, "client_id": "hub:1", "ca_bundle": AUTHORITY.pem}
    return body | {"oidc": told | client}


async def _openid(story: Story) -> None:
    """A client of a provider that logs in as itself, with a wrong secret, and is turned away."""
    edge = story.of(ClusterType.EDGE)
    async with issuing(PlantedIssuer(SystemClock().now(), secret=CLIENT_SECRET)) as issuer:
        _admitted(issuer, edge)
        cluster = await story.cluster(edge)
        path = f"{cluster}/credentials"
        await story.post(path, _oidc(story, edge, issuer, client_secret=WRONG), 400)
        await story.post(path, _oidc(story, edge, issuer, client_secret=CLIENT_SECRET), 201)
        asked = len(issuer.asked)
        await due(story.platform, "renew", cluster)
        await eventually(lambda: _said(len(issuer.asked) > asked))
        issuer.secret = "another, so that this one is refused and repeated"
        await due(story.platform, "renew", cluster)
        await eventually(lambda: _said(len(issuer.asked) > asked + 1))


async def _said(condition: object) -> bool:
    return bool(condition)


async def _refreshed(story: Story) -> None:
    """One with a refresh token, which is another after each use; and one that was withdrawn."""
    far = story.of(ClusterType.FAR_EDGE)
    made = PlantedIssuer(SystemClock().now(), secret=CLIENT_SECRET, refresh_token=f"{REFRESH}-0")
    async with issuing(made) as issuer:
        _admitted(issuer, far)
        cluster = await story.cluster(far)
        both = {"client_secret": CLIENT_SECRET, "refresh_token": f"{REFRESH}-0"}
        body = _oidc(story, far, issuer, **both)
        await story.post(f"{cluster}/credentials", body, 201)
        await due(story.platform, "renew", cluster)
        await eventually(lambda: _said(issuer.refresh_token == f"{REFRESH}-2"))
        await story.post(f"{cluster}/credentials/rotate", body, 400)
        issuer.instead[TOKEN] = _repeats
        await due(story.platform, "renew", cluster)
        await at_rest(story.platform, "renew")
        await story.post(f"{cluster}/credentials/validate", body, 502)


async def _repeats(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server in trouble that tells everybody what it knows."""
    del reader
    said = json.dumps({"error": CLIENT_SECRET, "error_description": f"{REFRESH}-2"})
    writer.write(answer(said.encode(), "500 Oh no", f"X-Debug: {REFRESH}-2"))


async def _malformed(story: Story) -> None:
    """Bodies that are none, with secrets in every place where there may be one."""
    spoke = story.fleet.cluster("spoke-2")
    cluster = await story.cluster(spoke, endpoints={})
    entry = spoke.entry()
    plugin = kubeconfig([entry]).replace("token:", "exec:\n      command: x\n      args:")
    bodies: list[Json] = [
        {"auth_type": "KUBECONFIG", "kubeconfig": f"{{{{{FIRST}"},
        {"auth_type": "KUBECONFIG", "kubeconfig": f"users: *{FIRST}"},
        {"auth_type": "KUBECONFIG", "kubeconfig": plugin},
        {"auth_type": "KUBECONFIG", "kubeconfig": kubeconfig([entry]), "context": "elsewhere"},
        {"auth_type": "KUBECONFIG", "kubeconfig": _with_key(f"{_KEY}\n{FIRST}")},
        {"auth_type": "SERVICE_ACCOUNT", "token": FIRST, "kubeconfig": SECOND},
        {"auth_type": "SERVICE_ACCOUNT", "token": [FIRST]},
        {"auth_type": FIRST, "token": {"of": SECOND}},
        {"auth_type": "SERVICE_ACCOUNT", "token": FIRST, "tokn": SECOND},
        {"auth_type": "SERVICE_ACCOUNT", "token": FIRST * 2000},
        {"auth_type": "SERVICE_ACCOUNT", "token": FIRST, "backends": {"loki": {"token": SECOND}}},
        {"auth_type": "SERVICE_ACCOUNT", "token": FIRST, "insecure_skip_tls_verify": SECOND},
    ]
    for route in ("credentials", "credentials/rotate", "credentials/validate"):
        for body in bodies:
            said = await story.platform.http.post(f"{API}/clusters/{cluster}/{route}", json=body)
            assert said.status_code in {400, 404, 422}, (body, said.text)
        cut = json.dumps(bodies[-1])[:-3].encode()
        await story.platform.http.post(f"{API}/clusters/{cluster}/{route}", content=cut)
    nobody = "00000000-0000-0000-0000-000000000007"
    await story.post(f"{nobody}/credentials", given(story.fleet, spoke, token=FIRST), 404)
    text = f"kind: Config\nusers: [{{name: u, user: {{token: {FIRST!r}}}, name: u}}]"
    await story.post("import", {"kubeconfig": text}, 400)


def _with_key(text: str) -> str:
    return f"users: [{{name: u, user: {{client-key-data: {json.dumps(text)}}}}}]"


async def _reflected(story: Story) -> None:
    """An API server that answers with the token it was shown, in every part of its answers."""
    own = authority("reflecting")
    spoke = story.fleet.cluster("spoke-2")
    talks = {
        "401": answer(REFLECTED.encode(), f"401 {REFLECTED}", f"WWW-Authenticate: {REFLECTED}"),
        "302": answer(b"", "302 Found", f"Location: https://127.0.0.1/?token={REFLECTED}"),
        "bad": answer(b"", "302 Found", f"Location: {REFLECTED}://{REFLECTED}"),
        "200": answer(json.dumps({"kind": REFLECTED, "status": {"allowed": REFLECTED}}).encode()),
        "500": answer(json.dumps({"kind": "Status", "code": 500, "message": REFLECTED}).encode()),
        "no http": f"{REFLECTED}\r\n\r\n".encode(),
        "header": f"HTTP/1.1 200 OK\r\n{REFLECTED}\r\n\r\n".encode(),
        "packed": answer(REFLECTED.encode(), "200 OK", f"Content-Encoding: {REFLECTED}"),
    }
    for talk in talks.values():

        async def talking(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: bytes = talk
        ) -> None:
            del reader
            writer.write(talk)
            writer.close()

        async with serving(talking, own.server_identity().server()) as origin:
            cluster = await story.cluster(spoke, api_server_url=origin.url(), endpoints={})
            body = {"auth_type": "SERVICE_ACCOUNT", "token": REFLECTED, "ca_bundle": own.pem}
            said = await story.platform.http.post(
                f"{API}/clusters/{cluster}/credentials", json=body
            )
            assert said.status_code in {400, 502, 503}, said.text
            assert any(REFLECTED in head for head in origin.heads), "it was shown the token"


async def _imported(story: Story) -> None:
    """Client certificates and tokens of several contexts, one of which is broken."""
    faulty = {story.of(ClusterType.HUB).name, story.of(ClusterType.SPOKE).name}
    entries = [each.entry() for each in story.fleet.clusters.values() if each.name not in faulty]
    for entry in entries:
        if not isinstance(entry.credential, str):
            story.planted.plant(f"key of {entry.name}", *lines_of(entry.credential.key))
    broken = replace(entries[0], name="broken", credential=BROKEN)
    stale = replace(entries[1], name="stale", credential=WRONG)
    body = {"kubeconfig": kubeconfig([*entries, broken, stale])}
    await story.post("import", body | {"dry_run": True}, 200)
    done = await story.post("import", body, 200)
    assert done["registered"] == len(entries), done
    assert done["refused"] == 2, done
    story.clusters += [item["cluster_id"] for item in done["items"] if item["cluster_id"]]


async def _read_everything(story: Story) -> None:
    """Every read that may have something to do with it."""
    await story.platform.settle()
    paths = ["/api/v1/clusters", "/api/v1/fleet/summary", "/api/v1/fleet/health", "/metrics"]
    paths += ["/api/v1/events?limit=100&order=desc", "/health/detailed", "/openapi.json"]
    paths += ["/api/v1/audit", "/api/v1/tokens", "/auth/sessions?everybody=true"]
    for cluster in story.clusters:
        one = f"/api/v1/clusters/{cluster}"
        paths += [one, f"{one}/status", f"{one}/credentials"]
        paths.append(f"/api/v1/events?cluster_id={cluster}&limit=100")
    for path in paths:
        await story.platform.http.get(path)


async def ended(story: Story) -> None:
    """Credentials are destroyed, then all clusters are taken out of the fleet."""
    http = story.platform.http
    said = await http.delete(f"{API}/clusters/{story.clusters[0]}/credentials")
    assert said.status_code in {204, 404}, said.text
    for cluster in story.clusters:
        said = await http.delete(f"{API}/clusters/{cluster}")
        assert said.status_code in {200, 204}, said.text

    async def gone() -> bool:
        left = [await left_of(story.platform, cluster) for cluster in story.clusters]
        return all(secrets == 0 for secrets, _ in left)

    await eventually(gone)
    await story.platform.settle()
