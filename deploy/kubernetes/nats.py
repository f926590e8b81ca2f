"""The NATS cluster: configuration, servers, services.

The configuration is that of compose.yaml, users and permissions included. What differs between
servers and installations comes from the environment, so that its text is the same everywhere.
Signals, lame duck mode and the three health checks: https://docs.nats.io and the server's chart.
"""

import hashlib
from typing import Any

from deploy.images.nats_conf import as_text, password_variable, settings_of_a_server
from deploy.kubernetes import pods
from deploy.kubernetes.metadata import Object, labels, new, selector
from deploy.kubernetes.nodes import Is, Not, Value, When
from deploy.kubernetes.secrets import NATS as SECRET, ROUTES_VARIABLE
from deploy.local.nats_sites import HubEnd
from deploy.local.nats_users import USERS

COMPONENT = "nats"
NAME = "aiops-nats"
PEERS = "aiops-nats-peers"
CLIENTS, ROUTES, MONITOR, LEAF_NODES = 4222, 6222, 8222, 7422
HAS_SITES = Is("edge.enabled")
WITH_SITES = "aiops-nats-configuration"
"""The Secret that holds the configuration where there are far-edge sites, as it has passwords."""
MEMORY_STORE = 128 * 2**20
_USER = 10001
_SERVERS = 3
_ALONE = Is("nats.replicas", 1)


def _alone(end: HubEnd | None) -> str:
    settings = settings_of_a_server()
    settings = end.into(settings) if end else settings
    jetstream = settings["jetstream"] | {
        "max_file_store": "$AIOPS_NATS_FILE_STORE",
        # One cache of 64 MB lives in memory; all else is in files.
        "max_memory_store": MEMORY_STORE,
    }
    return as_text(
        settings
        | {
            "http": f"0.0.0.0:{MONITOR}",
            "server_name": "$AIOPS_NATS_SERVER_NAME",
            "jetstream": jetstream,
            "pid_file": "/run/nats/nats.pid",
            # A server that is told to stop hands its streams over and sends its clients elsewhere.
            "lame_duck_grace_period": "5s",
            "lame_duck_duration": "30s",
        }
    )


def _of_a_cluster() -> str:
    routes = "\n".join(f"    ${name}" for name in _routes())
    return (
        "include ./alone.conf\n"
        "cluster {\n"
        "  name: aiops\n"
        f"  listen: 0.0.0.0:{ROUTES}\n"
        f"  authorization {{ user: routes, password: ${ROUTES_VARIABLE} }}\n"
        f"  routes: [\n{routes}\n  ]\n"
        "}\n"
    )


def _routes() -> dict[str, str]:
    """By variable, where each server is, with the login: the server fills in no part of a text."""
    return {
        f"AIOPS_NATS_ROUTE_{number}": (
            f"nats://routes:$({ROUTES_VARIABLE})@{NAME}-{number}.{PEERS}:{ROUTES}"
        )
        for number in range(_SERVERS)
    }


def files(end: HubEnd | None = None) -> dict[str, str]:
    """The files of the configuration: one for a server alone, one for three.

    ``end``: that of links to far-edge sites, with a password of each.
    """
    return {"alone.conf": _alone(end), "cluster.conf": _of_a_cluster()}


def objects() -> list[Object]:
    """Everything of NATS."""
    configuration = new("v1 ConfigMap", NAME, COMPONENT, data=files())
    return [configuration, *_services(), _servers()]


def for_sites() -> Object:
    """Where leaf nodes of far-edge sites connect from outside."""
    spec = {
        "type": Value("edge.serviceType"),
        "selector": selector(COMPONENT),
        "ports": [pods.open_port("leafnodes", LEAF_NODES)],
    }
    return new("v1 Service", f"{NAME}-leafnodes", COMPONENT, spec=spec)


def _services() -> list[Object]:
    clients = {
        "selector": selector(COMPONENT),
        "ports": [pods.open_port("clients", CLIENTS)],
    }
    peers = {
        "clusterIP": "None",
        # Servers look for each other before any of them is ready.
        "publishNotReadyAddresses": True,
        "selector": selector(COMPONENT),
        "ports": [
            pods.open_port("clients", CLIENTS),
            pods.open_port("routes", ROUTES),
            pods.open_port("monitor", MONITOR),
        ],
    }
    return [
        new("v1 Service", NAME, COMPONENT, spec=clients),
        new("v1 Service", PEERS, COMPONENT, spec=peers),
    ]


def _servers() -> Object:
    told = "".join(files().values())
    pod = pods.Pod(
        COMPONENT,
        [_container()],
        _USER,
        [
            {
                "name": "configuration",
                "configMap": When(Not(HAS_SITES), {"name": NAME}),
                "secret": When(HAS_SITES, {"secretName": WITH_SITES}),
            },
            pods.scratch("run", "1Mi"),
        ],
        # A change of the configuration starts the servers anew, one after the other.
        annotations={"aiops.io/configuration": hashlib.sha256(told.encode()).hexdigest()[:16]},
        grace_seconds=60,
    )
    spec = {
        "replicas": Value("nats.replicas"),
        "serviceName": PEERS,
        # They need each other to be ready.
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": selector(COMPONENT)},
        "template": pod.template(),
        "volumeClaimTemplates": [claim("data", "nats")],
    }
    return new("apps/v1 StatefulSet", NAME, COMPONENT, spec=spec)


def claim(name: str, component: str) -> dict[str, Any]:
    """The template of a volume that outlives its pod."""
    storage_class = f"{component}.storageClass"
    return {
        "metadata": {"name": name, "labels": labels(component)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": When(Is(storage_class), Value(storage_class)),
            "resources": {"requests": {"storage": Value(f"{component}.storage")}},
        },
    }


def _container() -> dict[str, Any]:
    passwords = [*map(password_variable, USERS), ROUTES_VARIABLE]
    return {
        "name": "nats",
        "image": Value("nats.image"),
        "command": ["nats-server", "--config"],
        "args": [
            When(_ALONE, "/etc/nats/alone.conf"),
            When(Not(_ALONE), "/etc/nats/cluster.conf"),
        ],
        "env": [
            pods.from_field("AIOPS_NATS_SERVER_NAME", "metadata.name"),
            {"name": "AIOPS_NATS_FILE_STORE", "value": Value("nats.fileStore")},
            # Less than the limit: Go's collector works harder before the container is ended.
            {
                "name": "GOMEMLIMIT",
                "valueFrom": {
                    "resourceFieldRef": {"containerName": "nats", "resource": "requests.memory"}
                },
            },
            *(pods.from_secret(name, SECRET, name) for name in passwords),
            # After the password that is in them.
            *(When(Not(_ALONE), each) for each in pods.variables(**_routes())),
        ],
        "ports": [
            pods.port("clients", CLIENTS),
            pods.port("routes", ROUTES),
            pods.port("monitor", MONITOR),
            When(HAS_SITES, pods.port("leafnodes", LEAF_NODES)),
        ],
        "resources": Value("nats.resources"),
        "securityContext": pods.confined(),
        "startupProbe": pods.asking("/healthz", "monitor", **pods.patience(every=5, failures=120)),
        "readinessProbe": pods.asking(
            "/healthz?js-server-only=true", "monitor", **pods.patience(every=10, failures=3)
        ),
        "livenessProbe": pods.asking(
            "/healthz?js-enabled-only=true", "monitor", **pods.patience(every=30, failures=3)
        ),
        "lifecycle": {
            "preStop": {"exec": {"command": ["nats-server", "-sl=ldm=/run/nats/nats.pid"]}}
        },
        "volumeMounts": [
            {"name": "configuration", "mountPath": "/etc/nats", "readOnly": True},
            {"name": "data", "mountPath": "/data"},
            {"name": "run", "mountPath": "/run/nats"},
        ],
    }
