"""The bundled PostgreSQL: one server; production may bring its own or an operator's."""

from typing import Any

from deploy.kubernetes import pods
from deploy.kubernetes.metadata import Object, new, selector
from deploy.kubernetes.nats import claim
from deploy.kubernetes.nodes import Is, Value
from deploy.kubernetes.secrets import POSTGRES as SECRET

COMPONENT = "postgres"
NAME = "aiops-postgres"
PORT = 5432
BUNDLED = Is("postgres.enabled")
_USER = 999
"""`postgres` of the official image (Debian)."""


def objects() -> list[Object]:
    """Everything of PostgreSQL."""
    reached = {
        "selector": selector(COMPONENT),
        "ports": [pods.open_port("postgres", PORT)],
    }
    pod = pods.Pod(
        COMPONENT,
        [_container()],
        _USER,
        [
            pods.scratch("run", "1Mi"),
            pods.scratch("tmp", "64Mi"),
            pods.scratch("shared-memory", "256Mi", "Memory"),
        ],
        grace_seconds=60,
        is_spread=False,
    )
    spec = {
        "replicas": 1,
        "serviceName": NAME,
        "selector": {"matchLabels": selector(COMPONENT)},
        "template": pod.template(),
        "volumeClaimTemplates": [claim("data", "postgres")],
    }
    return [
        new("v1 Service", NAME, COMPONENT, spec=reached),
        new("apps/v1 StatefulSet", NAME, COMPONENT, spec=spec),
    ]


def _container() -> dict[str, Any]:
    asked = ["pg_isready", "-U", "aiops", "-d", "aiops", "-h", "127.0.0.1"]
    return {
        "name": "postgres",
        "image": Value("postgres.image"),
        "env": [
            *pods.variables(POSTGRES_USER="aiops", POSTGRES_DB="aiops"),
            pods.from_secret("POSTGRES_PASSWORD", SECRET, "password"),
        ],
        "ports": [pods.port("postgres", PORT)],
        "resources": Value("postgres.resources"),
        "securityContext": pods.confined(),
        "startupProbe": {"exec": {"command": asked}, **pods.patience(every=5, failures=120)},
        "readinessProbe": {"exec": {"command": asked}, **pods.patience(every=10, failures=3)},
        "livenessProbe": {"exec": {"command": asked}, **pods.patience(every=30, failures=4)},
        "volumeMounts": [
            # From 18 on the image keeps its data one level below this folder.
            {"name": "data", "mountPath": "/var/lib/postgresql"},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 - as above
        ],
    }
