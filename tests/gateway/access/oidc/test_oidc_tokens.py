import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry, serialize_compact

from contracts.refusals import TryLater
from gateway.auth.identity import Identity
from gateway.auth.oidc import kept
from tests.gateway.access.oidc.logins import (
    AUDIENCE,
    JWKS,
    NEXT_RSA,
    NOW,
    RSA,
    Key,
    Login,
    by_hand,
    logging_in,
)

pytestmark = pytest.mark.anyio

ADA = Identity("ada", frozenset({"platform", "night shift"}))
EC = {curve: ECKey.generate_key(curve, {"kid": curve}) for curve in ("P-256", "P-384", "P-521")}
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
ALGORITHMS: dict[str, Key] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": EC["P-256"],
    "ES384": EC["P-384"],
    "ES512": EC["P-521"],
    "EdDSA": ED,
    "Ed25519": ED,
}
HEADER = {"alg": "RS256", "kid": "rsa-1"}


class _Quiet(JWSRegistry):
    """Signs with every algorithm, also those that the library warns of."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]


def signed(key: Key, header: Mapping[str, Any], claims: Mapping[str, Any] | bytes) -> str:
    """A token with exactly this in it."""
    body = claims if isinstance(claims, bytes) else json.dumps(dict(claims)).encode()
    return serialize_compact(dict(header), body, key, registry=_Quiet(strict_check_header=False))


def signed_anyhow(
    header: Mapping[str, Any], claims: Mapping[str, Any], key: rsa.RSAPrivateKey | None = None
) -> str:
    """A token that a key has signed (RS256), the issuer's if not said, whatever its header says."""
    unsigned, by = by_hand(header, claims, None), key or RSA.private_key
    assert by is not None
    signature = by.sign(unsigned[:-1].encode(), padding.PKCS1v15(), hashes.SHA256())
    return unsigned + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_token_with_an_asymmetric_signature_says_whose_it_is(
    login: Login, algorithm: str
) -> None:
    key = ALGORITHMS[algorithm]
    login.issuer.publish(RSA, *EC.values(), ED)
    token = signed(key, {"alg": algorithm, "kid": key.kid}, login.issuer.says({}))
    assert await login.provider().bearer(token) == ADA


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"typ": "at+jwt"},
        HEADER | {"typ": "application/at+jwt"},
        HEADER | {"typ": "JWT", "x5t": "abc", "something": {"of": "theirs"}},
        {"alg": "RS256"},
    ],
    ids=repr,
)
async def test_what_else_stands_in_a_header_does_not_matter(
    login: Login, header: dict[str, Any]
) -> None:
    assert await login.provider().bearer(signed(RSA, header, login.issuer.says({}))) == ADA


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"nbf": NOW + 61},
        {"iat": NOW + 61},
        {"iat": None},
        {"iss": "https://elsewhere.test"},
        {"iss": None},
        {"aud": "https://hub.test/api/"},
        {"aud": ["hub:1"]},
        {"aud": [AUDIENCE, 7]},
        {"aud": {AUDIENCE: True}},
        {"aud": None},
        {"sub": None},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"preferred_username": None},
    ],
    ids=repr,
)
async def test_a_token_that_is_not_for_us_now_is_nobodys(
    login: Login, claims: dict[str, Any]
) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign(claims)) is None
    assert await provider.bearer(login.issuer.sign({})) == ADA


async def test_a_token_for_another_one_too_is_taken(login: Login) -> None:
    assert await login.provider().bearer(login.issuer.sign({"aud": ["x", AUDIENCE]})) == ADA


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"typ": "logout+jwt"},
        HEADER | {"typ": "secevent+jwt"},
        HEADER | {"crit": ["exp"], "exp": 1},
        HEADER | {"crit": ["b64"], "b64": True},
        HEADER | {"kid": "nobody's"},
        HEADER | {"kid": ""},
    ],
    ids=repr,
)
async def test_a_header_that_asks_for_something_else_is_refused(
    login: Login, header: dict[str, Any]
) -> None:
    provider, says = login.provider(), login.issuer.says({})
    assert await provider.bearer(signed_anyhow(header, says)) is None
    assert await provider.bearer(signed_anyhow(HEADER, says)) == ADA


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
async def test_a_token_without_a_signature_is_nobodys(login: Login, alg: str) -> None:
    token = by_hand({"alg": alg, "kid": "rsa-1"}, login.issuer.says({}), None)
    assert await login.provider().bearer(token) is None
    assert login.issuer.times(JWKS) == 0


@pytest.mark.parametrize("published", ["pem", "jwk", "der"])
async def test_our_public_key_is_no_shared_secret(login: Login, published: str) -> None:
    secret = {
        "pem": RSA.as_pem(private=False),
        "der": RSA.as_der(private=False),
        "jwk": json.dumps(RSA.as_dict(private=False)).encode(),
    }[published]
    token = by_hand({"alg": "HS256", "kid": "rsa-1"}, login.issuer.says({}), secret)
    assert await login.provider().bearer(token) is None


async def test_a_key_for_one_algorithm_is_not_used_with_another(login: Login) -> None:
    login.issuer.publish(RSA.as_dict(private=False) | {"alg": "RS256"})
    provider, says = login.provider(), login.issuer.says({})
    assert await provider.bearer(signed(RSA, HEADER | {"alg": "PS256"}, says)) is None
    assert await provider.bearer(signed(RSA, HEADER, says)) == ADA


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_token_that_was_changed_is_nobodys(login: Login, part: int) -> None:
    parts = login.issuer.sign({}).split(".")
    other = login.issuer.sign({"preferred_username": "bob"}, {"typ": "JWT"}).split(".")
    parts[part] = other[part]
    assert await login.provider().bearer(".".join(parts)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "aiops_token",
        "sha256~opaque",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        "ü.ü.ü",
        "\ud800.a.b",
        "WyJhbGciXQ.e30.",
        "ImFsZyI.e30.",
        by_hand({"alg": ["RS256"]}, {}, None),
        by_hand({"alg": "RS256", "kid": 7}, {}, None),
        "x" * 70_000,
        f"{'e' * 300_000}.e30.e30",
    ],
    ids=lambda token: ascii(token[:20]),
)
async def test_what_is_no_jwt_is_nobodys_and_the_issuer_is_not_asked(
    login: Login, token: str
) -> None:
    assert await login.provider().bearer(token) is None
    assert login.issuer.origin.heads == []


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b"\xff", b"[" * 50_000], ids=ascii)
async def test_a_signed_body_that_holds_no_claims_is_nobodys(login: Login, body: bytes) -> None:
    assert await login.provider().bearer(signed(RSA, HEADER, body)) is None


async def test_without_an_audience_no_bearer_token_is_taken(login: Login) -> None:
    assert await login.provider(audience="").bearer(login.issuer.sign({})) is None
    assert login.issuer.origin.heads == []


async def test_a_rotated_key_is_found_and_the_old_one_ends(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({"jti": "1"})) == ADA
    login.issuer.publish(NEXT_RSA)
    login.issuer.key = NEXT_RSA
    login.clock.on(11)
    assert await provider.bearer(login.issuer.sign({"jti": "2"})) == ADA
    login.issuer.key = RSA
    assert await provider.bearer(login.issuer.sign({"jti": "3"})) is None


async def test_a_rotated_key_without_a_name_is_found(tmp_path: Path) -> None:
    async with logging_in(tmp_path) as login:
        nameless = [key.as_dict(private=False) for key in (RSA, NEXT_RSA)]
        for each in nameless:
            del each["kid"]
        provider = login.provider()
        login.issuer.publish(nameless[0])
        assert await provider.bearer(login.issuer.sign({"jti": "1"}, {"kid": None})) == ADA
        login.issuer.publish(nameless[1])
        login.issuer.key = NEXT_RSA
        login.clock.on(11)
        assert await provider.bearer(login.issuer.sign({"jti": "2"}, {"kid": None})) == ADA


async def test_tokens_of_unknown_keys_make_us_ask_once_in_ten_seconds(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({})) == ADA
    for _ in range(3):
        login.clock.on(11)
        for number in range(20):
            token = login.issuer.sign({}, {"kid": f"unknown-{number}"})
            assert await provider.bearer(token) is None
    assert login.issuer.times(JWKS) == 1 + 3


async def test_a_wrong_signature_of_a_known_key_asks_for_nothing(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({})) == ADA
    login.clock.on(11)
    assert await provider.bearer(signed(NEXT_RSA, HEADER, login.issuer.says({}))) is None
    assert login.issuer.times(JWKS) == 1


async def test_keys_are_fetched_again_after_an_hour(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({"exp": NOW + 9000})) == ADA
    login.issuer.publish(NEXT_RSA)
    login.clock.on(3601)
    assert await provider.bearer(login.issuer.sign({"exp": NOW + 9000})) is None


async def test_a_good_token_is_remembered_for_a_minute(login: Login) -> None:
    provider, token = login.provider(), login.issuer.sign({"exp": NOW + 9000})
    assert await provider.bearer(token) == ADA
    login.issuer.publish(NEXT_RSA)
    login.clock.on(3590)  # The keys are kept still, but not the token any more.
    assert await provider.bearer(token) == ADA
    login.clock.on(59)
    assert await provider.bearer(token) == ADA
    login.clock.on(2)
    assert await provider.bearer(token) is None


async def test_a_good_token_is_remembered_no_longer_than_it_lives(login: Login) -> None:
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({})) == ADA
    login.clock.on(3575)
    short = login.issuer.sign({"exp": NOW + 3575 + 30})
    assert await provider.bearer(short) == ADA
    login.issuer.publish(NEXT_RSA)
    login.clock.on(29)  # The keys have become too old.
    assert await provider.bearer(short) == ADA
    login.clock.on(2)
    assert await provider.bearer(short) is None


async def test_a_token_that_is_good_only_as_clocks_differ_is_not_remembered(login: Login) -> None:
    provider, token = login.provider(), login.issuer.sign({"exp": NOW - 59})
    assert await provider.bearer(token) == ADA
    login.clock.on(1)
    assert await provider.bearer(token) is None


async def test_no_more_than_ten_thousand_tokens_are_remembered(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept._MOST_TOKENS == 10_000
    monkeypatch.setattr(kept, "_MOST_TOKENS", 2)
    provider = login.provider()
    tokens = [login.issuer.sign({"jti": str(number)}) for number in range(3)]
    for token in tokens:
        assert await provider.bearer(token) == ADA
    assert [provider._known.get(token) for token in tokens] == [None, ADA, ADA]


@pytest.mark.parametrize(
    "odd",
    [
        {"kty": "RSA", "n": "!!", "e": "AQAB", "kid": "odd"},
        {"kty": "RSA", "n": 7, "e": "AQAB", "kid": "odd"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "odd"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "odd"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "odd"},
        {"kty": ["RSA"]},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "odd", "alg": "HS256"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
        {},
        {"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xff" * 128).decode(), "e": "AQAB"},
        {"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xff" * 9000).decode(), "e": "AQAB"},
        RSA.as_dict(private=False) | {"use": "enc"},
        RSA.as_dict(private=False) | {"kid": 7},
    ],
    # Their values are others in each process, and tests must be called alike.
    ids=lambda key: "-".join(sorted(key)) or "empty",
)
async def test_a_key_that_cannot_be_used_does_no_harm_to_others(
    login: Login, odd: dict[str, Any]
) -> None:
    login.issuer.publish(odd, NEXT_RSA)
    login.issuer.key = NEXT_RSA
    provider = login.provider()
    assert await provider.bearer(login.issuer.sign({})) == ADA
    assert await provider.bearer(signed(RSA, HEADER, login.issuer.says({}))) is None
    for algorithm in ALGORITHMS:
        token = by_hand({"alg": algorithm, "kid": "odd"}, login.issuer.says({}), b"any")
        assert await provider.bearer(token) is None


async def test_a_short_key_signs_nothing(login: Login) -> None:
    short = rsa.generate_private_key(65537, 1024)
    modulus = base64.urlsafe_b64encode(short.public_key().public_numbers().n.to_bytes(128))
    key = {"kty": "RSA", "n": modulus.rstrip(b"=").decode(), "e": "AQAB", "kid": "short"}
    login.issuer.publish(key, RSA)
    provider, header, says = login.provider(), HEADER | {"kid": "short"}, login.issuer.says({})
    assert await provider.bearer(signed_anyhow(header, says, short)) is None
    assert await provider.bearer(signed_anyhow(HEADER, says)) == ADA


async def test_an_issuer_without_a_usable_key_can_vouch_for_nobody_now(login: Login) -> None:
    login.issuer.publish({"kty": "oct", "k": "c2VjcmV0", "kid": "rsa-1"})
    with pytest.raises(TryLater, match="no keys that can be used"):
        await login.provider().bearer(login.issuer.sign({}))
