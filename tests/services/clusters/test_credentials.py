"""What becomes of credentials as people give them, without any cluster."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from contracts.clusters import Checked, Renewal, Validation
from contracts.refusals import Code, Refused
from services.clusters import credentials
from services.clusters.credentials import Read
from services.runtime.vault import logins
from services.runtime.vault.logins import Login
from services.runtime.vault.material import Material
from tests.kit.authorities import authority
from tests.services.clusters.giving import (
    API,
    AT,
    DAY,
    OIDC,
    PLANTED,
    PROMETHEUS,
    cluster,
    first,
    given,
    kubeconfig,
    of_kubeconfig,
    part,
    refusal,
    rotated,
    token,
)


def test_a_service_account_s_token_is_for_the_registered_api_server() -> None:
    ends = AT + DAY
    told = given(token=f" {token(ends)}\n", ca_bundle="CA", tls_server_name="api.internal")
    assert credentials.read(told, cluster()).logins.kubernetes == Login(
        origin=API, token=token(ends), ca="CA", server_name="api.internal", expires_at=ends
    )


def test_a_kubeconfig_says_itself_whom_to_trust() -> None:
    pem = authority().pem
    inline = {"certificate-authority-data": base64.b64encode(pem.encode()).decode()}
    told = part(auth_type="KUBECONFIG", kubeconfig=kubeconfig(**inline), ca_bundle="other")
    login = credentials.read(told, cluster()).logins.kubernetes
    assert login == Login(origin=API, token="hunter2", ca=pem)
    assert of_kubeconfig(API, ca_bundle="CA").logins.kubernetes == Login(API, "hunter2", ca="CA")


def test_a_client_certificate_says_when_it_ends() -> None:
    made = authority().client_identity()
    coded = {
        f"client-{name}-data": base64.b64encode(pem.encode()).decode()
        for name, pem in (("certificate", made.pem), ("key", made.key))
    }
    told = part(auth_type="KUBECONFIG", kubeconfig=kubeconfig(user=coded))
    login = credentials.read(told, cluster()).logins.kubernetes
    assert login is not None
    assert login.expires_at == made.certificate.not_valid_after_utc
    assert (login.certificate, login.key, login.token) == (made.pem, made.key, None)


def test_a_client_of_an_openid_provider_has_no_token_yet() -> None:
    told = part(auth_type="OIDC", oidc=OIDC | {"ca_bundle": "SSO"}, ca_bundle="CA")
    found = credentials.read(told, cluster())
    assert found.logins.kubernetes == Login(API, ca="CA")
    assert found.oidc is not None
    assert (found.oidc.client_secret, found.oidc.refresh_token) == ("planted-1", None)
    assert (found.oidc.issuer_url, found.oidc.ca_pem) == ("https://sso.example.com", "SSO")
    assert credentials.read_oidc(credentials.oidc_material(found.oidc)) == found.oidc


def test_each_backend_has_its_own_token_and_the_common_ca_unless_it_has_its_own() -> None:
    backends = {"prometheus": {"token": "sha256~p\n"}, "loki": {"ca_bundle": "LOKI"}}
    found = credentials.read(given(ca_bundle="CA", backends=backends), cluster()).logins
    assert found.backends == {
        Checked.PROMETHEUS: Login(f"{PROMETHEUS}:443", "sha256~p", ca="CA"),
        Checked.LOKI: Login("https://loki.edge-berlin-1.example.com:3100", ca="LOKI"),
    }


def test_a_korrel8r_has_its_login_as_the_backends_have_theirs() -> None:
    there = cluster(endpoints={"korrel8r_url": "https://korrel8r.test/below"})
    told = given(backends={"korrel8r": {"token": "planted-k"}})
    found = credentials.read(told, there).logins.backends
    assert found == {Checked.KORREL8R: Login("https://korrel8r.test:443", "planted-k")}


def test_a_backend_with_neither_token_nor_ca_needs_no_login() -> None:
    assert credentials.read(given(), cluster()).logins.backends == {}


def test_a_token_for_a_backend_that_the_cluster_does_not_have_is_refused() -> None:
    told = given(backends={"tempo": {"token": "planted-t"}})
    found = refusal(told)
    assert (found.code, found.details["fields"][0]["field"]) == (
        Code.VALIDATION_FAILED,
        "backends.tempo",
    )


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"token": "planted-1"}, "auth_type"),
        ({"auth_type": "SERVICE_ACCOUNT"}, "token"),
        ({"auth_type": "OIDC"}, "oidc"),
        ({"auth_type": "KUBECONFIG"}, "kubeconfig"),
        ({"auth_type": "KUBECONFIG", "kubeconfig": "planted-1", "token": "planted-2"}, "token"),
        ({"auth_type": "SERVICE_ACCOUNT", "token": "planted-1", "oidc": OIDC}, "oidc"),
        ({"auth_type": "OIDC", "oidc": OIDC, "kubeconfig": "planted-2"}, "kubeconfig"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(told: Any, wrong: str) -> None:
    found = refusal(part(**told))
    assert found.code is Code.VALIDATION_FAILED
    assert found.details["fields"][0]["field"] == wrong


@pytest.mark.parametrize("url", ["https://xn--a", "https://xn--a:6443/x"])
def test_a_secret_is_for_no_url_that_leads_nowhere(url: str) -> None:
    assert refusal(given(), cluster(api_server_url=url)).code is Code.VALIDATION_FAILED
    backends = {"loki": {"token": "planted-l"}}
    broken = cluster(endpoints={"loki_url": url})
    assert refusal(given(backends=backends), broken).code is Code.VALIDATION_FAILED


@pytest.mark.parametrize(
    "server",
    [
        API.upper().replace("HTTPS", "https"),
        API.replace("https", "HTTPS"),
        f"{API}/",
    ],
)
def test_a_kubeconfig_may_spell_the_registered_server_otherwise(server: str) -> None:
    login = of_kubeconfig(server).logins.kubernetes
    assert login is not None
    assert login.origin == API


@pytest.mark.parametrize(
    ("registered", "server", "same"),
    [
        ("https://api.example.com", "https://api.example.com:443", True),
        ("https://api.example.com:443/", "https://api.example.com", True),
        ("https://[2001:DB8::1]:6443", "https://[2001:db8::1]:6443", True),
        ("https://[2001:db8::1]", "https://[2001:db8::1]:443", True),
        ("https://[2001:db8::1]:6443", "https://[2001:db8::2]:6443", False),
        ("https://[2001:db8::1]:6443", "https://[2001:db8::1]", False),
        ("https://api.example.com:6443", "https://api.example.com", False),
        ("https://api.example.com", "http://api.example.com", False),
        ("http://127.0.0.1:443", "https://127.0.0.1", False),
        ("https://api.example.com", "https://api.example.com.", False),
        ("https://api.example.com", "https://api.example.org", False),
        ("https://bücher.example", "https://xn--bcher-kva.example", True),
    ],
)
def test_a_kubeconfig_is_for_the_api_server_that_is_registered(
    registered: str, server: str, same: bool
) -> None:
    told = part(auth_type="KUBECONFIG", kubeconfig=kubeconfig(server))
    of = cluster(api_server_url=registered)
    if same:
        assert credentials.read(told, of).logins.kubernetes
    else:
        found = refusal(told, of)
        assert (found.code, found.details) == (Code.CREDENTIALS_INVALID, {"context": "edge"})
        assert "for another API server" in found.message


def describe(found: Read, **changes: Any) -> Any:
    usual: dict[str, Any] = {"at": AT, "renewal": Renewal.BY_HAND} | changes
    return credentials.described(found, usual.pop("before", None), (), **usual)


def test_what_is_told_of_credentials_is_none_of_them() -> None:
    found = first()
    told = describe(found)
    assert told.backends == (Checked.PROMETHEUS, Checked.LOKI)
    assert told.origins[Checked.API_SERVER] == API
    assert (told.created_at, told.rotated_at, told.expires_at) == (AT, None, None)
    assert "sha256~" not in told.model_dump_json()
    again = describe(found, before=told, at=AT + DAY)
    assert (again.created_at, again.rotated_at) == (AT, AT + DAY)


def test_trust_without_a_secret_is_for_no_origin() -> None:
    told = describe(credentials.read(given(ca_bundle="CA"), cluster()))
    assert (told.backends, set(told.origins)) == ((), {Checked.API_SERVER})


ENDS = st.none() | st.integers(min_value=1, max_value=1000)


@for_all(api=ENDS, prometheus=ENDS, loki=ENDS)
def test_credentials_end_with_the_first_of_them(
    api: int | None, prometheus: int | None, loki: int | None
) -> None:
    def of(days: int | None) -> str:
        return "sha256~opaque" if days is None else token(AT + days * DAY)

    backends = {"prometheus": {"token": of(prometheus)}, "loki": {"token": of(loki)}}
    found = credentials.read(given(token=of(api), backends=backends), cluster())
    days = [each for each in (api, prometheus, loki) if each is not None]
    assert describe(found).expires_at == (AT + min(days) * DAY if days else None)
    sso = rotated(found, auth_type="OIDC", oidc=OIDC)
    short = credentials.with_token(sso, of(1), AT + timedelta(minutes=5))
    days = [each for each in (prometheus, loki) if each is not None]
    assert describe(short).expires_at == (AT + min(days) * DAY if days else None)


@for_all(
    life=st.integers(min_value=10, max_value=10**8),
    lived=st.integers(min_value=0, max_value=10**8),
    says_since=st.booleans(),
)
def test_a_login_is_renewed_before_it_ends_and_not_at_once(
    life: int, lived: int, says_since: bool
) -> None:
    since = AT - timedelta(seconds=lived)
    ends = AT + timedelta(seconds=life)
    login = Login(API, token(ends, since if says_since else None), expires_at=ends)
    at = credentials.renewed_at(AT, login)
    assert at is not None
    assert AT + timedelta(seconds=5) <= at <= ends - timedelta(seconds=min(5, life * 0.2))
    if life > 3600 and lived == 0:
        assert at == AT + 0.8 * timedelta(seconds=life)


def test_a_login_without_an_end_is_not_renewed() -> None:
    assert credentials.renewed_at(AT, Login(API, "opaque")) is None


def test_a_login_that_has_ended_is_renewed_soon() -> None:
    ended = Login(API, token(AT - DAY, AT - 2 * DAY), expires_at=AT - DAY)
    assert credentials.renewed_at(AT, ended) == AT + timedelta(seconds=5)


def test_people_are_warned_seven_days_ahead() -> None:
    assert credentials.warned_at(AT) == AT - 7 * DAY


CHANGES = st.sampled_from(
    [
        {"token": "sha256~other"},
        {"ca_bundle": "other"},
        {"tls_server_name": "other"},
        {"insecure_skip_tls_verify": True},
        {"backends": {"prometheus": {"token": "sha256~p"}}},
        {"backends": {"prometheus": {"token": "sha256~p"}, "loki": {"token": "other"}}},
    ]
)


@for_all(one=CHANGES, other=CHANGES)
def test_the_fingerprint_is_the_same_for_the_same_and_other_for_other(one: Any, other: Any) -> None:
    same = first(**one).fingerprint == first(**other).fingerprint
    assert same is (one == other)
    assert first(**one).fingerprint != first().fingerprint


def test_the_vault_gives_back_what_it_was_given() -> None:
    found = rotated(first(), auth_type="OIDC", oidc=OIDC)
    kept = {name: Material(secret) for name, secret in credentials.materials(found).items()}
    assert set(kept) == {logins.KUBERNETES, logins.BACKENDS, logins.RENEWAL}
    assert logins.read(kept[logins.KUBERNETES], kept[logins.BACKENDS]) == found.logins
    assert credentials.read_oidc(kept[logins.RENEWAL]) == found.oidc


def test_nothing_shows_its_secrets() -> None:
    found = rotated(first(), auth_type="OIDC", oidc=OIDC | {"refresh_token": "planted-2"})
    found = credentials.with_token(found, "planted-3", None)
    shown = f"{found} {found.logins} {found.logins.kubernetes} {found.oidc} {given()!r}"
    assert not any(secret in shown for secret in PLANTED)


GOOD = Validation(name=Checked.API_SERVER, valid=True)
BAD = Validation(name=Checked.LOKI, valid=False, error="Loki answered 401", advice="give a token")


def test_credentials_that_every_endpoint_takes_are_not_refused() -> None:
    assert credentials.refusal((GOOD,), {}) is None


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    found = credentials.refusal((GOOD, BAD), {Checked.LOKI: Code.CLUSTER_UNREACHABLE})
    assert found is not None
    assert (found.code, found.message) == (
        Code.CLUSTER_UNREACHABLE,
        "Loki answered 401; give a token",
    )
    assert [each["valid"] for each in found.details["validation"]] == [True, False]


def test_a_refusal_names_the_rights_that_are_missing() -> None:
    lacking = BAD.model_copy(update={"missing": ("list nodes", "list pods")})
    found = credentials.refusal((lacking,), {})
    assert found is not None
    assert found.code is Code.CREDENTIALS_INVALID
    assert found.message == "Loki answered 401: list nodes, list pods; give a token"


def test_a_backend_takes_user_and_password_a_certificate_or_a_tenant() -> None:
    backend = {"username": "hub", "password": "planted-9", "tenant": "fleet"}
    found = credentials.read(given(backends={"loki": backend}), cluster())
    login = found.logins.backends[Checked.LOKI]
    assert (login.username, login.password, login.tenant) == ("hub", "planted-9", "fleet")
    assert login.secret
    told = given(backends={"loki": {"tenant": "fleet"}})
    assert not credentials.read(told, cluster()).logins.backends[Checked.LOKI].secret


@pytest.mark.parametrize(
    "backend", [{"username": "hub"}, {"password": "planted-9"}, {"key": "planted-9"}]
)
def test_half_of_a_backend_s_login_is_refused(backend: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        credentials.read(given(backends={"loki": backend}), cluster())
    assert caught.value.details["fields"][0]["field"].startswith("backends.loki.")
    assert "planted" not in f"{caught.value}"
