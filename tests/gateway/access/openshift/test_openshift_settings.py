from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.auth.openshift.provider import openshift_provider
from services.runtime.clock import SystemClock
from services.runtime.settings import InvalidSettings
from services.runtime.settings_openshift import OpenShiftSettings
from tests.gateway.access.openshift.openshifts import SECRET
from tests.kit.issuers import AUTHORITY
from tests.runtime.outbound.origins import outbound

pytestmark = pytest.mark.anyio


def test_inside_a_cluster_only_the_client_need_be_set() -> None:
    settings = OpenShiftSettings(client_id="hub")
    assert settings.api_url == "https://kubernetes.default.svc"
    folder = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    assert (settings.ca_file, settings.token_file) == (folder / "ca.crt", folder / "token")
    assert (settings.audiences, settings.access_review) == ((), False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_url": "http://api.test:6443"},
        {"api_url": "https://user:secret@api.test"},
        {"api_url": "https://api.test?x=1"},
        {"api_url": ""},
        {"audiences": [""]},
        {"audiences": ["a"] * 17},
        {"clientid": "hub"},
    ],
    ids=repr,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OpenShiftSettings.model_validate({"client_id": "hub"} | wrong)


def test_the_secret_is_not_shown() -> None:
    settings = OpenShiftSettings.model_validate({"client_secret": SECRET})
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump_json()}"


async def test_a_provider_that_can_never_be_asked_is_said_at_the_start(tmp_path: Path) -> None:
    good, token = tmp_path / "ca.pem", tmp_path / "token"
    good.write_text(AUTHORITY.pem)
    token.write_text("ours")
    broken, empty, missing = tmp_path / "broken", tmp_path / "empty", tmp_path / "none"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    empty.write_text("\n")
    sound = {"client_id": "hub", "ca_file": good, "token_file": token}
    async with outbound() as maker:
        for change, said in (
            ({"client_id": ""}, "CLIENT_ID"),
            ({"ca_file": missing}, "CA_FILE.*none cannot be read"),
            ({"ca_file": broken}, "CA_FILE"),
            ({"token_file": missing}, "TOKEN_FILE.*none cannot be read"),
            ({"token_file": empty}, "TOKEN_FILE.*printable"),
        ):
            settings = OpenShiftSettings.model_validate(sound | change)
            with pytest.raises(InvalidSettings, match=said) as caught:
                openshift_provider(settings, maker, SystemClock())
            assert "ours" not in str(caught.value)
        settings = OpenShiftSettings.model_validate(sound)
        assert openshift_provider(settings, maker, SystemClock()).audiences == ()
