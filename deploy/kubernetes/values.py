"""The values of the chart `aiops-nextgen`, and the sets of them that overlays and files name.

Sums of requests and limits of memory are checked against the sizing of production and development.
"""

from collections.abc import Mapping
from typing import Any, cast

from deploy.platform import IMAGE, INFRASTRUCTURE

Values = dict[str, Any]

_REPOSITORY, _, _TAG = IMAGE.rpartition(":")
_IMAGES = {server.name: server.image for server in INFRASTRUCTURE}


def needs(cpu: str, memory: str, *, most: str = "") -> Values:
    """What a container asks for, and the ``most`` memory; processor time is never cut off."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most or memory}}


DEFAULTS: Values = {
    "image": {
        "repository": _REPOSITORY,
        "tag": _TAG,
        "pullPolicy": "IfNotPresent",
        "pullSecrets": [],
    },
    "host": "aiops.example.com",
    # Of every part, as AIOPS_… variables; `aiops config show` lists them all.
    "settings": {},
    "openshift": {"enabled": False, "oauthClient": "aiops-nextgen"},
    "credentials": {"kubernetes": True},
    "antiAffinity": "preferred",
    "nats": {
        "image": _IMAGES["nats"],
        "replicas": 3,
        "storage": "40Gi",
        "storageClass": "",
        # What streams may take of the storage: those with a limit of size reserve it, 16 GB in all.
        "fileStore": "36GB",
        "resources": needs("750m", "1536Mi", most="2Gi"),
    },
    "postgres": {
        "enabled": True,
        "image": _IMAGES["postgres"],
        "storage": "50Gi",
        "storageClass": "",
        "resources": needs("1", "2Gi"),
    },
    "database": {"url": "postgresql://aiops@aiops-postgres:5432/aiops", "port": 5432},
    # Leaf nodes of far-edge sites connect to the hub's NATS.
    "edge": {"enabled": False, "serviceType": "LoadBalancer"},
    "setup": {"resources": needs("100m", "256Mi")},
    "gateway": {"replicas": 2, "maxReplicas": 6, "resources": needs("500m", "1Gi")},
    "projector": {"replicas": 2, "maxReplicas": 4, "resources": needs("500m", "512Mi")},
    "workers": {"replicas": 2, "maxReplicas": 8, "resources": needs("1", "1536Mi")},
    "ingress": {"enabled": True, "className": "", "tlsSecret": "aiops-tls", "annotations": {}},
    "autoscaling": {"enabled": True, "cpuPercent": 70},
    "disruptionBudgets": {"enabled": True},
    "networkPolicies": {"enabled": True, "monitoringNamespace": "monitoring"},
    "monitoring": {"enabled": False},
    "keda": {
        "enabled": False,
        "prometheus": "http://prometheus-operated.monitoring.svc:9090",
        # The name of a TriggerAuthentication that holds a bearer token for it.
        "authentication": "",
        "projectionLag": 20_000,
        "followerLag": 20_000,
        "backlogBytes": 8_000_000,
    },
}

DEVELOPMENT: Values = {
    "settings": {
        "AIOPS_RETENTION__TELEMETRY_BYTES": "2000000000",
        "AIOPS_RETENTION__COMMANDS_BYTES": "500000000",
        "AIOPS_RETENTION__DEAD_LETTERS_BYTES": "500000000",
        "AIOPS_REPORTS__MAX_BYTES": "500000000",
    },
    "nats": {
        "replicas": 1,
        "storage": "10Gi",
        "fileStore": "9GB",
        "resources": needs("250m", "512Mi", most="768Mi"),
    },
    "postgres": {"storage": "10Gi", "resources": needs("500m", "1Gi")},
    "gateway": {"replicas": 1, "resources": needs("300m", "768Mi")},
    "projector": {"replicas": 1, "resources": needs("300m", "512Mi")},
    "workers": {"replicas": 1, "resources": needs("500m", "1Gi")},
    "autoscaling": {"enabled": False},
    "disruptionBudgets": {"enabled": False},
}

OPENSHIFT: Values = {
    "openshift": {"enabled": True},
    "ingress": {"enabled": False},
    "networkPolicies": {"monitoringNamespace": "openshift-user-workload-monitoring"},
    "keda": {"prometheus": "https://thanos-querier.openshift-monitoring.svc:9091"},
}

PRODUCTION: Values = {
    "antiAffinity": "required",
    "nats": {"storage": "100Gi", "fileStore": "95GB"},
    "postgres": {"storage": "200Gi"},
    "monitoring": {"enabled": True},
}

MONITORING: Values = {"monitoring": {"enabled": True}}
KEDA: Values = {"keda": {"enabled": True}}


def merged(base: Mapping[str, Any], *over: Mapping[str, Any]) -> Values:
    """Values with others laid over them, mapping by mapping, as Helm does."""
    found = dict(base)
    for layer in over:
        for key, told in layer.items():
            both = isinstance(found.get(key), Mapping) and isinstance(told, Mapping)
            found[key] = merged(found[key], cast("Values", told)) if both else told
    return found
