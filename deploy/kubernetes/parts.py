"""The platform's own parts, of deploy/platform.py: a Deployment each, and a Job that sets up."""

from typing import Any

from deploy.images.nats_conf import password_variable
from deploy.kubernetes import nats, pods
from deploy.kubernetes.metadata import NAMESPACE, Object, name_of, new, selector
from deploy.kubernetes.nodes import Condition, Is, Not, Value, Variables, When, both, text
from deploy.kubernetes.secrets import NATS as NATS_SECRET, OAUTH, POSTGRES, VAULT
from deploy.platform import PARTS, Health, Part

GATEWAY, WORKERS, PROJECTOR, SETUP = "gateway", "workers", "projector", "setup"
FURTHER_SECRETS = "aiops-settings"
"""A Secret that may be there: further settings that are secret, for every part."""
CREDENTIALS = text(NAMESPACE, "-credentials")
"""The namespace that holds nothing but the credentials of clusters."""
SCALED = Is("autoscaling.enabled")
BY_LAG = Is("keda.enabled")
_USER = 10001
"""That of our image."""
_FIXED: dict[str, Condition] = {
    GATEWAY: Not(SCALED),
    WORKERS: both(Not(SCALED), Not(BY_LAG)),
    PROJECTOR: Not(BY_LAG),
}
"""When a part has the number of replicas in the values, as nothing else sets it."""
_TOKEN: dict[str, Any] = {
    # To ask OpenShift who somebody is.
    GATEWAY: Value("openshift.enabled"),
    # To keep the credentials of clusters as Secrets.
    WORKERS: Value("credentials.kubernetes"),
}


def objects() -> list[Object]:
    """Every part, those that others wait for first."""
    return [object_ for part in PARTS for object_ in _of(part)]


def _of(part: Part) -> list[Object]:
    if part.health is None:
        return [_job(part)]
    return [_service(part, part.health), _deployment(part, part.health)]


def _job(part: Part) -> Object:
    container = _container(part)
    pod = pods.Pod(part.name, [container], _USER, _volumes(), restart="OnFailure", is_spread=False)
    spec = {
        # It begins anew until bus and database are there, with longer and longer pauses.
        "backoffLimit": 30,
        "ttlSecondsAfterFinished": 3600,
        "template": pod.template(),
    }
    # A Job cannot be changed, so that every release has one of its own.
    name = text(f"{name_of(part.name)}-", Value("Release.Revision"))
    return new("batch/v1 Job", name, part.name, spec=spec)


def _service(part: Part, health: Health) -> Object:
    spec = {"selector": selector(part.name), "ports": [pods.open_port("http", health.port)]}
    return new("v1 Service", name_of(part.name), part.name, spec=spec)


def _deployment(part: Part, health: Health) -> Object:
    pod = pods.Pod(
        part.name,
        [_container(part) | _probes(part, health)],
        _USER,
        _volumes(),
        token=_TOKEN.get(part.name, False),
        grace_seconds=45,
    )
    spec = {
        "replicas": When(_FIXED[part.name], Value(f"{part.name}.replicas")),
        "revisionHistoryLimit": 3,
        # Old ones go as new ones come, also where each needs a machine of its own.
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
        "selector": {"matchLabels": selector(part.name)},
        "template": pod.template(),
    }
    return new("apps/v1 Deployment", name_of(part.name), part.name, spec=spec)


def _container(part: Part) -> dict[str, Any]:
    image = text(Value("image.repository"), ":", Value("image.tag"))
    return {
        "name": part.name,
        "image": image,
        "imagePullPolicy": Value("image.pullPolicy"),
        "command": list(part.command),
        "env": _environment(part),
        "envFrom": [{"secretRef": {"name": FURTHER_SECRETS, "optional": True}}],
        "resources": Value(f"{part.name}.resources"),
        "securityContext": pods.confined(),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's
    }


def _volumes() -> list[Any]:
    return [pods.scratch("tmp", "1Gi")]


def _probes(part: Part, health: Health) -> dict[str, Any]:
    # A part waits for the bus as long as it takes: it is told to start anew only after that.
    told: dict[str, Any] = {
        "ports": [pods.port("http", health.port)],
        "startupProbe": pods.asking("/health", "http", **pods.patience(every=5, failures=120)),
        "readinessProbe": pods.asking(health.path, "http", **pods.patience(every=5, failures=3)),
        "livenessProbe": pods.asking("/health", "http", **pods.patience(every=20, failures=3)),
    }
    if part.name == GATEWAY:
        # Whoever sends requests hears of its end before it stops to take them.
        told["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "5"]}}}
    return told


def _environment(part: Part) -> list[Any]:
    told: list[Any] = [
        *pods.variables(
            AIOPS_NATS__URL=f"nats://{nats.NAME}:{nats.CLIENTS}",
            AIOPS_NATS__USER=part.name,
            AIOPS_NATS__REPLICAS=text(Value("nats.replicas")),
            AIOPS_DATABASE__URL=Value("database.url"),
        ),
        pods.from_secret("AIOPS_NATS__PASSWORD", NATS_SECRET, password_variable(part.name)),
        pods.from_secret("PGPASSWORD", POSTGRES, "password"),
    ]
    if part.health is not None:
        told.append(pods.from_secret("AIOPS_VAULT__KEYS", VAULT, "keys"))
    if part.name == GATEWAY:
        told += _of_the_gateway()
    elif part.health is not None:
        port = str(part.health.port)
        told += pods.variables(AIOPS_HEALTH_HOST="0.0.0.0", AIOPS_HEALTH_PORT=port)  # noqa: S104
    if part.name == WORKERS:
        kept = {"name": "AIOPS_VAULT__KUBERNETES_NAMESPACE", "value": CREDENTIALS}
        told.append(When(Is("credentials.kubernetes"), kept))
    return [*told, Variables("settings")]


def _of_the_gateway() -> list[Any]:
    hosts = text(Value("host"), f",{name_of(GATEWAY)},localhost,127.0.0.1,$(POD_IP)")
    on_openshift = [
        *pods.variables(
            AIOPS_GATEWAY__AUTH="openshift",
            AIOPS_OPENSHIFT__CLIENT_ID=Value("openshift.oauthClient"),
        ),
        pods.from_secret("AIOPS_OPENSHIFT__CLIENT_SECRET", OAUTH, "secret", is_optional=True),
    ]
    return [
        # Probes and Prometheus ask by the pod's address.
        pods.from_field("POD_IP", "status.podIP"),
        *pods.variables(
            AIOPS_GATEWAY__HOST="0.0.0.0",  # noqa: S104 - the pod's own
            AIOPS_GATEWAY__ALLOWED_HOSTS=hosts,
            AIOPS_GATEWAY__PUBLIC_URL=text("https://", Value("host")),
        ),
        *(When(pods.ON_OPENSHIFT, each) for each in on_openshift),
    ]
