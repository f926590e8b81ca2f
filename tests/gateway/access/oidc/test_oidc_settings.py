from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.auth.oidc.asking import Asker
from gateway.auth.oidc.provider import oidc_provider
from services.runtime.clock import SystemClock
from services.runtime.settings import InvalidSettings
from services.runtime.settings_oidc import OidcSettings
from tests.kit.issuers import SECRET
from tests.runtime.outbound.origins import outbound

pytestmark = pytest.mark.anyio

SOUND = {"issuer": "https://sso.test/realms/one", "client_id": "hub"}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://sso.test",
        "https://sso.test:8443/realms/one/",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://[::1]:9",
    ],
)
def test_an_issuer_is_an_https_url_or_here(issuer: str) -> None:
    assert OidcSettings(issuer=issuer, client_id="hub").issuer == issuer


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://sso.test"},
        {"issuer": "https://user:secret@sso.test"},
        {"issuer": "https://sso.test?tenant=1"},
        {"issuer": "https://sso.test/#"},
        {"issuer": "https://"},
        {"issuer": "https://sso.test:port"},
        {"issuer": "https://sso.test/\n"},
        {"issuer": "https://[sso.test"},
        {"issuer": "sso.test"},
        {"client_id": ""},
        {"scopes": "profile openids"},
        {"groups_claim": ""},
        {"user_claim": ""},
        {"clientid": "hub"},
    ],
    ids=repr,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OidcSettings.model_validate(SOUND | wrong)


def test_nothing_need_be_set_where_nobody_logs_in_by_oidc() -> None:
    assert OidcSettings().issuer == ""


def test_the_secret_is_not_shown() -> None:
    settings = OidcSettings.model_validate(SOUND | {"client_secret": SECRET})
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump_json()}"


async def test_a_provider_that_can_never_be_asked_is_said_at_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    missing = tmp_path / "none.pem"
    async with outbound() as maker:
        for settings, said in (
            ({}, "ISSUER"),
            (SOUND | {"ca_file": missing}, "CA_FILE.*cannot be read"),
            (SOUND | {"ca_file": broken}, "CA_FILE"),
        ):
            made = OidcSettings.model_validate(settings)
            with pytest.raises(InvalidSettings, match=said):
                oidc_provider(made, maker, SystemClock())


@pytest.mark.parametrize(
    ("issuer", "address", "trusted"),
    [
        ("https://sso.test", "https://keys.test/of?tenant=1", True),
        ("https://sso.test", "http://sso.test/keys", False),
        ("https://sso.test", "https://localhost/keys", False),
        ("https://sso.test", "http://127.0.0.1:4222/", False),
        ("https://sso.test", "https://user@keys.test/", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/keys", True),
        ("http://127.0.0.1:8080", "http://keys.test/", False),
    ],
)
async def test_an_issuer_elsewhere_may_not_send_us_to_our_own_machine(
    issuer: str, address: str, trusted: bool
) -> None:
    async with outbound() as maker:
        assert Asker(maker, issuer).trusts(address) is trusted
