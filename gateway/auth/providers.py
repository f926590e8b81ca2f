"""The identity provider that the settings name, if there is one."""

from dataclasses import dataclass

from gateway.auth.identity import Provider
from gateway.auth.oidc.provider import oidc_provider
from gateway.auth.openshift.access import AccessReviews, Clusters
from gateway.auth.openshift.provider import openshift_access, openshift_provider
from services.runtime.clock import Clock
from services.runtime.outside import Outside
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where people log in, and what it says that they may do here."""

    provider: Provider | None = None
    reviews: AccessReviews | None = None


def elsewhere(settings: Settings, outside: Outside, clusters: Clusters, clock: Clock) -> Elsewhere:
    """InvalidSettings if what they name cannot be asked ever; nothing is asked yet."""
    match settings.gateway.auth:
        case "oidc":
            return Elsewhere(oidc_provider(settings.oidc, outside.outbound, clock))
        case "openshift":
            provider = openshift_provider(settings.openshift, outside.outbound, clock)
            return Elsewhere(provider, openshift_access(settings.openshift, provider, clusters))
        case _:
            return Elsewhere()
