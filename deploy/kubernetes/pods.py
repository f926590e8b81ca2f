"""What all pods have in common: rights, addresses, probes, where they run.

Everything fits the Pod Security Standard `restricted` and OpenShift's `restricted-v2`. There the
user and the group come from the namespace, so that none may be named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.kubernetes.metadata import labels, name_of, selector
from deploy.kubernetes.nodes import Is, Not, Value, When

ON_OPENSHIFT = Is("openshift.enabled")
_HOSTNAME = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a component."""

    component: str
    containers: list[Any]
    user: int
    """Where the cluster does not choose it: also the group that volumes belong to."""
    volumes: list[Any] = field(default_factory=list[Any])
    token: Any = False
    """Whether the API of the cluster that it runs in is used."""
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    grace_seconds: int = 30
    restart: str = "Always"
    is_spread: bool = True
    pull_secrets: str = "image.pullSecrets"

    def template(self) -> dict[str, Any]:
        """The pod template."""
        metadata: dict[str, Any] = {"labels": labels(self.component)}
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {"metadata": metadata, "spec": self._spec()}

    def _spec(self) -> dict[str, Any]:
        own: dict[str, Any] = {
            "serviceAccountName": name_of(self.component),
            "automountServiceAccountToken": self.token,
            # Of a service `aiops-gateway` Kubernetes would make variables AIOPS_GATEWAY_….
            "enableServiceLinks": False,
            "restartPolicy": self.restart,
            "terminationGracePeriodSeconds": self.grace_seconds,
            "securityContext": _of_the_pod(self.user),
            "imagePullSecrets": When(Is(self.pull_secrets), Value(self.pull_secrets)),
        }
        if self.is_spread:
            own["affinity"] = apart(self.component)
        return own | {"containers": self.containers, "volumes": self.volumes}


def _of_the_pod(user: int) -> dict[str, Any]:
    return {
        "runAsNonRoot": True,
        "runAsUser": When(Not(ON_OPENSHIFT), user),
        "runAsGroup": When(Not(ON_OPENSHIFT), user),
        "fsGroup": When(Not(ON_OPENSHIFT), user),
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def confined() -> dict[str, Any]:
    """The security context of every container."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def apart(component: str) -> dict[str, Any]:
    """Pods of a component on machines of their own: wished for, or demanded in production."""
    term = {
        "labelSelector": {"matchLabels": selector(component)},
        "topologyKey": _HOSTNAME,
    }
    wished = [{"weight": 100, "podAffinityTerm": term}]
    return {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": When(
                Is("antiAffinity", "preferred"), wished
            ),
            "requiredDuringSchedulingIgnoredDuringExecution": When(
                Is("antiAffinity", "required"), [term]
            ),
        }
    }


def asking(path: str, port: str, **more: Any) -> dict[str, Any]:
    """A probe by HTTP."""
    return {"httpGet": {"path": path, "port": port}, **more}


def patience(*, every: int, failures: int, timeout: int = 5) -> dict[str, int]:
    """How often a probe asks, and how many failures in a row count; seconds."""
    return {"periodSeconds": every, "timeoutSeconds": timeout, "failureThreshold": failures}


def variables(**told: Any) -> list[Any]:
    """Variables of an environment, in the order given."""
    return [{"name": name, "value": value} for name, value in told.items()]


def from_secret(
    variable: str, secret: str, key: str, *, is_optional: bool = False
) -> dict[str, Any]:
    """A variable whose value is in a Secret; without that, and if optional, there is none."""
    told = {"name": secret, "key": key, **({"optional": True} if is_optional else {})}
    return {"name": variable, "valueFrom": {"secretKeyRef": told}}


def from_field(variable: str, path: str) -> dict[str, Any]:
    """A variable whose value Kubernetes tells of the pod."""
    return {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def scratch(name: str, size: str, medium: str = "") -> dict[str, Any]:
    """A volume that ends with the pod."""
    kind = {"medium": medium} if medium else {}
    return {"name": name, "emptyDir": {**kind, "sizeLimit": size}}


def port(name: str, number: int) -> dict[str, Any]:
    """A port of a container."""
    return {"name": name, "containerPort": number}


def open_port(name: str, number: int) -> dict[str, Any]:
    """A port of a service, which leads to the container's of the same name."""
    return {"name": name, "port": number, "targetPort": name}
