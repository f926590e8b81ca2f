"""The charts: what they render is what kustomize has, and a wrong value is refused."""

import json
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.kubernetes import charts, kustomize
from deploy.kubernetes.nodes import holds, resolve
from deploy.kubernetes.values import DEFAULTS, KEDA, Values, merged
from tests.kit.helm_subset import render
from tests.kit.manifests import DEPLOY, Object, documents, linted, templated, validate

HELM = DEPLOY / "helm"
HUB = "aiops-nextgen"
BY_NAME = {chart.name: chart for chart in charts.charts()}
SETS = [(chart.name, name) for chart in BY_NAME.values() for name in ("", *chart.more_values)]
UNUSUAL: Values = merged(
    KEDA,
    {
        "edge": {"enabled": True},
        "keda": {"authentication": "login"},
        "postgres": {"enabled": False},
        "credentials": {"kubernetes": False},
        "image": {"pullSecrets": [{"name": "registry"}]},
        "ingress": {"className": "nginx", "annotations": {"a.b/c": "d"}},
        "settings": {"AIOPS_LLM__MODEL": "default", "AIOPS_CHAT__TURN_SECONDS": "60"},
        "nats": {"storageClass": "fast"},
    },
)

every_set = pytest.mark.parametrize(("chart", "name"), SETS)


def _values(chart: str, name: str) -> Values:
    more = BY_NAME[chart].more_values
    return merged(BY_NAME[chart].values, more[name] if name else {})


def _wanted(chart: str, values: Values) -> dict[kustomize.Identity, Object]:
    placed = BY_NAME[chart].placed
    there = [each for each in placed if each.condition is None or holds(each.condition, values)]
    return _by_identity([resolve(made, values) for each in there for made in each.objects])


def _by_identity(objects: list[Object]) -> dict[kustomize.Identity, Object]:
    return {kustomize.identity(made): made for made in objects}


def _stand_in(chart: str, values: Values) -> dict[kustomize.Identity, Object]:
    """The templates, rendered without Helm."""
    files = sorted((HELM / chart / "templates").glob("*.yaml"))
    return _by_identity([each for file in files for each in _rendered(file.read_text(), values)])


def _rendered(text: str, values: Values) -> list[Object]:
    return documents(render(text, values))


@every_set
def test_a_chart_renders_the_tree(chart: str, name: str) -> None:
    values = _values(chart, name)
    assert _stand_in(chart, values) == _wanted(chart, values)


def test_so_it_does_with_unusual_values() -> None:
    values = merged(DEFAULTS, UNUSUAL)
    assert _stand_in(HUB, values) == _wanted(HUB, values)


def test_with_its_own_values_it_is_the_base_of_kustomize() -> None:
    base = {kustomize.identity(made): made for _, made in kustomize.rendered(DEFAULTS)}
    told = yaml.safe_load((HELM / HUB / "values.yaml").read_text())
    assert _stand_in(HUB, told) == base


@every_set
def test_helm_renders_the_same(chart: str, name: str) -> None:
    file = HELM / chart / f"values-{name}.yaml"
    options = ("-f", str(file)) if name else ()
    assert _by_identity(templated(chart, *options)) == _wanted(chart, _values(chart, name))


def test_helm_renders_the_same_with_unusual_values(tmp_path: Any) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps(UNUSUAL))
    made = templated(HUB, "-f", str(file))
    assert _by_identity(made) == _wanted(HUB, merged(DEFAULTS, UNUSUAL))


@every_set
def test_helm_finds_nothing_to_say(chart: str, name: str) -> None:
    file = HELM / chart / f"values-{name}.yaml"
    said = linted(chart, *(("-f", str(file)) if name else ()))
    assert said.returncode == 0, said.stdout
    assert "[ERROR]" not in said.stdout
    assert "[WARNING]" not in said.stdout


@every_set
def test_files_of_values_are_what_their_schema_allows(chart: str, name: str) -> None:
    file = HELM / chart / (f"values-{name}.yaml" if name else "values.yaml")
    told = yaml.safe_load(file.read_text())
    assert told == (BY_NAME[chart].more_values[name] if name else BY_NAME[chart].values)
    jsonschema.validate(told, _schema(chart), jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gatway": {"replicas": 3}},
        {"gateway": {"replica": 3}},
        {"gateway": {"replicas": "3"}},
        {"nats": {"replicas": 2}},
        {"nats": {"storage": "lots"}},
        {"nats": {"fileStore": "30Gi"}},
        {"host": 'x"}} {{'},
        {"antiAffinity": "always"},
        {"database": {"url": "postgresql://aiops:secret@db/aiops"}},
        {"settings": {"LOG_LEVEL": "DEBUG"}},
        {"settings": {"AIOPS_CHAT__TURN_SECONDS": 60}},
        {"image": {"pullPolicy": "Sometimes"}},
    ],
    ids=json.dumps,
)
def test_a_wrong_value_is_refused(wrong: Values) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(merged(DEFAULTS, wrong), _schema(HUB), jsonschema.Draft7Validator)


@every_set
def test_every_object_of_a_chart_is_strictly_valid(chart: str, name: str) -> None:
    for made in _stand_in(chart, _values(chart, name)).values():
        validate(made)


def test_the_stand_in_refuses_what_it_does_not_know() -> None:
    with pytest.raises(AssertionError, match="not known"):
        render("a: {{ (lookup 1) }}", {})


def _schema(chart: str) -> Any:
    return json.loads((HELM / chart / "values.schema.json").read_text())
