"""What is committed is what the generator writes, and every object of it is strictly valid."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

from deploy.kubernetes import charts, kustomize, spoke
from deploy.kubernetes.__main__ import outputs, written
from deploy.kubernetes.nodes import resolve
from deploy.kubernetes.values import DEFAULTS, KEDA, OPENSHIFT, PRODUCTION, merged
from tests.kit.manifests import DEPLOY, VERSIONS, Object, validate
from tests.kit.tree import name

EVERYTHING = merged(
    DEFAULTS,
    PRODUCTION,
    OPENSHIFT,
    KEDA,
    {
        "edge": {"enabled": True},
        "ingress": {"enabled": True, "className": "nginx", "annotations": {"a": "b"}},
    },
)
MISSPELT = "mispelt"


def _objects() -> list[Object]:
    of_the_hub = [made for _, made in kustomize.rendered(EVERYTHING)]
    of_spokes = [*spoke.reading(), *spoke.renewing(), *spoke.executing()]
    of_others = [
        resolve(made, chart.values)
        for chart in charts.charts()[1:]
        for placed in chart.placed
        for made in placed.objects
    ]
    return [*of_the_hub, *of_spokes, *of_others]


def _named(made: Object) -> str:
    return f"{made['kind']}-{made['metadata']['name']}"


OBJECTS = _objects()
KINDS = {made["kind"]: made for made in OBJECTS}


def test_what_is_committed_is_what_the_generator_writes() -> None:
    wanted = outputs()
    why = "run python -m deploy.kubernetes"
    assert {name(file) for file in written()} == {name(file) for file in wanted}, why
    assert [name(file) for file, text in wanted.items() if file.read_text() != text] == [], why


def test_the_generator_writes_the_same_every_time() -> None:
    assert outputs() == outputs()


def test_every_kind_that_is_asked_for_is_there() -> None:
    assert {
        *("Deployment", "StatefulSet", "Job", "Service", "ConfigMap", "ServiceAccount", "Role"),
        *("RoleBinding", "ClusterRole", "ClusterRoleBinding", "Namespace", "NetworkPolicy"),
        *("Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "PersistentVolumeClaim"),
        *("Route", "OAuthClient", "ServiceMonitor", "PrometheusRule", "ScaledObject"),
    } == set(KINDS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("made", OBJECTS, ids=_named)
def test_an_object_is_strictly_valid(made: Object, version: str) -> None:
    validate(made, version)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_misspelt_field_of_a_kind_is_caught(kind: str) -> None:
    tried = [*_misspelt(KINDS[kind])]
    assert len(tried) >= 2
    for broken in tried:
        with pytest.raises(jsonschema.ValidationError):
            validate(broken)


def _misspelt(made: Object) -> Iterator[Object]:
    """The object with one more field, in each mapping whose keys are not the writer's own."""
    free = {"labels", "annotations", "matchLabels", "data", "requests", "limits", "nodeSelector"}
    for path in [*_mappings(made, ())]:
        of_a_service = made["kind"] == "Service" and "selector" in path
        if not free & set(path) and not of_a_service:
            broken = copy.deepcopy(made)
            inner: Any = broken
            for step in path:
                inner = inner[step]
            inner[MISSPELT] = "x"
            yield broken


def _mappings(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The way to each mapping."""
    if isinstance(node, dict):
        yield path
        for key, each in cast("Object", node).items():
            yield from _mappings(each, (*path, key))
    elif isinstance(node, list):
        for number, each in enumerate(cast("list[Any]", node)):
            yield from _mappings(each, (*path, number))


@pytest.mark.parametrize("file", sorted(DEPLOY.glob("kustomize/**/kustomization.yaml")), ids=name)
def test_a_kustomization_is_strictly_valid(file: Path) -> None:
    told = yaml.safe_load(file.read_text())
    # It has no name; the schema is that of an object with one.
    jsonschema.validate(told, _of_kustomizations(), jsonschema.Draft7Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {**told, MISSPELT: []}, _of_kustomizations(), jsonschema.Draft7Validator
        )


def _of_kustomizations() -> Any:
    file = Path(__file__).parent / "schemas" / "kustomization.json"
    return yaml.safe_load(file.read_text())
