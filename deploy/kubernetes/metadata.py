"""Names and labels of all objects: fixed, as there is one hub in a namespace."""

from collections.abc import Mapping
from typing import Any

from deploy.kubernetes.nodes import Value

PRODUCT = "aiops-nextgen"
PART_OF = {"app.kubernetes.io/part-of": PRODUCT}
NAMESPACE = Value("Release.Namespace")

Object = dict[str, Any]


def name_of(component: str) -> str:
    """The name of a component's objects."""
    return f"aiops-{component}"


def selector(component: str) -> dict[str, str]:
    """The labels by which a component's pods are found; they never change."""
    return {"app.kubernetes.io/name": name_of(component)}


def labels(component: str) -> dict[str, str]:
    """All labels of a component's objects."""
    return {**selector(component), **PART_OF}


def new(kind: str, name: Any, component: str, **more: Any) -> Object:
    """An object in the namespace; ``kind`` is `group/version Kind`."""
    return _object(kind, {"name": name, "namespace": NAMESPACE, "labels": labels(component)}, more)


def new_of_cluster(kind: str, name: Any, component: str, **more: Any) -> Object:
    """An object of the whole cluster."""
    return _object(kind, {"name": name, "labels": labels(component)}, more)


def annotated(made: Object, annotations: Mapping[str, Any]) -> Object:
    """The object with these annotations."""
    return {**made, "metadata": {**made["metadata"], "annotations": dict(annotations)}}


def _object(kind: str, metadata: dict[str, Any], more: Mapping[str, Any]) -> Object:
    version, _, name = kind.rpartition(" ")
    return {"apiVersion": version, "kind": name, "metadata": metadata, **more}
