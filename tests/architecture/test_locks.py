"""The locks pin everything by hash, agree with each other, and name no place to fetch from."""

import re
import tomllib

import pytest

from tests.kit.tree import ROOT

LOCKS = [f"requirements{part}.txt" for part in ("", "-dev", "-ui", "-sbom", "-bootstrap")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lock(name: str) -> str:
    return (ROOT / "deploy" / name).read_text()


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ]+)", lock(name), re.MULTILINE))


def names(wanted: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9.-]", each)[0].lower() for each in wanted}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    assert re.findall(r"https?:|://|--(?:extra-)?index|--find-links| @ ", lock(name)) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_its_hashes(name: str) -> None:
    blocks = re.split(r"^(?=\S+==)", lock(name), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name)) > 0
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_the_project_asks_for_is_pinned() -> None:
    project = PROJECT["project"]
    runtime = names([*project["dependencies"], *project["optional-dependencies"]["embedded"]])
    groups = PROJECT["dependency-groups"]
    dev = names(
        [*groups["ui"], *groups["sbom"], *(each for each in groups["dev"] if isinstance(each, str))]
    )
    assert runtime - set(pins("requirements.txt")) == set()
    assert (runtime | dev) - set(pins("requirements-dev.txt")) == set()
    assert set(pins("requirements-bootstrap.txt")) == {"uv"}
    assert set(pins("requirements-ui.txt")) == names(groups["ui"])


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    tested = pins("requirements-dev.txt").items()
    assert pins("requirements.txt").items() <= tested
    assert pins("requirements-ui.txt").items() <= tested
    assert pins("requirements-sbom.txt").items() <= tested
