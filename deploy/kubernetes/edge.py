"""The chart `aiops-edge`: what runs at a far-edge site that has Kubernetes.

Its configuration and logins are what `aiops edge init` writes, as three Secrets.
"""

from typing import Any

from deploy.kubernetes import pods
from deploy.kubernetes.hub import Placed
from deploy.kubernetes.metadata import Object, labels, name_of, new, selector
from deploy.kubernetes.nodes import Is, Value, Variables, When, text
from deploy.kubernetes.values import DEFAULTS as HUB, Values, needs
from deploy.platform import SITE_PARTS, Part, part

NATS, SETUP = "edge-nats", "edge-setup"
CONFIGURATION = "aiops-edge-nats"
_USER = 10001
_CLIENTS = 4222
DEFAULTS: Values = {
    "image": HUB["image"],
    "openshift": {"enabled": False},
    # As AIOPS_… variables, for set-up and collector.
    "settings": {},
    "storageClass": "",
    "nats": {
        "image": HUB["nats"]["image"],
        "storage": "12Gi",
        "resources": needs("100m", "256Mi"),
    },
    "setup": {"resources": needs("100m", "256Mi")},
    "collector": {"storage": "1Gi", "resources": needs("250m", "384Mi")},
}


def placed() -> list[Placed]:
    """All objects of the chart."""
    collectors = [object_ for each in SITE_PARTS for object_ in _collector(each)]
    made = [_account(NATS), _service(), _nats(), _account(SETUP), _setup(), *collectors]
    return [Placed("edge", made)]


def _account(component: str) -> Object:
    made = new("v1 ServiceAccount", name_of(component), component)
    return {**made, "automountServiceAccountToken": False}


def _service() -> Object:
    spec = {"selector": selector(NATS), "ports": [pods.open_port("clients", _CLIENTS)]}
    return new("v1 Service", name_of(NATS), NATS, spec=spec)


def _nats() -> Object:
    asked = {"tcpSocket": {"port": "clients"}}
    container = {
        "name": "nats",
        "image": Value("nats.image"),
        "command": ["nats-server", "--config", "/etc/nats/nats.conf"],
        "ports": [pods.port("clients", _CLIENTS)],
        "resources": Value("nats.resources"),
        "securityContext": pods.confined(),
        "startupProbe": {**asked, **pods.patience(every=5, failures=120)},
        "readinessProbe": {**asked, **pods.patience(every=10, failures=3)},
        "livenessProbe": {**asked, **pods.patience(every=30, failures=3)},
        "volumeMounts": [
            {"name": "configuration", "mountPath": "/etc/nats", "readOnly": True},
            {"name": "data", "mountPath": "/data"},
        ],
    }
    pod = pods.Pod(
        NATS,
        [container],
        _USER,
        [{"name": "configuration", "secret": {"secretName": CONFIGURATION}}],
        is_spread=False,
    )
    return _stateful(NATS, pod, "nats.storage")


def _setup() -> Object:
    told = _container("setup", part("setup"))
    pod = pods.Pod(SETUP, [told], _USER, [_tmp()], restart="OnFailure", is_spread=False)
    spec = {"backoffLimit": 30, "ttlSecondsAfterFinished": 3600, "template": pod.template()}
    name = text(f"{name_of(SETUP)}-", Value("Release.Revision"))
    return new("batch/v1 Job", name, SETUP, spec=spec)


def _collector(runs: Part) -> list[Object]:
    component, health = f"edge-{runs.name}", runs.health
    told = _container(runs.name, runs)
    # Logins of the site's backends are kept in sealed files there.
    told["volumeMounts"].append({"name": "data", "mountPath": "/var/lib/aiops"})
    if health is not None:
        told["env"][:0] = pods.variables(
            AIOPS_HEALTH_HOST="0.0.0.0",  # noqa: S104 - the pod's own
            AIOPS_HEALTH_PORT=str(health.port),
        )
        told |= {
            "ports": [pods.port("http", health.port)],
            "startupProbe": pods.asking("/health", "http", **pods.patience(every=5, failures=120)),
            "readinessProbe": pods.asking(
                health.path, "http", **pods.patience(every=5, failures=3)
            ),
            "livenessProbe": pods.asking("/health", "http", **pods.patience(every=20, failures=3)),
        }
    pod = pods.Pod(component, [told], _USER, [_tmp()], is_spread=False)
    return [_account(component), _stateful(component, pod, f"{runs.name}.storage")]


def _container(name: str, runs: Part) -> dict[str, Any]:
    return {
        "name": name,
        "image": text(Value("image.repository"), ":", Value("image.tag")),
        "imagePullPolicy": Value("image.pullPolicy"),
        "command": [*runs.command, "--edge"],
        "env": [
            *pods.variables(
                AIOPS_NATS__URL=f"nats://{name_of(NATS)}:{_CLIENTS}",
                AIOPS_DATA_DIR="/var/lib/aiops",
            ),
            Variables("settings"),
        ],
        "envFrom": [{"secretRef": {"name": name_of(f"edge-{name}")}}],
        "resources": Value(f"{name}.resources"),
        "securityContext": pods.confined(),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's
    }


def _tmp() -> dict[str, Any]:
    return pods.scratch("tmp", "1Gi")


def _stateful(component: str, pod: pods.Pod, storage: str) -> Object:
    claim = {
        "metadata": {"name": "data", "labels": labels(component)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": When(Is("storageClass"), Value("storageClass")),
            "resources": {"requests": {"storage": Value(storage)}},
        },
    }
    spec = {
        "replicas": 1,
        "serviceName": name_of(component),
        "selector": {"matchLabels": selector(component)},
        "template": pod.template(),
        "volumeClaimTemplates": [claim],
    }
    return new("apps/v1 StatefulSet", name_of(component), component, spec=spec)
