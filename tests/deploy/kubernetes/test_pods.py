"""What runs: within the sizing, with few rights, and fitting together."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from deploy import platform
from deploy.kubernetes import charts, hub, kustomize, parts, secrets
from deploy.kubernetes.nodes import resolve
from deploy.kubernetes.values import (
    DEFAULTS,
    DEVELOPMENT,
    KEDA,
    OPENSHIFT,
    PRODUCTION,
    Values,
    merged,
)
from deploy.local.nats_users import USERS
from services.runtime.settings import load_settings
from tests.kit.manifests import Object, pod_templates

SETS: dict[str, Values] = {
    "default": DEFAULTS,
    "development": merged(DEFAULTS, DEVELOPMENT),
    "production": merged(DEFAULTS, PRODUCTION, KEDA),
    "openshift": merged(DEFAULTS, OPENSHIFT),
}
_UNITS = {"m": 0.001, "": 1.0, "Mi": 2.0**20, "Gi": 2.0**30}


def objects(name: str) -> list[Object]:
    return [made for _, made in kustomize.rendered(SETS[name])]


def all_templates() -> Iterator[tuple[str, Object]]:
    """Of the hub with every set of values, and of the other charts."""
    for name in SETS:
        yield from pod_templates(objects(name))
    for chart in charts.charts()[1:]:
        made = [resolve(each, chart.values) for some in chart.placed for each in some.objects]
        yield from pod_templates(made)


TEMPLATES = [*all_templates()]
every_template = pytest.mark.parametrize(
    "template", [each for _, each in TEMPLATES], ids=[name for name, _ in TEMPLATES]
)
every_set = pytest.mark.parametrize("name", SETS)


def amount(told: str) -> float:
    found = re.fullmatch(r"(\d+)(m|Mi|Gi|)", told)
    assert found, told
    return float(found[1]) * _UNITS[found[2]]


def total(name: str, kind: str, resource: str) -> float:
    """Over all pods, as many as there are at rest."""
    values, found = SETS[name], 0.0
    for component, template in pod_templates(objects(name)):
        of_values = values.get(component.removeprefix("aiops-"), {})
        (container,) = template["spec"]["containers"]
        found += amount(container["resources"][kind][resource]) * of_values.get("replicas", 1)
    return found


@pytest.mark.parametrize(
    ("name", "cores", "gibibytes"), [("development", 2.6, 4.4), ("production", 8.2, 14.5)]
)
def test_the_sizing_is_kept(name: str, cores: float, gibibytes: float) -> None:
    assert total(name, "requests", "cpu") <= cores
    assert total(name, "requests", "memory") <= gibibytes * 2**30
    assert total(name, "limits", "memory") <= gibibytes * 2**30


def test_production_survives_the_loss_of_any_pod_of_ours() -> None:
    values = SETS["production"]
    assert values["nats"]["replicas"] == 3
    assert all(values[name]["replicas"] >= 2 for name in ("gateway", "projector", "workers"))
    guarded = {
        made["metadata"]["name"]
        for made in objects("production")
        if made["kind"] == "PodDisruptionBudget"
    }
    assert guarded == {"aiops-nats", "aiops-gateway", "aiops-projector", "aiops-workers"}


@every_template
def test_a_pod_is_restricted(template: Object) -> None:
    spec = template["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert {"hostNetwork", "hostPID", "hostIPC"} & spec.keys() == set()
    allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim"}
    assert {kind for each in spec["volumes"] for kind in each} - {"name"} <= allowed
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert all("hostPort" not in port for port in container.get("ports", []))
        assert {"requests", "limits"} <= container["resources"].keys()


@every_template
def test_what_is_mounted_is_there(template: Object) -> None:
    volumes = {each["name"] for each in template["spec"]["volumes"]}
    for container in template["spec"]["containers"]:
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted - volumes <= {"data"}
        assert volumes <= mounted


@every_template
def test_a_probe_asks_a_port_that_is_there(template: Object) -> None:
    for container in template["spec"]["containers"]:
        ports = {each["name"] for each in container.get("ports", [])}
        probes = [container[key] for key in container if key.endswith("Probe")]
        asked = {
            probe[way]["port"]
            for probe in probes
            for way in ("httpGet", "tcpSocket")
            if way in probe
        }
        assert asked <= ports
        if template["spec"]["restartPolicy"] == "Always":
            assert len(probes) == 3


@pytest.mark.parametrize("part", platform.PARTS, ids=lambda part: part.name)
def test_a_part_is_run_and_asked_as_the_list_of_parts_says(part: platform.Part) -> None:
    found = {name: each["spec"] for name, each in pod_templates(objects("default"))}
    name = f"aiops-{part.name}" + ("" if part.health else "-1")
    (container,) = found[name]["containers"]
    assert tuple(container["command"]) == part.command
    assert container["image"] == platform.IMAGE
    if part.health:
        assert container["ports"] == [{"name": "http", "containerPort": part.health.port}]
        assert container["readinessProbe"]["httpGet"]["path"] == part.health.path


def test_on_openshift_no_user_and_group_is_named() -> None:
    for _, template in pod_templates(objects("openshift")):
        told = str(template)
        assert "runAsUser" not in told
        assert "runAsGroup" not in told
        assert "'fsGroup'" not in told


def test_only_who_asks_the_api_has_a_token() -> None:
    def with_token(name: str) -> set[str]:
        return {
            component
            for component, each in pod_templates(objects(name))
            if each["spec"]["automountServiceAccountToken"] is not False
        }

    assert with_token("default") == {"aiops-workers"}
    assert with_token("openshift") == {"aiops-workers", "aiops-gateway"}


def test_no_account_may_read_the_passwords_of_the_hub() -> None:
    for made in objects("openshift"):
        if made["kind"] in {"Role", "RoleBinding"}:
            assert made["metadata"]["namespace"] == "aiops-credentials"
        assert made["kind"] != "ClusterRole"
    (role,) = [made for made in objects("default") if made["kind"] == "Role"]
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "verbs": ["create", "delete", "get", "update"],
        }
    ]


def test_a_manifest_holds_no_secret() -> None:
    for name in SETS:
        assert [made for made in objects(name) if made["kind"] == "Secret"] == []


def test_every_secret_that_is_needed_is_made_by_the_command() -> None:
    needed = {
        (told["name"], told["key"])
        for told in _references(objects("openshift"))
        if not told.get("optional")
    }
    made = {(name, key) for name, keys in secrets.KEYS.items() for key in keys}
    assert needed <= made
    # The password of outside publishers is the bus's alone.
    assert made == needed
    assert len([key for name, key in made if name == secrets.NATS]) == len(USERS) + 1


def _references(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        pairs = cast("Object", node)
        if "secretKeyRef" in pairs:
            yield pairs["secretKeyRef"]
        for each in pairs.values():
            yield from _references(each)
    elif isinstance(node, list):
        for each in cast("list[Any]", node):
            yield from _references(each)


@every_set
def test_what_selects_pods_finds_some(name: str) -> None:
    made = objects(name)
    pods = [template["metadata"]["labels"] for _, template in pod_templates(made)]
    selectors = [
        each["spec"]["podSelector"]["matchLabels"]
        for each in made
        if each["kind"] == "NetworkPolicy"
    ]
    selectors += [each["spec"]["selector"] for each in made if each["kind"] == "Service"]
    selectors += [
        each["spec"]["selector"]["matchLabels"]
        for each in made
        if each["kind"] in {"Deployment", "StatefulSet", "PodDisruptionBudget"}
    ]
    for selector in selectors:
        assert any(selector.items() <= labels.items() for labels in pods), selector
    guarded = [
        each["spec"]["podSelector"]["matchLabels"]
        for each in made
        if each["kind"] == "NetworkPolicy"
    ]
    assert all(any(each.items() <= labels.items() for each in guarded) for labels in pods)


@every_set
def test_a_service_leads_to_ports_that_are_there(name: str) -> None:
    made = objects(name)
    for service in (each for each in made if each["kind"] == "Service"):
        wanted = service["spec"]["selector"].items()
        (template,) = [
            each for _, each in pod_templates(made) if wanted <= each["metadata"]["labels"].items()
        ]
        (container,) = template["spec"]["containers"]
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


@every_set
def test_what_scales_a_part_is_one_and_leaves_no_number_of_replicas(name: str) -> None:
    made = objects(name)
    scaled = [
        each["spec"]["scaleTargetRef"]["name"]
        for each in made
        if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}
    ]
    assert len(scaled) == len(set(scaled))
    for each in (each for each in made if each["kind"] == "Deployment"):
        assert ("replicas" in each["spec"]) == (each["metadata"]["name"] not in scaled)


@every_set
@pytest.mark.parametrize("part", platform.PARTS, ids=lambda part: part.name)
def test_the_settings_of_a_part_exist(
    part: platform.Part, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {component: each["spec"] for component, each in pod_templates(objects(name))}
    (container,) = found[f"aiops-{part.name}" + ("" if part.health else "-1")]["containers"]
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], _value(variable))
    settings = load_settings()
    assert settings.nats.user == part.name
    assert settings.nats.replicas == SETS[name]["nats"]["replicas"]
    if part.name == parts.GATEWAY:
        assert settings.gateway.host == "0.0.0.0"
        assert settings.gateway.port == (part.health and part.health.port)
        assert {"aiops.example.com", "aiops-gateway", "10.0.0.1"} < set(
            settings.gateway.allowed_hosts
        )
        assert (settings.gateway.auth == "openshift") == (name == "openshift")
    elif part.health:
        assert (settings.health_host, settings.health_port) == ("0.0.0.0", part.health.port)
    if part.name == parts.WORKERS:
        assert settings.vault.kubernetes_namespace == "aiops-credentials"


def _value(variable: dict[str, Any]) -> str:
    """As Kubernetes would have it, in a pod with the address 10.0.0.1."""
    if "value" in variable:
        return str(variable["value"]).replace("$(POD_IP)", "10.0.0.1")
    return "10.0.0.1" if "fieldRef" in variable["valueFrom"] else "secret"


def test_every_part_of_the_platform_is_placed() -> None:
    told = {each.topic for each in hub.placed()}
    assert {"parts", "nats", "postgres"} <= told
    names = {name for name, _ in pod_templates(objects("default"))}
    assert names == {
        *(f"aiops-{server.name}" for server in platform.INFRASTRUCTURE),
        *(f"aiops-{part.name}" + ("" if part.health else "-1") for part in platform.PARTS),
    }
