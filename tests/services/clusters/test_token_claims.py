import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from services.clusters.token_claims import (
    MAX_TOKEN,
    Claims,
    certificate_ends,
    claims,
    service_account,
)
from tests.kit.authorities import EXPIRED, authority
from tests.kit.issuers import jwt

NOTHING = Claims(None, None, None)
BASE64 = string.ascii_letters + string.digits + "-_=+/"
NUMBERS = st.integers() | st.floats()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_jwt_says_when_it_was_made_when_it_ends_and_whose_it_is() -> None:
    subject = "system:serviceaccount:aiops:hub"
    pod = {"kubernetes.io": {"namespace": "aiops", "pod": {"name": "hub-0"}}}
    assert claims(jwt({"exp": 1_700_000_300, "iat": 1_700_000_000.5, "sub": subject} | pod)) == (
        Claims(
            datetime(2023, 11, 14, 22, 18, 20, tzinfo=UTC),
            datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC),
            subject,
        )
    )


def test_a_jwt_need_not_say_anything() -> None:
    assert claims(jwt({})) == NOTHING
    assert claims(jwt({"exp": None, "aud": ["a", "b"]})) == NOTHING


@pytest.mark.parametrize(
    "token",
    [
        "",
        "sha256~8sDvIcT0rjUd3yOJ5hHqzd0XUYaQIxqTjR9Vc7Sn1Ys",
        "a.b",
        "a.b.c",
        f"{jwt({})}.more.parts",
        f" {jwt({})}",
        f"{jwt({})}\n",
        jwt({}).replace(".", "=.", 1),
        jwt({}, header=b"[]"),
        jwt({}, header=b"{}"),
        jwt({}, header=b'{"alg":1}'),
        jwt(b"[]"),
        jwt(b"{"),
        jwt(b"\xff"),
        jwt(b"{} {}"),
    ],
)
def test_what_is_no_jwt_says_nothing(token: str) -> None:
    assert claims(token) is None


@pytest.mark.parametrize(
    "number",
    [
        "-1",
        "-0.5",
        "1e400",
        "1e300",
        "9" * 400,
        "253402300800",
        "NaN",
        "true",
        '"1700000000"',
        "[]",
    ],
)
def test_a_time_that_makes_no_sense_makes_the_whole_token_say_nothing(number: str) -> None:
    assert claims(jwt(f'{{"exp":{number}}}'.encode())) is None
    assert claims(jwt(f'{{"iat":{number}}}'.encode())) is None


def test_a_subject_is_a_text() -> None:
    assert claims(jwt(b'{"sub":1}')) is None
    assert claims(jwt(b'{"sub":"\\ud800"}')) is None


def test_a_huge_token_is_not_looked_into() -> None:
    assert claims(jwt({"groups": "x" * 45_000})) == NOTHING
    assert claims(jwt({"groups": "x" * MAX_TOKEN})) is None


@pytest.mark.parametrize("field", ["exp", "sub", "other"])
@pytest.mark.parametrize("piece", ["[", '{"a":'])
def test_a_deep_token_says_nothing(field: str, piece: str) -> None:
    assert claims(jwt(f'{{"{field}":{piece * 9_000}'.encode())) is None
    closed = f'{{"{field}":{"[" * 20_000}{"]" * 20_000}}}'
    assert claims(jwt(closed.encode())) is None


@given(st.text())
def test_no_text_is_too_strange_for_a_token(text: str) -> None:
    assert claims(text) is None or text.count(".") == 2
    assert certificate_ends(text) is None


@given(st.lists(st.text(BASE64), min_size=3, max_size=3))
def test_no_three_parts_are_too_strange(parts: list[str]) -> None:
    assert claims(".".join(parts)) is None


@given(st.binary())
def test_no_payload_is_too_strange(payload: bytes) -> None:
    assert claims(jwt(payload)) in (None, NOTHING)


@given(st.fixed_dictionaries({}, optional={"exp": VALUES, "iat": VALUES, "sub": VALUES}))
def test_claims_are_times_and_a_text_or_nothing_at_all(payload: dict[str, object]) -> None:
    found = claims(jwt(payload))
    if found is not None:
        assert found.subject == payload.get("sub")
        for said, read in (("exp", found.expires_at), ("iat", found.issued_at)):
            assert (payload.get(said) is None) == (read is None)
            assert read is None or read.tzinfo is UTC


@given(st.text(), st.text())
def test_no_subject_is_too_strange_for_a_service_account(one: str, other: str) -> None:
    service_account(one)
    found = service_account(f"system:serviceaccount:{one}:{other}")
    assert found in (None, (one, other))


def test_a_service_account_has_a_namespace_and_a_name() -> None:
    assert service_account("system:serviceaccount:aiops-1:hub.v2") == ("aiops-1", "hub.v2")


@pytest.mark.parametrize(
    "subject",
    [
        None,
        "",
        "admin",
        "system:serviceaccount:aiops",
        "system:serviceaccount::hub",
        "system:serviceaccount:aiops:",
        "system:serviceaccount:aiops:hub:more",
        "system:serviceaccount:a.b:hub",
        "system:serviceaccount:aiops:Hub",
        "system:serviceaccount:aiops:hub\n",
        f"system:serviceaccount:{'a' * 64}:hub",
        f"system:serviceaccount:aiops:{'a' * 254}",
        "prefix:system:serviceaccount:aiops:hub",
    ],
)
def test_other_subjects_are_no_service_accounts(subject: str | None) -> None:
    assert service_account(subject) is None


def test_a_certificate_says_when_it_ends() -> None:
    ours = authority()
    old = ours.server_identity(validity=EXPIRED)
    assert certificate_ends(old.pem) == old.certificate.not_valid_after_utc
    assert certificate_ends(f"a note\n{old.pem}{ours.pem}") == old.certificate.not_valid_after_utc


def test_what_is_no_certificate_has_no_end() -> None:
    ours = authority()
    assert certificate_ends(ours.key) is None
    assert certificate_ends(ours.pem[:-60]) is None
    assert certificate_ends(ours.pem.replace("MII", "AAA", 1)) is None
    assert certificate_ends("x" * (1 << 20) + ours.pem) is None


# A spoiled certificate may be one that the library reads with a warning.
@pytest.mark.filterwarnings("ignore")
@given(st.binary(max_size=64), st.integers(0, 300))
def test_no_certificate_is_too_strange(noise: bytes, place: int) -> None:
    lines = _CERTIFICATE.splitlines()
    body = "".join(lines[1:-1])
    spoiled = body[:place] + noise.hex()[: len(body) - place] + body[place + len(noise) * 2 :]
    certificate_ends("\n".join((lines[0], spoiled, lines[-1])))


_CERTIFICATE = authority().pem
