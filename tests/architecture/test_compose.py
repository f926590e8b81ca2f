"""compose.yaml runs the parts of deploy/platform.py, and nothing else unless asked to."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import platform
from deploy.images import nats_conf
from deploy.local.nats_users import USERS
from services.runtime.settings import load_settings
from tests.kit.tree import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
IMAGES = ROOT / "deploy" / "images"
RUNNING = [part for part in platform.PARTS if part.health is not None]

every_part = pytest.mark.parametrize("part", platform.PARTS, ids=lambda part: part.name)


def condition(needed: str) -> str:
    once = {part.name for part in platform.PARTS if part.health is None}
    return "service_completed_successfully" if needed in once else "service_healthy"


def environment(name: str) -> dict[str, str]:
    given = CONTAINERS[name]["environment"]
    chosen = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value)) for key, value in given.items()}
    return {key: re.sub(r"\$\{.*?\}", "secret", value) for key, value in chosen.items()}


def test_the_containers_are_the_parts_and_their_servers() -> None:
    always = {name for name, container in CONTAINERS.items() if "profiles" not in container}
    servers = {server.name for server in platform.INFRASTRUCTURE}
    assert always == servers | {part.name for part in platform.PARTS}


def test_monitoring_and_a_model_run_only_when_asked_for() -> None:
    extra = {name: each["profiles"] for name, each in CONTAINERS.items() if "profiles" in each}
    assert extra == {
        "prometheus": ["monitoring"],
        "alertmanager": ["monitoring"],
        "vllm": ["vllm"],
    }


def test_the_model_is_the_one_of_the_chart() -> None:
    options = dict(
        each.removeprefix("--").split("=") for each in CONTAINERS["vllm"]["command"] if "=" in each
    )
    chart = yaml.safe_load((ROOT / "deploy/helm/aiops-vllm/values.yaml").read_text())
    image = chart["image"]
    assert CONTAINERS["vllm"]["image"] == f"{image['repository']}:{image['tag']}"
    assert options["served-model-name"] == chart["name"]
    assert options["tool-call-parser"] == chart["toolParser"]
    assert int(options["max-model-len"]) == chart["contextTokens"]


@every_part
def test_a_part_runs_its_command_from_our_image(part: platform.Part) -> None:
    container = CONTAINERS[part.name]
    assert container["image"] == platform.IMAGE
    assert ("aiops", *container["command"]) == part.command
    assert 'ENTRYPOINT ["aiops"]' in (IMAGES / "Dockerfile").read_text()


@pytest.mark.parametrize("server", platform.INFRASTRUCTURE, ids=lambda server: server.name)
def test_a_server_runs_from_the_listed_image(server: platform.Infrastructure) -> None:
    assert CONTAINERS[server.name]["image"] == server.image


@every_part
def test_a_part_waits_for_what_it_needs(part: platform.Part) -> None:
    waits = {name: how["condition"] for name, how in CONTAINERS[part.name]["depends_on"].items()}
    assert waits == {needed: condition(needed) for needed in part.needs}


@pytest.mark.parametrize("name", sorted(set(CONTAINERS) - {"setup"}))
def test_a_running_container_has_a_health_check(name: str) -> None:
    check = CONTAINERS[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["retries"] > 0


@pytest.mark.parametrize("part", RUNNING, ids=lambda part: part.name)
def test_a_health_check_asks_the_listed_address(part: platform.Part) -> None:
    assert part.health is not None
    asked = CONTAINERS[part.name]["healthcheck"]["test"][-1]
    assert asked == f"http://127.0.0.1:{part.health.port}{part.health.path}"


@every_part
def test_the_settings_of_a_part_exist(part: platform.Part, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("AIOPS_")]:  # noqa: TID251
        monkeypatch.delenv(key)
    given = environment(part.name)
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    settings = load_settings()
    listens = settings.gateway.port if part.name == "gateway" else settings.health_port
    assert settings.nats.user == part.name
    assert settings.nats.password.get_secret_value() == "secret"
    assert listens == (part.health.port if part.health else 0)
    assert {key.removeprefix("AIOPS_").split("__")[0].lower() for key in given} - {
        "pgpassword"
    } <= set(type(settings).model_fields)


def test_no_password_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    secrets = re.findall(r"PASSWORD: (.*)", text)
    assert secrets
    assert [value for value in secrets if not re.fullmatch(r"\$\{\w+:\?is not set\}", value)] == []


def test_every_named_volume_and_mounted_file_exists() -> None:
    mounts = [mount for each in CONTAINERS.values() for mount in each.get("volumes", [])]
    # A folder that whoever runs it names is nobody's file here.
    sources = {mount.split(":")[0] for mount in mounts if not mount.startswith("$")}
    files = {source for source in sources if source.startswith("./")}
    assert sources - files == set(COMPOSE["volumes"])
    assert [source for source in files if not (ROOT / source).is_file()] == []


def test_the_bus_has_the_users_of_the_embedded_one() -> None:
    assert nats_conf.FILE.read_text() == nats_conf.configuration(), (
        "run python -m deploy.images.nats_conf"
    )
    assert {part.name for part in platform.PARTS} <= set(USERS)
    assert set(CONTAINERS["nats"]["environment"]) == {
        nats_conf.password_variable(user) for user in USERS
    }


def test_the_server_takes_the_configuration_of_the_bus() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("nats-server"), "-t", "-c", nats_conf.FILE],
        env=dict.fromkeys(CONTAINERS["nats"]["environment"], "secret"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
