"""What a rotation replaces, and what stays as it is."""

from typing import Any

import msgspec

from contracts.clusters import AuthType, Checked
from services.clusters import credentials
from services.runtime.vault.logins import Login
from tests.services.clusters.giving import (
    API,
    LOKI,
    OIDC,
    PROMETHEUS,
    cluster,
    first,
    given,
    kubeconfig,
    part,
    refusal,
    rotated,
)


def test_a_rotation_of_nothing_changes_nothing() -> None:
    assert rotated(first()) == first()


def test_a_rotated_token_leaves_whom_to_trust_and_the_backends_alone() -> None:
    found = rotated(first(), auth_type="SERVICE_ACCOUNT", token="sha256~new")
    assert found.logins.kubernetes == Login(API, "sha256~new", ca="CA", server_name="api")
    assert found.logins.backends == first().logins.backends


def test_whom_to_trust_can_be_given_with_a_rotated_token_or_taken_away() -> None:
    new: dict[str, Any] = {"auth_type": "SERVICE_ACCOUNT", "token": "sha256~new"}
    login = rotated(first(), **new, ca_bundle="NEW", tls_server_name=None).logins.kubernetes
    assert login == Login(API, "sha256~new", ca="NEW")
    assert rotated(first(), **new, ca_bundle=None).logins.kubernetes == Login(
        API, "sha256~new", server_name="api"
    )


def test_a_cluster_whose_certificate_is_not_checked_stays_so_until_that_is_said() -> None:
    before = first(insecure_skip_tls_verify=True)
    new: dict[str, Any] = {"auth_type": "SERVICE_ACCOUNT", "token": "sha256~new"}
    kept = rotated(before, **new).logins.kubernetes
    said = rotated(before, **new, insecure_skip_tls_verify=False).logins.kubernetes
    assert kept is not None
    assert said is not None
    assert (kept.verify, said.verify) == (False, True)


def test_a_backend_s_token_is_rotated_alone_and_keeps_its_ca() -> None:
    found = rotated(first(), backends={"loki": {"token": "sha256~new"}})
    before = first().logins
    loki = msgspec.structs.replace(before.backends[Checked.LOKI], token="sha256~new")
    assert found.logins.kubernetes == before.kubernetes
    assert found.logins.backends == dict(before.backends) | {Checked.LOKI: loki}
    assert found.auth_type is AuthType.SERVICE_ACCOUNT


def test_a_backend_s_login_can_be_taken_away() -> None:
    found = rotated(first(), backends={"loki": None})
    assert set(found.logins.backends) == {Checked.PROMETHEUS}


def test_a_ca_bundle_alone_replaces_whom_to_trust_everywhere() -> None:
    backends = {"prometheus": {"token": "sha256~p", "ca_bundle": "OWN"}}
    found = rotated(first(backends=backends), ca_bundle="NEW").logins
    assert [login.ca for login in found.each.values()] == ["NEW"] * 3
    assert [login.token for login in found.each.values()] == ["sha256~operator", "sha256~p", None]


def test_a_ca_bundle_alone_is_trusted_where_there_was_no_login_before() -> None:
    bare = credentials.read(given(), cluster())
    assert {
        name: login.ca for name, login in rotated(bare, ca_bundle="NEW").logins.each.items()
    } == {
        Checked.API_SERVER: "NEW",
        Checked.PROMETHEUS: "NEW",
        Checked.LOKI: "NEW",
    }


def test_the_way_to_log_in_can_be_changed() -> None:
    found = rotated(first(), auth_type="KUBECONFIG", kubeconfig=kubeconfig())
    assert found.logins.kubernetes == Login(API, "hunter2")
    assert found.logins.backends == first().logins.backends
    sso = rotated(found, auth_type="OIDC", oidc=OIDC)
    assert sso.oidc is not None
    assert (sso.auth_type, sso.logins.kubernetes) == (AuthType.OIDC, Login(API))
    back = rotated(sso, auth_type="SERVICE_ACCOUNT", token="sha256~new")
    assert (back.oidc, back.auth_type) == (None, AuthType.SERVICE_ACCOUNT)


def test_a_client_of_an_openid_provider_stays_when_a_backend_is_rotated() -> None:
    sso = rotated(first(), auth_type="OIDC", oidc=OIDC)
    assert rotated(sso, backends={"loki": {"token": "new"}}).oidc == sso.oidc


def test_a_login_needs_its_kind_in_a_rotation_too() -> None:
    found = refusal(part(token="planted-1"), before=first())
    assert found.details["fields"][0]["field"] == "auth_type"


def test_a_rotation_drops_what_was_for_an_endpoint_that_has_moved() -> None:
    moved = cluster(endpoints={"prometheus_url": f"{PROMETHEUS}:9090", "loki_url": LOKI})
    found = rotated(first(), moved, auth_type="SERVICE_ACCOUNT", token="sha256~new")
    assert set(found.logins.backends) == {Checked.LOKI}
    again = rotated(first(), moved, backends={"prometheus": {"token": "sha256~p2"}})
    assert again.logins.backends[Checked.PROMETHEUS] == Login(f"{PROMETHEUS}:9090", "sha256~p2")
