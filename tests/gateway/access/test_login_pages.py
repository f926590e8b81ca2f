"""People log in by the web UI in a real browser, in every mode (`gateway/ui/e2e/logins`).

The pages come from `localhost` and the identity providers from 127.0.0.1: to a browser these are
other sites, so that cookies go as far as they do between an organisation's own hosts.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.parts import Wiring
from services.runtime.settings import Settings
from tests.gateway.access.openshift.openshifts import SECRET, OpenShift, simulated
from tests.kit.browser import browser, node
from tests.kit.gateway import Platform
from tests.kit.gateway_process import GatewayProcess, wired
from tests.kit.oidc_provider import serving
from tests.kit.oidc_provider.serving import RealIssuer, real_issuer

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres, pytest.mark.timeout(240)]

_BOUND = [
    {"group": "platform", "role": "admin"},
    {"group": "watchers", "role": "viewer"},
    # Of OpenShift's users, whose own rules make this one a viewer.
    {"group": "viewers", "role": "operator"},
]
_WITHIN = 180.0
"""Seconds; two cores that have nothing else to do need about 20."""


@dataclass(frozen=True)
class Door:
    """A gateway in a mode of its own, beside others on the same platform."""

    mode: str
    wiring: Wiring
    told: Mapping[str, str]
    provider: str = ""
    """Where its users log in."""

    def start(self) -> GatewayProcess:
        """Blocks until it serves."""
        own = {"AIOPS_GATEWAY__AUTH": self.mode, "AIOPS_ACCESS__BINDINGS": json.dumps(_BOUND)}
        environment = {**self.wiring.environment, **own, **self.told}
        return GatewayProcess(replace(self.wiring, environment=environment))

    def described(self, folder: Path, token: str) -> Path:
        """A directory that says how to reach it, as a data directory does."""
        known = {"gateway": _address(self.wiring), "token": token, "provider": self.provider}
        place = folder / self.mode
        place.mkdir()
        (place / "run.json").write_text(json.dumps(known))
        return place


def _address(wiring: Wiring) -> str:
    return f"http://localhost:{wiring.settings.gateway.port}"


def _oidc(wiring: Wiring, issuer: RealIssuer) -> Door:
    told = {
        "AIOPS_OIDC__ISSUER": issuer.url,
        "AIOPS_OIDC__CLIENT_ID": "hub",
        "AIOPS_OIDC__CLIENT_SECRET": serving.SECRET,
    }
    return Door("oidc", wiring, told, issuer.url)


def _openshift(wiring: Wiring, cluster: OpenShift) -> Door:
    told = {
        "AIOPS_OPENSHIFT__API_URL": cluster.url,
        "AIOPS_OPENSHIFT__CLIENT_ID": "aiops-nextgen",
        "AIOPS_OPENSHIFT__CLIENT_SECRET": SECRET,
        "AIOPS_OPENSHIFT__CA_FILE": str(cluster.folder / "ca.pem"),
        "AIOPS_OPENSHIFT__TOKEN_FILE": str(cluster.token_file),
        "AIOPS_OPENSHIFT__ACCESS_REVIEW": "true",
    }
    return Door("openshift", wiring, told, cluster.url)


@asynccontextmanager
async def _serving(settings: Settings, folder: Path) -> AsyncGenerator[list[Door]]:
    """A gateway for each mode, and the providers of two."""
    oidc, openshift, none = (wired(settings) for _ in range(3))
    async with (
        real_issuer(f"{_address(oidc)}/auth/callback") as issuer,
        simulated(folder) as cluster,
    ):
        doors = [_oidc(oidc, issuer), _openshift(openshift, cluster), Door("none", none, {})]
        processes = await asyncio.gather(*(asyncio.to_thread(door.start) for door in doors))
        try:
            yield doors
        finally:
            await asyncio.gather(*(asyncio.to_thread(each.stop) for each in processes))


async def test_people_log_in_by_the_ui_in_every_mode(
    platform: Platform, platform_settings: Settings, tmp_path: Path
) -> None:
    chromium = browser()
    async with _serving(platform_settings, tmp_path) as doors:
        places = {
            f"AIOPS_E2E_{door.mode.upper()}": str(door.described(tmp_path, platform.admin))
            for door in doors
        }
        ran = await asyncio.to_thread(
            node,
            *("node_modules/vitest/vitest.mjs", "run", "--config", "e2e/logins/vitest.config.ts"),
            told={**places, "AIOPS_CHROMIUM": chromium},
            within=_WITHIN,
        )
    if ran.returncode:
        pytest.fail(ran.stdout, pytrace=False)
