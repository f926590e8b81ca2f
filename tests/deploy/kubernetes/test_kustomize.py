"""kubectl makes of our files what the tree of objects says."""

from pathlib import Path

import pytest

from deploy.kubernetes import access, kustomize
from deploy.kubernetes.nodes import resolve
from deploy.kubernetes.values import DEFAULTS, Values, merged
from tests.kit.manifests import DEPLOY, Object, documents, kustomized, listed, validate

FOLDER = DEPLOY / "kustomize"


def _by_identity(objects: list[Object]) -> dict[kustomize.Identity, Object]:
    found = {kustomize.identity(made): made for made in objects}
    assert len(found) == len(objects)
    return found


def _wanted(*values: Values) -> dict[kustomize.Identity, Object]:
    made = [made for _, made in kustomize.rendered(merged(DEFAULTS, *values))]
    return _by_identity([resolve(access.namespace(), DEFAULTS), *made])


def test_the_base_is_the_tree_with_the_values_of_the_chart() -> None:
    assert _by_identity(kustomized(FOLDER / "base")) == _wanted()


def test_so_are_its_files_as_they_stand() -> None:
    assert _by_identity(listed(FOLDER / "base")) == _wanted()


@pytest.mark.parametrize("overlay", kustomize.OVERLAYS)
def test_an_overlay_is_the_tree_with_its_values(overlay: str) -> None:
    made = kustomized(FOLDER / "overlays" / overlay)
    assert _by_identity(made) == _wanted(kustomize.OVERLAYS[overlay])


@pytest.mark.parametrize(
    ("overlay", "component"),
    # Development has no autoscaler that KEDA's could take the place of.
    [("dev", "monitoring"), ("openshift", "monitoring"), ("openshift", "keda")],
)
def test_a_component_goes_with_an_overlay(overlay: str, component: str, tmp_path: Path) -> None:
    made = _by_identity(_combined(tmp_path, f"overlays/{overlay}", component))
    # Where Prometheus is differs by overlay; a component cannot know.
    wanted = _wanted(kustomize.OVERLAYS[overlay], kustomize.COMPONENTS[component])
    assert made.keys() == wanted.keys()
    different = {name for name, each in made.items() if each != wanted[name]}
    assert {name[1] for name in different} <= {"ScaledObject"}


def test_both_components_go_with_the_base(tmp_path: Path) -> None:
    made = _combined(tmp_path, "base", *kustomize.COMPONENTS)
    assert _by_identity(made) == _wanted(*kustomize.COMPONENTS.values())


def _combined(folder: Path, below: str, *components: str) -> list[Object]:
    """An overlay of one's own, as the README has it."""
    # kubectl takes no absolute paths.
    up = "../" * (len(folder.resolve().parts) - 1)
    where = f"{up}{str(FOLDER)[1:]}"
    names = "".join(f"- {where}/components/{each}\n" for each in components)
    text = f"resources:\n- {where}/{below}\ncomponents:\n{names}"
    (folder / "kustomization.yaml").write_text(text)
    return kustomized(folder)


@pytest.mark.parametrize("folder", ["spoke", "spoke/renewing", "spoke/executing"])
def test_what_a_cluster_of_the_fleet_grants_is_rendered(folder: str) -> None:
    made = kustomized(FOLDER / folder)
    assert _by_identity(made) == _by_identity(listed(FOLDER / folder))
    for each in made:
        validate(each)


def test_a_spoke_is_only_read() -> None:
    made = documents((FOLDER / "spoke" / "rights.yaml").read_text())
    (role,) = [each for each in made if each["kind"] == "ClusterRole"]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
    assert "secrets" not in str(role["rules"])
