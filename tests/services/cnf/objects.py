"""Objects of an API server in clusters with network functions, as it sends them."""

import json
from typing import Any

Json = dict[str, Any]


def pod(
    name: str,
    namespace: str = "du-site-1",
    *,
    node: str | None = "worker-1",
    phase: str = "Running",
    asks: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    **status: Any,
) -> Json:
    """A pod with one container, ready unless its status says otherwise."""
    told: Json = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "main", "ready": True, "restartCount": 0, "state": {}}],
    }
    spec: Json = {
        "containers": [
            {
                "name": "main",
                "env": [{"name": "PASSWORD", "value": "secret"}],
                "resources": {"requests": asks or {}, "limits": asks or {}},
            }
        ]
    }
    if node is not None:
        spec["nodeName"] = node
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": spec,
        "status": told | status,
    }


def node(name: str = "worker-1", allocatable: int = 8, capacity: int = 8) -> Json:
    """A node that offers virtual functions for the fronthaul."""
    resource = "openshift.io/du_fronthaul"
    return {
        "metadata": {"name": name, "labels": {}},
        "status": {
            "capacity": {"cpu": "32", resource: str(capacity)},
            "allocatable": {"cpu": "31", resource: str(allocatable)},
        },
    }


def node_state(name: str = "worker-1", vfs: int = 8) -> Json:
    """What the SR-IOV operator has made there of the fronthaul's policy."""
    group = {"policyName": "du-fronthaul", "resourceName": "du_fronthaul", "vfRange": "0-7"}
    return {
        "metadata": {"name": name, "namespace": "openshift-sriov-network-operator"},
        "spec": {
            "interfaces": [
                {
                    "name": "ens2f0",
                    "pciAddress": "0000:3b:00.0",
                    "numVfs": 8,
                    "vfGroups": [group],
                }
            ]
        },
        "status": {
            "interfaces": [
                {
                    "name": "ens2f0",
                    "pciAddress": "0000:3b:00.0",
                    "numVfs": vfs,
                    "Vfs": [{"vfID": each} for each in range(vfs)],
                }
            ]
        },
    }


def page(*items: Any, token: str = "") -> bytes:
    """A page of a list."""
    return json.dumps({"items": items, "metadata": {"continue": token}}).encode()
