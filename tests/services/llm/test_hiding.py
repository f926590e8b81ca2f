"""What a model is shown holds no secret that is said to be one, or is one by its form."""

import pytest

from contracts.refusals import Code, Refused
from services.llm.hiding import facts_without_secrets, text_without_secrets

KEY = "-----BEGIN {0}PRIVATE KEY-----\nMIIhunter2\n-----END {0}PRIVATE KEY-----"
SECRETS = (
    "password: hunter2",
    "the DB_PASSWORD = 'hunter2 too'",
    "password => hunter2",
    '{"client_secret": "hunter2 too"}',
    "The token is hunter2, please",
    "https://ada:hunter2@db/x",
    "Authorization: Bearer hunter2",
    KEY.format(""),
    KEY.format("RSA "),
    "-----BEGIN PRIVATE KEY-----\nhunter2 that was cut",
)
FORMS = (
    "AKIAIOSFODNN7EXAMPLE",
    "sk-planted-9f2c7d",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "sha256~abcdefghijklmnopqrstuvwxyz012345",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
)


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_said_to_be_a_secret_is_hidden(text: str) -> None:
    shown = text_without_secrets(f"It says {text}")
    assert "hunter2" not in shown
    assert "***" in shown
    assert "hunter2" not in str(facts_without_secrets({"a": [{"b": text}]}))


@pytest.mark.parametrize("key", FORMS)
def test_so_is_what_has_the_form_of_a_key(key: str) -> None:
    assert text_without_secrets(f"why does '{key}' fail?") == "why does '***' fail?"


@pytest.mark.parametrize(
    "text",
    [
        "Which secret does pod shop/api-5d8f miss?",
        "the token is expired",
        "disk-pressure-of-worker-3 at 12:00, risk-assessment",
        'MountVolume failed: secret "db" not found',
    ],
)
def test_all_else_stays(text: str) -> None:
    assert text_without_secrets(text) == text


def test_what_is_nested_too_deeply_is_refused_and_not_emptied() -> None:
    deep: dict[str, object] = {}
    for _ in range(5_000):
        deep = {"a": deep}
    with pytest.raises(Refused, match="nested too deeply") as refused:
        facts_without_secrets(deep)
    assert refused.value.code is Code.VALIDATION_FAILED


def test_much_that_almost_is_a_secret_is_read_quickly() -> None:
    for bad in ("password" * 8_000, "password " * 7_000, 'password:"' * 6_000, "eyJ" * 20_000,
                "-----BEGIN " * 6_000, "sk-" * 20_000, "token" + " " * 60_000):  # fmt: skip
        text_without_secrets(bad)
