"""Bodies that are no credentials are refused by what is wrong with them, never repeating them."""

import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from contracts.clusters import ClusterType
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.simulator import Running, RunningCluster, simulating
from services.runtime.principals import Role
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.leaks import hidden
from tests.kit.simulated import (
    given,
    left_of,
    of_type,
    refusal,
    registered,
    with_credentials,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SECRET = "planted-secret-value"
ROUTES = ("credentials", "credentials/rotate", "credentials/validate")


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(4, seed=7)) as running:
        yield running


@pytest.fixture
def spoke(fleet: Running) -> RunningCluster:
    return of_type(fleet, ClusterType.SPOKE)


@pytest.fixture
async def cluster(platform: Platform, spoke: RunningCluster) -> Json:
    """The cluster, without credentials."""
    return await registered(platform, spoke, endpoints={})


def _login(fleet: Running, cluster: RunningCluster, **changes: Any) -> Json:
    return given(fleet, cluster, backends={}) | changes


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body",
    [b'{"token": "planted-secret-value"', b"token: planted-secret-value", b"\xffplanted", b""],
    ids=["cut", "yaml", "no-utf8", "empty"],
)
async def test_what_is_no_json(platform: Platform, cluster: Json, route: str, body: bytes) -> None:
    if (route, body) == ("credentials/validate", b""):
        return  # Without a body the cluster's own are tried.
    answer = await platform.http.post(
        f"{API}/clusters/{cluster['id']}/{route}",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert refused(answer, "INVALID_JSON")["message"] == "the body is not valid JSON"
    assert b"planted" not in answer.content
    assert await left_of(platform, cluster["id"]) == (0, 0)


WRONG: dict[str, tuple[Json, str]] = {
    "unknown": ({"tokn": SECRET}, "tokn"),
    "unknown-oidc": ({"oidc": {"password": SECRET}}, "oidc.password"),
    "unknown-backend": ({"backends": {"thanos": {"token": SECRET}}}, "backends.thanos"),
    "list": ({"token": [SECRET]}, "token"),
    "number": ({"token": 1234567890123456}, "token"),
    "object": ({"kubeconfig": {"users": [{"token": SECRET}]}}, "kubeconfig"),
    "kind": ({"auth_type": SECRET}, "auth_type"),
    "flag": ({"insecure_skip_tls_verify": SECRET}, "insecure_skip_tls_verify"),
    "backends": ({"backends": SECRET}, "backends"),
    "backend": ({"backends": {"prometheus": SECRET}}, "backends.prometheus"),
    "long": ({"token": SECRET * 16_000}, "token"),
    "long-backend": ({"backends": {"loki": {"token": SECRET * 16_000}}}, "backends.loki.token"),
    "long-pem": ({"ca_bundle": SECRET * 16_000}, "ca_bundle"),
    "long-name": ({"tls_server_name": SECRET * 20}, "tls_server_name"),
    "long-context": ({"context": SECRET * 50}, "context"),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", WRONG)
async def test_a_field_of_another_shape_is_named_and_not_repeated(
    platform: Platform, cluster: Json, route: str, name: str
) -> None:
    changes, where = WRONG[name]
    body = {"auth_type": "SERVICE_ACCOUNT", "token": "sha256~another-planted-one"} | changes
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/{route}", json=body)
    error = refused(answer, "VALIDATION_FAILED")
    assert where in [field["field"] for field in error["details"]["fields"]], error
    hidden(body, answer)
    assert b"planted" not in answer.content
    assert b"1234567890123456" not in answer.content
    assert await left_of(platform, cluster["id"]) == (0, 0)


def _cannot(whom: str, what: str) -> str:
    return f"{whom} cannot be asked: {what}; mend this part of the credentials"


async def test_300_kilobytes_are_no_token(platform: Platform, cluster: Json) -> None:
    body = {"auth_type": "SERVICE_ACCOUNT", "token": "x" * 300_000}
    text = json.dumps(refused(await _posted(platform, cluster, body), "VALIDATION_FAILED"))
    assert "at most 65536" in text
    assert "xxxx" not in text


async def _posted(platform: Platform, cluster: Json, body: Json, route: str = ROUTES[0]) -> Any:
    return await platform.http.post(f"{API}/clusters/{cluster['id']}/{route}", json=body)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_of_two_megabytes_is_kept_nowhere(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json, route: str
) -> None:
    body = json.dumps(_login(fleet, spoke)) + " " * 2_000_000
    answer = await platform.http.post(
        f"{API}/clusters/{cluster['id']}/{route}",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert refused(answer, "LIMIT_REACHED")["message"] == "a secret has at most 1500000 bytes"
    assert await left_of(platform, cluster["id"]) == (0, 0)


async def test_no_kind_of_login(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    body = _login(fleet, spoke)
    del body["auth_type"]
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == "auth_type: says how to log in to the API server, and is missing"


async def test_two_kinds_of_login_at_once(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    body = _login(fleet, spoke, kubeconfig=kubeconfig([spoke.entry()]))
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == "kubeconfig: does not belong to SERVICE_ACCOUNT"


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("SERVICE_ACCOUNT", "token"), ("KUBECONFIG", "kubeconfig"), ("OIDC", "oidc")],
)
async def test_a_kind_of_login_without_what_it_needs(
    platform: Platform, cluster: Json, kind: str, missing: str
) -> None:
    text = await refusal(platform, cluster, {"auth_type": kind}, "VALIDATION_FAILED")
    assert text == f"{missing}: is missing"


async def test_an_empty_token(platform: Platform, cluster: Json) -> None:
    body = {"auth_type": "SERVICE_ACCOUNT", "token": " \n"}
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == "token: is empty"


@pytest.mark.parametrize(
    "token",
    [
        "sha256~planted\r\nHost: elsewhere.test",
        "sha256~planted\x00token",
        "sha256~planted token",
        "sha256~planted\x7ftoken",
        "sha256~plantéd-token",
    ],
    ids=["header", "nul", "blank", "delete", "accent"],
)
async def test_a_token_with_characters_that_no_token_has(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json, token: str
) -> None:
    body = _login(fleet, spoke, token=token)
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot("the API server", "token: must be printable ASCII without blanks")


@pytest.mark.parametrize("name", ["token", "kubeconfig"])
async def test_half_a_character_is_no_json(platform: Platform, cluster: Json, name: str) -> None:
    path = "import" if name == "kubeconfig" else f"{cluster['id']}/credentials"
    answer = await platform.http.post(
        f"{API}/clusters/{path}",
        content=b'{"%b": "planted\\ud800"}' % name.encode(),
        headers={"content-type": "application/json"},
    )
    refused(answer, "INVALID_JSON")
    assert b"planted" not in answer.content


async def test_a_backend_s_token_with_a_line_break_is_named(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    body = given(fleet, spoke)
    body["backends"] = {"prometheus": {"token": "planted-token\r\nHost: elsewhere.test"}}
    cluster = await registered(platform, spoke)
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot("Prometheus", "token: must be printable ASCII without blanks")


async def test_a_surrounding_line_break_is_no_part_of_a_token(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    token = f" {spoke.account('operator').token}\n"
    await with_credentials(platform, fleet, spoke, given={"token": token})


GARBAGE = "-----BEGIN CERTIFICATE-----\nplanted+garbage\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("pem", ["planted garbage", GARBAGE, "plantéd"])
async def test_a_ca_bundle_that_cannot_be_read(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json, pem: str
) -> None:
    body = _login(fleet, spoke, ca_bundle=pem)
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot("the API server", "ca: holds no certificate in PEM that can be read")


async def test_a_backend_s_ca_bundle_that_cannot_be_read(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    body = given(fleet, spoke)
    body["backends"] = {"prometheus": {"ca_bundle": GARBAGE}}
    cluster = await registered(platform, spoke)
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot("Prometheus", "ca: holds no certificate in PEM that can be read")


async def test_a_client_key_that_is_another_s(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    one, other = spoke.client_certificate(), spoke.client_certificate()
    mixed = type(one)(one.certificate, other.key)
    told = kubeconfig([type(spoke.entry())("c", spoke.api_url, fleet.authority.pem, mixed)])
    body = {"auth_type": "KUBECONFIG", "kubeconfig": told}
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot(
        "the API server", "certificate: cannot be read, or its key is encrypted or not its own"
    )


async def test_a_server_name_that_is_none(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    body = _login(fleet, spoke, tls_server_name="planted name\x00")
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == _cannot("the API server", "server_name: must be a host name")


async def test_a_token_for_a_backend_that_the_cluster_does_not_have(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    body = _login(fleet, spoke, backends={"tempo": {"token": SECRET}})
    text = await refusal(platform, cluster, body, "VALIDATION_FAILED")
    assert text == "backends.tempo: the cluster has no tempo_url that this could be for"


@pytest.mark.parametrize("route", ROUTES)
async def test_a_cluster_that_is_not_there(
    platform: Platform, fleet: Running, spoke: RunningCluster, route: str
) -> None:
    nobody = {"id": str(UUID(int=7))}
    body = _login(fleet, spoke)
    answer = await _posted(platform, nobody, body, route)
    refused(answer, "CLUSTER_NOT_FOUND")
    hidden(body, answer)
    assert await left_of(platform, nobody["id"]) == (0, 0)


async def test_what_is_not_there_cannot_be_rotated(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    body = _login(fleet, spoke)
    answer = await _posted(platform, cluster, body, "credentials/rotate")
    refused(answer, "CREDENTIALS_NOT_FOUND")
    hidden(body, answer)
    assert await left_of(platform, cluster["id"]) == (0, 0)


@pytest.mark.parametrize("route", [*ROUTES, "import"])
async def test_who_may_only_post_alerts_may_give_no_credentials(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json, route: str
) -> None:
    body = {"kubeconfig": kubeconfig([spoke.entry()])}
    body = body if route == "import" else _login(fleet, spoke)
    path = f"{API}/clusters/{route if route == 'import' else cluster['id'] + '/' + route}"
    async with platform.client(await platform.token(Role.INGEST, cluster["id"])) as posting:
        answer = await posting.post(path, json=body)
        refused(answer, "PERMISSION_DENIED")
        hidden(body, answer)
        asked = f"{API}/clusters/{cluster['id']}/credentials"
        refused(await posting.get(asked), "PERMISSION_DENIED")
        refused(await posting.delete(asked), "PERMISSION_DENIED")
    async with platform.client() as nobody:
        refused(await nobody.post(path, json=body), "AUTH_FAILED")
    assert await left_of(platform, cluster["id"]) == (0, 0)


async def test_a_broken_rotation_leaves_everything_as_it_was(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await with_credentials(platform, fleet, spoke)
    path = f"/clusters/{cluster['id']}/credentials"
    before, kept = await platform.list(path), await left_of(platform, cluster["id"])
    token = "sha256~planted-and-wrong"
    bodies = (
        {"auth_type": "SERVICE_ACCOUNT", "token": token, "ca_bundle": GARBAGE},
        {"auth_type": "SERVICE_ACCOUNT", "token": token},
        {"token": token},
        {"backends": {"prometheus": {"token": f"{token}\n{token}"}}},
    )
    for body in bodies:
        answer = await _posted(platform, cluster, body, "credentials/rotate")
        assert answer.status_code in {400, 422}, answer.text
        hidden(body, answer)
    assert await platform.list(path) == before
    assert await left_of(platform, cluster["id"]) == kept
    assert spoke.backend_url(Part.PROMETHEUS)
    answer = await platform.http.post(f"{API}{path}/validate")
    assert answer.status_code == 200, answer.text
    assert answer.json()["valid"] is True, answer.text
