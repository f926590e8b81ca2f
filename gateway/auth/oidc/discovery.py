"""Where an issuer is asked for what (OpenID Connect Discovery 1.0, sections 3 and 4)."""

import msgspec

from gateway.auth.oidc.asking import Asker

_PATH = "/.well-known/openid-configuration"


class Configuration(msgspec.Struct, frozen=True):
    """What of the issuer's document is needed."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False
    """Who comes back brings the issuer's name with them (RFC 9207)."""


async def discover(asker: Asker) -> Configuration:
    """The issuer's configuration; TryLater if it is not to be had, or is another's."""
    url = f"{asker.issuer.removesuffix('/')}{_PATH}"
    found = await asker.document(url, Configuration, "its OpenID configuration")
    if found.issuer != asker.issuer:
        raise asker.failed("calls itself by another URL: give that, if it is the one to trust")
    asked = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
    if not all(asker.trusts(url) for url in (*asked, found.userinfo_endpoint or asker.issuer)):
        raise asker.failed("names endpoints that are no https URLs")
    return found
