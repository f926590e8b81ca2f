"""Section of the settings about the OpenShift cluster that people log in at."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from services.runtime.settings_collecting import Section
from services.runtime.settings_oidc import may_be_asked

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def _api(text: str) -> str:
    if not may_be_asked(text):
        raise ValueError(
            "must be an https URL without user, query and fragment; http on loopback only"
        )
    return text


Audience = Annotated[str, Field(min_length=1, max_length=256)]


class OpenShiftSettings(Section):
    """Whom to ask who somebody is, as which OAuth client, and as which service account."""

    api_url: Annotated[str, AfterValidator(_api)] = Field(
        default="https://kubernetes.default.svc", description="The URL of its API server."
    )
    client_id: str = Field(
        default="",
        description="What its OAuth server knows this platform by: the name of an OAuthClient, or"
        " `system:serviceaccount:<namespace>:<name>`.",
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""), description="And its secret; empty: a public client."
    )
    ca_file: Path = Field(
        default=_IN_CLUSTER / "ca.crt",
        description="Certificates in PEM to trust at the API server and at the OAuth server.",
    )
    token_file: Path = Field(
        default=_IN_CLUSTER / "token",
        description="The token of our service account, which needs `system:auth-delegator`. It is"
        " read again as it changes.",
    )
    audiences: Annotated[tuple[Audience, ...], Field(max_length=16)] = Field(
        default=(),
        description="JSON: bearer tokens are taken that are for one of these. Empty: those for the"
        " API server, as OAuth tokens are; others cannot be had for another audience.",
    )
    access_review: bool = Field(
        default=False,
        description="Also ask what somebody may do with `clusters` of `aiops-nextgen.io`:"
        " `get` makes a viewer, `update` an operator, `*` an admin.",
    )
