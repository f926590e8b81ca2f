"""What is said of each value: its meaning, and what it may be, for `values.yaml` and its schema."""

from collections.abc import Mapping
from typing import Any, cast

_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
_SIZE = r"^[1-9][0-9]*(Ki|Mi|Gi|Ti)$"
_OPEN: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_OWN: Mapping[str, Mapping[str, Any]] = {
    "annotations": _OPEN,
    "nodeSelector": _OPEN,
    "resources": {"type": "object", "additionalProperties": {"type": "object"}},
    "settings": {**_OPEN, "propertyNames": {"pattern": "^AIOPS_[A-Z0-9_]+$"}},
    "storage": {"type": "string", "pattern": _SIZE},
}
"""Wherever such a key is; the keys of mappings among them are the reader's own."""
_TYPES = {bool: "boolean", int: "integer", str: "string", list: "array"}

MEANINGS: Mapping[str, str] = {
    "image": "The image of every part.",
    "host": "The name that browsers know the hub by.",
    "settings": "Further settings of every part, as AIOPS_… variables; `aiops config show` lists"
    " them. Secret ones go into a Secret `aiops-settings`.",
    "openshift": "On OpenShift: a Route, login by its OAuth server, users chosen by the namespace.",
    "openshift.oauthClient": "The name of the OAuthClient; its secret is in `aiops-oauth`.",
    "credentials.kubernetes": "Credentials of clusters are Secrets of the namespace"
    " `<namespace>-credentials`; otherwise sealed rows of the database.",
    "antiAffinity": "Replicas on machines of their own: `preferred` or `required`.",
    "nats": "The bus: one server, or a cluster of three with three copies of every stream.",
    "nats.fileStore": "What streams may take of the storage. Those with a limit of size reserve"
    " it: 16 GB with the limits that the settings have by default.",
    "postgres": "The bundled PostgreSQL.",
    "postgres.enabled": "Without it, `database.url` names another one.",
    "database.url": "Without a password, which is in the Secret `aiops-postgres`.",
    "database.port": "The port that the parts may reach.",
    "edge": "Leaf nodes of far-edge sites; the Secret `aiops-nats-configuration` is needed.",
    "gateway.maxReplicas": "At most so many, while there is much to do.",
    "ingress": "An Ingress in front of the hub, with TLS.",
    "autoscaling": "More gateways and workers while processors are busy.",
    "networkPolicies": "Each component is reached by those that need it alone.",
    "networkPolicies.monitoringNamespace": "The namespace of the Prometheus that watches the hub.",
    "monitoring": "ServiceMonitors, a PrometheusRule and a dashboard: needs the Prometheus"
    " operator.",
    "keda": "More workers and projectors as they fall behind: needs KEDA.",
    "keda.authentication": "A TriggerAuthentication with a bearer token for Prometheus, if any.",
    "name": "The name of the model in requests: AIOPS_LLM__MODEL of the hub.",
    "contextTokens": "The window of the model: at least AIOPS_LLM__CONTEXT_TOKENS of the hub.",
    "gpus": "Cards that share the model; also in the resources.",
    "gpuMemory": "The part of each card's memory that the server takes.",
    "nodeSelector": "Nodes that have the cards.",
    "hubNamespace": "The namespace whose pods may ask the model.",
    "toolParser": "How calls of tools are read from what the model says.",
}
_RULES: Mapping[str, Mapping[str, Any]] = {
    "host": {"pattern": _NAME},
    "antiAffinity": {"enum": ["preferred", "required"]},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "nats.replicas": {"enum": [1, 3]},
    "nats.fileStore": {"pattern": r"^[1-9][0-9]*(MB|GB|TB)$"},
    "edge.serviceType": {"enum": ["ClusterIP", "LoadBalancer", "NodePort"]},
    "database.url": {"pattern": r"^postgresql://[^:@/]+@[^\"{}]+$"},
    "autoscaling.cpuPercent": {"minimum": 1, "maximum": 100},
    "openshift.oauthClient": {"pattern": _NAME},
    "gpuMemory": {"pattern": r"^0\.[0-9]+$"},
    "keda.prometheus": {"pattern": r"^https?://"},
}


def schema_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of these values: a key that is not among them is a mistake."""
    found = _mapping(values, "")
    # Of charts that have this one in them.
    found["properties"]["global"] = {"type": "object"}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **found}


def _mapping(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    told = {key: _of(key, each, f"{path}{key}") for key, each in values.items()}
    return {"type": "object", "additionalProperties": False, "properties": told}


def _of(key: str, value: Any, path: str) -> dict[str, Any]:
    said = {"description": MEANINGS[path]} if path in MEANINGS else {}
    return said | _kind(key, value, path) | dict(_RULES.get(path, {}))


def _kind(key: str, value: Any, path: str) -> dict[str, Any]:
    if key in _OWN:
        return dict(_OWN[key])
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[str, Any]", value), f"{path}.")
    kind = {"type": _TYPES[type(value)]}
    return {**kind, "minimum": 0} if kind["type"] == "integer" else kind
