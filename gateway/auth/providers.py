"""The identity provider that the settings name, if there is one."""

from gateway.auth.identity import Provider
from gateway.auth.oidc.provider import oidc_provider
from services.runtime.clock import Clock
from services.runtime.outside import Outside
from services.runtime.settings import Settings


def provider_of(settings: Settings, outside: Outside, clock: Clock) -> Provider | None:
    """InvalidSettings if it cannot be one; nothing is asked yet."""
    match settings.gateway.auth:
        case "oidc":
            return oidc_provider(settings.oidc, outside.outbound, clock)
        case _:
            return None
