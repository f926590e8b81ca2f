"""Pages for people name what there is: files that they link to, headings, modules in their text."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.catalog import EVENTS
from deploy.catalogue.reading import folded_by, made_in
from deploy.catalogue.writing import anchor
from deploy.platform import PROJECTIONS, load_projections
from tests.kit.tree import ROOMS, ROOT, name

PAGES = [
    ROOT / "contracts" / "EVENTS.md",
    ROOT / "services" / "ARCHITECTURE.md",
    ROOT / ".github" / "CONTRIBUTING.md",
]
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MODULE = re.compile(rf"(?:{'|'.join((*ROOMS, 'tests', '.github'))})/[\w./-]+|[\w-]+/[\w./-]+\.py")


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text())


def links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in _LINK.findall(prose(page)):
        if "://" not in target:
            path, _, heading = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), heading


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_that_there_are(page: Path) -> None:
    found = {path for path, _ in links(page)}
    assert found
    assert [str(path) for path in sorted(found) if not path.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_headings_that_there_are_once(page: Path) -> None:
    wanted = {heading for path, heading in links(page) if path == page and heading}
    there = Counter(anchor(heading) for heading in _HEADING.findall(prose(page)))
    assert {heading: there[heading] for heading in wanted if there[heading] != 1} == {}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_in_the_text_exist(page: Path) -> None:
    spans = {each for each in _SPAN.findall(prose(page)) if _MODULE.fullmatch(each)}
    # Tests may be named as they are found below their folder.
    folders = (ROOT, ROOT / "tests")
    missing = [each for each in spans if not any((at / each).exists() for at in folders)]
    assert sorted(missing) == []


def test_of_every_event_it_is_known_who_makes_it() -> None:
    assert [event for event, modules in made_in(EVENTS).items() if not modules] == []


def test_of_every_fold_it_is_known_whose_it_is() -> None:
    folded = folded_by(EVENTS)
    for projection in load_projections(PROJECTIONS):
        entities = {each.entity for each in EVENTS if projection.name in folded[each.__name__]}
        filters = {f"evt.*.{entity}.>" for entity in entities} or {"evt.>"}
        assert filters == set(projection.filters), projection.name
