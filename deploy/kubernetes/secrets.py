"""Which Secrets the manifests refer to, and fresh ones with random passwords.

No manifest holds a secret. Passwords of NATS are letters and digits, a letter first, as its server
reads them as part of its configuration.
"""

import base64
import re
from collections.abc import Callable, Mapping

from deploy.images.nats_conf import password_variable
from deploy.kubernetes.template import Writer
from deploy.local.nats_users import USERS
from services.runtime.ids import new_secret

NATS = "aiops-nats"
POSTGRES = "aiops-postgres"
VAULT = "aiops-vault"
OAUTH = "aiops-oauth"
METRICS = "aiops-metrics"
ROUTES_VARIABLE = "AIOPS_NATS_ROUTES_PASSWORD"
"""The password by which servers of the NATS cluster know each other."""


def _word() -> str:
    return "n" + re.sub("[-_]", "", new_secret(48))[:48]


def _key() -> str:
    text = new_secret(32)
    return base64.b64encode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()


KEYS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    NATS: dict.fromkeys((*map(password_variable, USERS), ROUTES_VARIABLE), _word),
    POSTGRES: {"password": _word},
    VAULT: {"keys": _key},
}
"""By name and key, what makes a value of each Secret that must be there before all else."""


def manifest(namespace: str) -> str:
    """All of these Secrets with fresh values."""
    writer = Writer()
    return "---\n".join(
        writer.text(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace},
                "type": "Opaque",
                "stringData": {key: make() for key, make in keys.items()},
            }
        )
        for name, keys in KEYS.items()
    )
