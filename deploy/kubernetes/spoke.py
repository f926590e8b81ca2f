"""What a cluster of the fleet grants the hub: to read, and nothing else.

These are the resources that discovery, GPUs and network functions list. Two rights more are apart,
as not everybody wants to give them: to renew one's own token, and to run programs in the pods that
have nvidia-smi or pmc.
"""

from typing import Any

from deploy.kubernetes.metadata import PART_OF, Object

NAMESPACE, ACCOUNT = "aiops-system", "aiops"
EXEC_NAMESPACES = ("nvidia-gpu-operator", "openshift-ptp")
READ: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("namespaces", "nodes", "pods", "services")),
    ("apiextensions.k8s.io", ("customresourcedefinitions",)),
    ("cluster.open-cluster-management.io", ("managedclusters",)),
    ("config.openshift.io", ("clusterversions",)),
    ("ptp.openshift.io", ("ptpconfigs",)),
    ("sriovnetwork.openshift.io", ("sriovnetworknodepolicies", "sriovnetworknodestates")),
)
"""By group of the API, what is listed."""
_GROUP = "rbac.authorization.k8s.io"


def reading() -> list[Object]:
    """The account and its right to read."""
    rules = [
        {"apiGroups": [group], "resources": list(plurals), "verbs": ["get", "list"]}
        for group, plurals in READ
    ]
    return [
        _object("v1", "Namespace", NAMESPACE),
        _object("v1", "ServiceAccount", ACCOUNT, NAMESPACE)
        | {"automountServiceAccountToken": False},
        _object(f"{_GROUP}/v1", "ClusterRole", "aiops-reader") | {"rules": rules},
        _object(f"{_GROUP}/v1", "ClusterRoleBinding", "aiops-reader")
        | _granting("ClusterRole", "aiops-reader"),
    ]


def renewing() -> list[Object]:
    """To make new tokens of its own account, so that they are renewed before they end."""
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [ACCOUNT],
        "verbs": ["create"],
    }
    return _role("aiops-token", NAMESPACE, rule)


def executing() -> list[Object]:
    """To run nvidia-smi and pmc where they are; both verbs, as a WebSocket begins with GET."""
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]}
    return [each for space in EXEC_NAMESPACES for each in _role("aiops-exec", space, rule)]


def _role(name: str, namespace: str, rule: dict[str, Any]) -> list[Object]:
    return [
        _object(f"{_GROUP}/v1", "Role", name, namespace) | {"rules": [rule]},
        _object(f"{_GROUP}/v1", "RoleBinding", name, namespace) | _granting("Role", name),
    ]


def _granting(kind: str, name: str) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }


def _object(version: str, kind: str, name: str, namespace: str = "") -> Object:
    where = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **where, "labels": dict(PART_OF)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
