"""Writes the kustomize base, and overlays and components that are differences from it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from deploy.kubernetes import access, hub, spoke
from deploy.kubernetes.metadata import Object
from deploy.kubernetes.nodes import holds, resolve
from deploy.kubernetes.template import plain_text
from deploy.kubernetes.values import (
    DEFAULTS,
    DEVELOPMENT,
    KEDA,
    MONITORING,
    OPENSHIFT,
    Values,
    merged,
)

_HEADER = "# Written by `python -m deploy.kubernetes`.\n"
_KINDS = "kustomize.config.k8s.io"
OVERLAYS: Mapping[str, Values] = {"dev": DEVELOPMENT, "openshift": OPENSHIFT}
COMPONENTS: Mapping[str, Values] = {"monitoring": MONITORING, "keda": KEDA}
_GRANTS = {
    "spoke": spoke.reading,
    "spoke/renewing": spoke.renewing,
    "spoke/executing": spoke.executing,
}
Identity = tuple[str, str, str, str]


def rendered(values: Mapping[str, Any]) -> list[tuple[str, Object]]:
    """Every object of the hub that there is with these values, with its topic."""
    return [
        (each.topic, resolve(made, values))
        for each in hub.placed()
        if each.condition is None or holds(each.condition, values)
        for made in each.objects
    ]


def files() -> dict[str, str]:
    """The text of every file, by its path below `deploy/kustomize`."""
    found = {f"base/{name}": text for name, text in _base().items()}
    for name, values in OVERLAYS.items():
        kind = ("v1beta1", "Kustomization")
        told = _difference(values, kind, {"resources": ["../../base"]})
        found |= {f"overlays/{name}/{file}": text for file, text in told.items()}
    for name, values in COMPONENTS.items():
        told = _difference(values, ("v1alpha1", "Component"), {"resources": []})
        found |= {f"components/{name}/{file}": text for file, text in told.items()}
    for folder, objects in _GRANTS.items():
        found[f"{folder}/rights.yaml"] = _HEADER + plain_text(objects())
        told = {"resources": ["rights.yaml"]}
        found[f"{folder}/kustomization.yaml"] = _kustomization(("v1beta1", "Kustomization"), told)
    return found


def _base() -> dict[str, str]:
    topics: dict[str, list[Object]] = {"namespace": [resolve(access.namespace(), DEFAULTS)]}
    for topic, made in rendered(DEFAULTS):
        topics.setdefault(topic, []).append(made)
    names = [f"{topic}.yaml" for topic in topics]
    told = {"resources": names}
    return {
        **{f"{topic}.yaml": _HEADER + plain_text(made) for topic, made in topics.items()},
        "kustomization.yaml": _kustomization(("v1beta1", "Kustomization"), told),
    }


def _difference(
    values: Values, kind: tuple[str, str], start: Mapping[str, list[str]]
) -> dict[str, str]:
    """What makes of the base what these values give: new objects, patches, and removals."""
    before = {identity(made): made for _, made in rendered(DEFAULTS)}
    after = {identity(made): made for _, made in rendered(merged(DEFAULTS, values))}
    new = [made for name, made in after.items() if name not in before]
    patches = [_removal(made) for name, made in before.items() if name not in after]
    for name, made in after.items():
        changes = list(changed(before.get(name, made), made))
        if changes:
            patches.append({"target": _target(made), "patch": json.dumps(changes, indent=1)})
    told: dict[str, Any] = {"resources": [*start["resources"], *(["new.yaml"] if new else [])]}
    told = told | ({"patches": patches} if patches else {})
    found = {"kustomization.yaml": _kustomization(kind, told)}
    return found | ({"new.yaml": _HEADER + plain_text(new)} if new else {})


def identity(made: Object) -> Identity:
    """What tells an object from all others."""
    metadata = made["metadata"]
    return made["apiVersion"], made["kind"], metadata.get("namespace", ""), metadata["name"]


def changed(before: Any, after: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """The steps of a JSON Patch (RFC 6902) that make one of the other."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_mappings(cast("Object", before), cast("Object", after), path)
    elif _is_alike(before, after):
        pairs = zip(cast("list[Any]", before), cast("list[Any]", after), strict=True)
        for number, (old, new) in enumerate(pairs):
            yield from changed(old, new, f"{path}/{number}")
    else:
        yield {"op": "replace", "path": path, "value": after}


def _of_mappings(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str
) -> Iterator[dict[str, Any]]:
    for key in (*before, *(key for key in after if key not in before)):
        below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in after:
            yield {"op": "remove", "path": below}
        elif key not in before:
            yield {"op": "add", "path": below, "value": after[key]}
        else:
            yield from changed(before[key], after[key], below)


def _is_alike(before: Any, after: Any) -> bool:
    """Lists of as many mappings: the same things, perhaps changed."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    old, new = cast("list[Any]", before), cast("list[Any]", after)
    return len(old) == len(new) and all(isinstance(each, dict) for each in (*old, *new))


def _target(made: Object) -> dict[str, str]:
    group, _, version = made["apiVersion"].rpartition("/")
    named = {"group": group} if group else {}
    return {**named, "version": version, "kind": made["kind"], "name": made["metadata"]["name"]}


def _removal(made: Object) -> dict[str, Any]:
    name, metadata = identity(made), made["metadata"]
    where = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
    told = {
        "$patch": "delete",
        "apiVersion": name[0],
        "kind": name[1],
        "metadata": {"name": name[3], **where},
    }
    return {"patch": json.dumps(told, indent=1)}


def _kustomization(kind: tuple[str, str], told: Mapping[str, Any]) -> str:
    head = {"apiVersion": f"{_KINDS}/{kind[0]}", "kind": kind[1]}
    return _HEADER + plain_text([{**head, **told}])
