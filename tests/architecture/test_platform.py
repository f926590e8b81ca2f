"""The one list of parts is complete, and what it names exists."""

import pytest

from deploy import platform
from tests.kit.tree import ROOT

PARTS = platform.PARTS
TARGETS = [*platform.SERVICES.values(), *platform.PROJECTIONS.values()]


def targets_on_disk(pattern: str, marker: str) -> set[str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in ROOT.glob(pattern)
        if marker in path.read_text()
    }


def modules(targets: list[str]) -> set[str]:
    return {target.partition(":")[0] for target in targets}


def test_every_service_is_listed() -> None:
    written = targets_on_disk("services/*/handlers.py", "Service(")
    assert written <= modules(list(platform.SERVICES.values()))


def test_every_projection_is_listed() -> None:
    written = targets_on_disk("projections/*/projector.py", "Projection(")
    assert written <= modules(list(platform.PROJECTIONS.values()))


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_listed_can_be_loaded(target: str) -> None:
    assert platform.load(target) is not None


def test_every_service_runs_in_exactly_one_part() -> None:
    assert sorted(name for part in PARTS for name in part.services) == sorted(platform.SERVICES)


def test_every_projection_runs_in_exactly_one_part() -> None:
    running = sorted(name for part in PARTS for name in part.projections)
    assert running == sorted(platform.PROJECTIONS)


def test_a_part_needs_only_what_comes_before_it() -> None:
    known = [server.name for server in platform.INFRASTRUCTURE]
    for part in PARTS:
        assert set(part.needs) <= set(known), part.name
        known.append(part.name)
    assert len(known) == len(set(known))


def test_a_part_is_found_by_its_name() -> None:
    assert platform.part("workers").command == ("aiops", "run", "workers")
    with pytest.raises(KeyError):
        platform.part("unheard-of")
