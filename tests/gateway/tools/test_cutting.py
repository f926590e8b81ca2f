"""Answers within a size: whatever the JSON, what is left is true, and what is gone is told."""

import json
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from contracts.tools import CHARACTERS_OF_TOKEN, Cut
from gateway.tools.cutting import fitted, lean, size

Json = dict[str, Any]
_MAIN = "items"
_FEW = st.characters(exclude_categories=["Cs"], exclude_characters=".[]")
_NAMES = st.text(_FEW, max_size=12)


def _many(one: str, many: int) -> str:
    return one * many


def _alike(one: Any, many: int) -> list[Any]:
    return [one] * many


def _numbered(one: Any, many: int) -> list[Any]:
    return [{"id": number, "of": one} for number in range(many)]


def _with(rest: Json, entries: list[Any]) -> Json:
    return {**rest, _MAIN: entries}


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.builds(
    _many, st.sampled_from('aä漢🙂"\\'), st.integers(0, 3_000)
)
_PLAIN: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), _TEXTS
)
_ANY: st.SearchStrategy[Any] = st.recursive(
    _PLAIN,
    lambda of: st.one_of(
        st.lists(of, max_size=4),
        st.builds(_alike, of, st.integers(0, 120)),
        st.dictionaries(_NAMES, of, max_size=5),
    ),
    max_leaves=8,
)
_ENTRIES: st.SearchStrategy[list[Any]] = st.one_of(
    st.lists(_ANY, max_size=6), st.builds(_numbered, _ANY, st.integers(0, 150))
)
_DATA: st.SearchStrategy[Json] = st.builds(
    _with, st.dictionaries(_NAMES.filter(lambda name: name != _MAIN), _ANY, max_size=4), _ENTRIES
)
_TOKENS = st.sampled_from([60, 300, 1_000, 4_000])


def _most(tokens: int) -> int:
    return tokens * CHARACTERS_OF_TOKEN


def _by_path(cuts: tuple[Cut, ...]) -> dict[str, Cut]:
    found = {each.path: each for each in cuts}
    assert len(found) == len(cuts), "each place is told once"
    return found


def _same(told: Any, data: Any, path: str, cuts: dict[str, Cut], seen: set[str]) -> None:
    """What is told is what was there, but for what the cuts say; collects those that are needed."""
    if isinstance(data, dict):
        _same_object(told, cast("Json", data), path, cuts, seen)
    elif isinstance(data, list):
        _same_list(told, cast("list[Any]", data), path, cuts, seen)
    elif told != data:
        seen.add(path)
        assert cuts[path].of >= len(data)
        assert told == data[: len(told) - 1] + "…"


def _same_list(
    told: list[Any], data: list[Any], path: str, cuts: dict[str, Cut], seen: set[str]
) -> None:
    if len(told) < len(data):
        seen.add(path)
        assert cuts[path].of >= len(data), "of those alike the longest counts"
    for one, other in zip(told, data, strict=False):
        if one is None and other is not None:  # One that cannot be shown at all.
            seen.add(f"{path}[]")
            assert cuts[f"{path}[]"].shown == 0
        else:
            _same(one, other, f"{path}[]", cuts, seen)


def _same_object(told: Json, data: Json, path: str, cuts: dict[str, Cut], seen: set[str]) -> None:
    assert [name for name in data if name in told] == list(told)
    for name in data:
        here = f"{path}.{name}" if path else name
        if name in told:
            _same(told[name], data[name], here, cuts, seen)
        else:
            seen.add(here)
            assert (cuts[here].shown, cuts[here].unit) == (0, "entries")


@given(_DATA, _TOKENS)
def test_whatever_it_is_it_fits_and_what_is_gone_is_told(data: Json, tokens: int) -> None:
    before = json.dumps(data)
    told, cuts = fitted(data, _MAIN, tokens)
    assert json.dumps(data) == before, "what was given is as it was"
    assert json.loads(json.dumps(told)) == told
    assert size(told) <= _most(tokens)
    found, seen = _by_path(cuts), set[str]()
    _same(told, data, "", found, seen)
    assert seen == found.keys(), "all that is gone is told, and nothing else"


@given(_DATA, _TOKENS)
def test_of_the_list_the_first_entries_are_there_and_one_at_least(data: Json, tokens: int) -> None:
    told, cuts = fitted(data, _MAIN, tokens)
    entries, shown = data[_MAIN], len(told.get(_MAIN, ()))
    assert shown > 0 or not entries, "who pages on gets by"
    main = _by_path(cuts).get(_MAIN)
    assert (main is not None) == (shown < len(entries))
    if main is not None:
        assert (main.shown, main.of, main.unit) == (shown, len(entries), "entries")


@given(_DATA, _TOKENS)
def test_what_fits_is_left_as_it_is(data: Json, tokens: int) -> None:
    told, cuts = fitted(data, _MAIN, tokens)
    assert (told == data and not cuts) == (size(data) <= _most(tokens))


@given(st.integers(1, 400), st.integers(0, 400), _TOKENS)
def test_as_many_entries_as_have_room(many: int, long: int, tokens: int) -> None:
    """And as they are, as long as there are enough of them."""
    entries = [{"id": number, "text": "a" * long} for number in range(many)]
    data: Json = {"total": many, _MAIN: entries}
    told, cuts = fitted(data, _MAIN, tokens)
    shown = len(told[_MAIN])
    if told[_MAIN] == entries[:shown] and shown < many:
        more = {**data, _MAIN: entries[: shown + 1]}
        assert size(more) > _most(tokens)
    assert told[_MAIN] == entries[:shown] or shown == 1
    assert {each.path for each in cuts} <= {_MAIN, f"{_MAIN}[].text"}


def test_lists_within_are_shortened_for_more_entries() -> None:
    """Twenty that are shortened tell more than three that are whole."""
    entry = {"name": "a", "values": list(range(500)), "text": "b" * 1_000}
    told, cuts = fitted({_MAIN: [entry] * 40}, _MAIN)
    shown = len(told[_MAIN])
    assert shown == 20 or shown > 10
    found = _by_path(cuts)
    assert found["items[].values"].of == 500
    assert found["items[].values"].shown == len(told[_MAIN][0]["values"])
    assert (found["items[].text"].shown, found["items[].text"].of) == (600, 1_000)


def test_nothing_within_is_shortened_that_makes_no_room_for_more() -> None:
    """Plain entries are not more for it."""
    entry = {f"name-{number}": number for number in range(200)}
    told, cuts = fitted({"rest": list(range(60)), _MAIN: [entry] * 40}, _MAIN)
    assert told["rest"] == list(range(60))
    assert told[_MAIN] == [entry] * len(told[_MAIN])
    assert [each.path for each in cuts] == [_MAIN]


def test_only_what_is_shown_is_said_to_be_cut() -> None:
    """Of entries that are not there nothing is told."""
    entries = [{"id": number, "text": "a" * 300} for number in range(99)]
    told, cuts = fitted({_MAIN: [*entries, {"labels": list(range(999))}]}, _MAIN)
    assert [(each.path, each.shown, each.of) for each in cuts] == [(_MAIN, len(told[_MAIN]), 100)]


def test_something_large_beside_the_list_does_not_hide_it() -> None:
    rest = {f"name-{number}": number for number in range(5_000)}
    told, cuts = fitted({"rest": rest, "total": 7, _MAIN: [{"id": 1}, {"id": 2}]}, _MAIN)
    assert told == {"total": 7, _MAIN: [{"id": 1}, {"id": 2}]}
    assert [(each.path, each.shown) for each in cuts] == [("rest", 0)]


@pytest.mark.parametrize("place", [0, 1])
def test_one_entry_larger_than_all_loses_its_largest_part(place: int) -> None:
    giant = {"id": 7, "of": {f"name-{number}": number for number in range(5_000)}}
    entries = [{"id": 1}] * place + [giant, {"id": 8}]
    told, cuts = fitted({_MAIN: entries[place:]}, _MAIN)
    assert told == {_MAIN: [{"id": 7}]}
    found = _by_path(cuts)
    assert (found["items[].of"].shown, found["items"].of) == (0, 2)


def test_an_entry_that_cannot_be_cut_is_told_to_be_there() -> None:
    told, cuts = fitted({_MAIN: [[[[["a" * 500] * 3] * 3] * 3], "b"]}, _MAIN)
    assert told == {_MAIN: [None]}
    assert _by_path(cuts)["items[]"].shown == 0


def test_without_a_list_the_largest_goes() -> None:
    large = {f"name-{number}": number for number in range(5_000)}
    told, cuts = fitted({"large": large, "small": {"a": 1}})
    assert told == {"small": {"a": 1}}
    assert [(each.path, each.shown, each.of) for each in cuts] == [("large", 0, 1)]


def test_foreign_letters_count_for_more() -> None:
    """A letter of many languages is a token, and a third of one of Latin ones."""
    told, _ = fitted({_MAIN: ["漢" * 100] * 100}, _MAIN)
    assert len(told[_MAIN]) * 100 <= 4_000


@given(_ANY)
def test_lean_loses_nothing_but_what_is_empty(value: Any) -> None:
    assert _is_lean(lean(value), value)
    assert lean(lean(value)) == lean(value)


def _is_lean(told: Any, value: Any) -> bool:
    if isinstance(value, dict):
        given = cast("Json", value)
        lost = [name for name in given if name not in told]
        return (
            all(_is_lean(told[name], given[name]) for name in told)
            and all(lean(given[name]) in (None, "", [], {}) for name in lost)
            and all(each not in (None, "", [], {}) for each in told.values())
        )
    if isinstance(value, list):
        pairs = zip(told, cast("list[Any]", value), strict=True)
        return all(_is_lean(one, other) for one, other in pairs)
    return told == value


def test_nothing_and_not_are_no_emptiness() -> None:
    assert lean({"count": 0, "rate": 0.0, "stale": False, "list": [None, ""]}) == {
        "count": 0, "rate": 0.0, "stale": False, "list": [None, ""],
    }  # fmt: skip
