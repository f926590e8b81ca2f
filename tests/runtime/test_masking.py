"""What is shown of a message holds no secret, wherever in it one stands."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as some

from services.runtime.masking import readable_text, without_logins

SECRET = "hunter2hunter2"
NAMES = (
    "password", "passphrase", "client_secret", "TOKEN", "refreshToken", "credentials", "api-key",
    "apiKey", "private_key", "kubeconfig", "Authorization", "authorisation", "Set-Cookie", "pwd",
    "client-key-data", "access_key", "clientKey",
)  # fmt: skip
_TEXT = some.text(max_size=8)
_PLAIN = some.none() | some.booleans() | some.integers(-5, 5) | _TEXT
_HIDDEN = some.sampled_from(
    [
        *({name: SECRET} for name in NAMES),
        *({name: [{"a": SECRET}]} for name in NAMES),
        {"name": "DB_PASSWORD", "value": SECRET},
        f"https://ada:{SECRET}@host/x",
        f"https://ada:p@{SECRET}@host/x",
        f"https://host/x?a=b&access_token={SECRET}#here",
        f"postgresql://host/db?password={SECRET}",
        f"host=db password='a {SECRET}' user=ada",
        f"Authorization: Bearer {SECRET}",
        f"basic {SECRET}",
    ]
)
_VALUES = some.recursive(
    _PLAIN | _HIDDEN,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(_VALUES)
def test_a_secret_is_never_shown(value: Any) -> None:
    shown = readable_text(json.dumps(value).encode())
    assert shown is not None
    assert SECRET not in shown


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"a=b", b"[" * 100_000])
def test_what_is_no_json_is_not_shown(body: bytes) -> None:
    assert readable_text(body) is None


def test_all_else_stays_as_it_is() -> None:
    told = {
        "cluster_id": "c",
        "labels": {"a": [1, 2.5, None, True]},
        "url": "https://host/a@b?q=1&x=2",
    }
    shown = readable_text(json.dumps(told).encode())
    assert shown is not None
    assert json.loads(shown) == told
    variable = '{"name":"LEVEL","value":"debug"}'
    assert readable_text(variable.encode()) == variable
    assert without_logins("ValueError after 6 tries") == "ValueError after 6 tries"
