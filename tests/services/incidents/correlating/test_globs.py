"""What a rule's globs are about."""

import re

from hypothesis import given, strategies as st

from services.incidents.correlating.rules import fits

_TEXTS = st.text("ab*", max_size=12)


@given(glob=_TEXTS, text=st.text("ab", max_size=12))
def test_a_star_stands_for_anything(glob: str, text: str) -> None:
    pattern = ".*".join(map(re.escape, glob.split("*")))
    assert fits(glob, text) == bool(re.fullmatch(pattern, text))


def test_a_glob_of_many_stars_is_read_once() -> None:
    """As a regular expression this would not come to an end."""
    assert not fits("*a" * 100 + "b", "a" * 500)
    assert fits("*a" * 100, "a" * 500)
