import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.access import LoginMethod
from contracts.refusals import Code, Refused, TryLater
from gateway.auth.identity import Identity
from gateway.auth.oidc.provider import OidcProvider
from tests.gateway.access.oidc.logins import (
    ACCESS_TOKEN,
    ATTEMPT,
    BACK,
    NEXT_RSA,
    NOW,
    USERINFO,
    Login,
    logging_in,
    saying,
)
from tests.kit.issuers import SECRET, TOKEN

pytestmark = pytest.mark.anyio

ADA = Identity("ada", frozenset({"platform", "night shift"}))
NO_GROUPS = {"groups": None, "preferred_username": None}


async def log_in(login: Login, provider: OidcProvider | None = None, **query: str) -> Identity:
    """From the first address to the end; ``query`` is what the browser brings besides."""
    provider = provider or login.provider()
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    return await provider.finish(ATTEMPT, back | query, BACK)


async def refusal(login: Login, provider: OidcProvider | None = None, **query: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await log_in(login, provider, **query)
    assert caught.value.code is Code.AUTH_FAILED
    told = "".join(traceback.format_exception(caught.value))
    secrets = (SECRET, "code-0", ACCESS_TOKEN, "eyJ", ATTEMPT.state, ATTEMPT.verifier)
    assert not any(secret in told for secret in secrets), told
    return caught.value


async def test_the_browser_is_sent_with_pkce_state_and_nonce(login: Login) -> None:
    provider = login.provider()
    parts = urlsplit(await provider.address(ATTEMPT, BACK))
    assert parts.path == "/authorize"
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert asked.pop("code_challenge") not in {"", ATTEMPT.verifier}
    assert asked == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "hub:1",
        "redirect_uri": BACK,
        "scope": "openid profile email groups",
        "state": ATTEMPT.state,
        "nonce": ATTEMPT.nonce,
        "code_challenge_method": "S256",
    }
    assert provider.method is LoginMethod.OIDC


async def test_who_comes_back_is_known_by_name_and_groups(login: Login) -> None:
    assert await log_in(login) == ADA
    assert login.issuer.times(USERINFO) == 0


async def test_the_secret_goes_in_the_header_alone(login: Login) -> None:
    await log_in(login)
    [asked] = login.issuer.asked
    assert asked.authorization is not None
    assert asked.form.keys() == {"grant_type", "code", "redirect_uri", "code_verifier"}


async def test_a_client_shows_its_secret_in_the_form_where_the_issuer_wants_that(
    login: Login,
) -> None:
    login.issuer.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert await log_in(login) == ADA
    assert login.issuer.asked[0].authorization is None


async def test_a_public_client_shows_its_id_and_the_verifier(tmp_path: Path) -> None:
    async with logging_in(tmp_path, None) as login:
        assert await log_in(login) == ADA
        [asked] = login.issuer.asked
    assert (asked.authorization, asked.form["client_id"]) == (None, "hub:1")
    assert "client_secret" not in asked.form


async def test_the_issuer_is_asked_for_its_configuration_and_keys_once(login: Login) -> None:
    provider = login.provider()
    for _ in range(3):
        await log_in(login, provider)
    assert len(login.issuer.origin.heads) == 2 + 3


async def test_userinfo_says_what_the_id_token_does_not(login: Login) -> None:
    login.issuer.claims = NO_GROUPS
    login.issuer.userinfo({"sub": "id-of-ada", "preferred_username": "ada", "groups": ["night"]})
    assert await log_in(login) == Identity("ada", frozenset({"night"}))
    assert login.issuer.origin.header("authorization") == f"Bearer {ACCESS_TOKEN}"


async def test_what_the_issuer_has_signed_goes_before_userinfo(login: Login) -> None:
    login.issuer.claims = {"groups": None}
    login.issuer.userinfo({"sub": "id-of-ada", "preferred_username": "bob", "groups": ["night"]})
    assert await log_in(login) == Identity("ada", frozenset({"night"}))


async def test_an_issuer_without_userinfo_has_people_without_groups(login: Login) -> None:
    login.issuer.document["userinfo_endpoint"] = None
    login.issuer.claims = {"groups": None}
    assert await log_in(login) == Identity("ada", frozenset())


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"sub": "id-of-bob", "preferred_username": "ada", "groups": ["platform"]}, "200 OK"),
        ({"preferred_username": "ada", "groups": ["platform"]}, "200 OK"),
        ({"error": SECRET}, "401 No"),
    ],
    ids=["of another", "of nobody", "refused"],
)
async def test_userinfo_that_is_not_of_this_login_lets_nobody_in(
    login: Login, said: Mapping[str, Any], status: str
) -> None:
    login.issuer.claims = NO_GROUPS
    login.issuer.userinfo(said, status)
    assert "who you are" in (await refusal(login)).message


@pytest.mark.parametrize(
    ("settings", "claims", "user", "groups"),
    [
        ({"user_claim": "sub"}, {}, "id-of-ada", set(ADA.groups)),
        ({"user_claim": "email"}, {"email": "ada@x.test"}, "ada@x.test", set(ADA.groups)),
        ({"groups_claim": "https://x.test/roles"}, {"https://x.test/roles": "one"}, "ada", {"one"}),
        ({}, {"groups": ["a", 7, "", None, "b\nc", "d"]}, "ada", {"a", "d"}),
        ({}, {"groups": {"a": 1}}, "ada", set[str]()),
    ],
)
async def test_name_and_groups_come_from_the_claims_of_the_settings(
    login: Login, settings: dict[str, Any], claims: dict[str, Any], user: str, groups: set[str]
) -> None:
    login.issuer.claims = claims
    login.issuer.userinfo({"sub": "id-of-ada"})
    found = await log_in(login, login.provider(**settings))
    assert found == Identity(user, frozenset(groups))


@pytest.mark.parametrize(
    ("settings", "claims"),
    [
        ({}, {"preferred_username": None}),
        ({}, {"preferred_username": ["ada"]}),
        ({}, {"preferred_username": ""}),
        ({}, {"preferred_username": "ada\nlevel=error"}),
        ({}, {"preferred_username": "ada "}),
        ({}, {"preferred_username": "a" * 257}),
        ({"user_claim": "email"}, {"email": "ada@x.test", "email_verified": False}),
    ],
)
async def test_somebody_without_a_sound_name_is_not_let_in(
    login: Login, settings: dict[str, Any], claims: dict[str, Any]
) -> None:
    login.issuer.claims = claims
    login.issuer.userinfo({"sub": "id-of-ada"})
    assert "user_claim" in (await refusal(login, login.provider(**settings))).message


async def test_a_code_is_good_once(login: Login) -> None:
    provider = login.provider()
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    await provider.finish(ATTEMPT, back, BACK)
    with pytest.raises(Refused, match="has ended or was used before"):
        await provider.finish(ATTEMPT, back, BACK)


async def test_a_code_without_our_verifier_is_worthless(login: Login) -> None:
    provider = login.provider()
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    with pytest.raises(Refused, match="has ended or was used before"):
        await provider.finish(replace(ATTEMPT, verifier="x" * 43), back, BACK)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "another"},
        {"state": ""},
        {"state": "ü"},
        {"code": ""},
        {"code": "c" * 10_000},
        {"error": "access_denied", "error_description": SECRET},
        {"iss": "https://elsewhere.test"},
    ],
    ids=lambda query: next(iter(query)),
)
async def test_who_brings_something_else_is_refused_before_the_issuer_is_asked(
    login: Login, query: dict[str, str]
) -> None:
    await refusal(login, None, **query)
    assert login.issuer.asked == []


async def test_an_issuer_that_says_its_name_must_say_it(login: Login) -> None:
    login.issuer.document["authorization_response_iss_parameter_supported"] = True
    assert "another issuer" in (await refusal(login)).message
    assert await log_in(login, iss=login.issuer.url) == ADA


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another login"},
        {"nonce": None},
        {"nonce": ["the-nonce"]},
        {"aud": "another-client"},
        {"aud": []},
        {"aud": None},
        {"aud": ["hub:1", "another-client"]},
        {"aud": ["hub:1", "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"iss": "https://elsewhere.test"},
        {"exp": NOW - 61},
        {"exp": None},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"sub": None},
    ],
    ids=repr,
)
async def test_an_id_token_that_is_not_of_this_login_lets_nobody_in(
    login: Login, claims: dict[str, Any]
) -> None:
    login.issuer.claims = claims
    assert "the token" in (await refusal(login)).message


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["hub:1"]},
        {"aud": ["hub:1", "another"], "azp": "hub:1"},
        {"exp": NOW - 59, "iat": NOW - 300},
        {"iat": NOW + 59},
        {"nbf": NOW + 59},
    ],
    ids=repr,
)
async def test_clocks_may_differ_by_a_minute_and_others_may_be_named(
    login: Login, claims: dict[str, Any]
) -> None:
    login.issuer.claims = claims
    assert await log_in(login) == ADA


async def test_an_id_token_with_a_foreign_signature_lets_nobody_in(login: Login) -> None:
    login.issuer.key = NEXT_RSA
    assert "not signed" in (await refusal(login)).message


async def test_a_client_that_the_issuer_does_not_take_is_told_to_the_administrator(
    login: Login,
) -> None:
    told = (await refusal(login, login.provider(client_secret="wrong"))).message
    assert "does not take this platform as a client" in told


@pytest.mark.parametrize("status", ["500 Oh", "503 Later", "429 Slow down"])
async def test_a_token_endpoint_in_trouble_is_asked_later(login: Login, status: str) -> None:
    provider = login.provider()
    back = login.issuer.log_in(await provider.address(ATTEMPT, BACK))
    login.issuer.instead[TOKEN] = saying({"error": SECRET}, status)
    with pytest.raises(TryLater) as caught:
        await provider.finish(ATTEMPT, back, BACK)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_nothing_secret_is_in_a_repr(login: Login) -> None:
    provider = login.provider()
    await log_in(login, provider)
    assert SECRET not in repr(provider)
