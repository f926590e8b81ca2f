"""Words, numbers, times and tables of an answer: what others wrote is shown as it is. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite

from services.chat.analyst.reading import Json

MOST_ROWS = 10
"""Of a table."""
_BLANKS = re.compile(r"\s+")
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|\+00:00)$")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})


@dataclass(frozen=True, slots=True)
class View:
    """How an answer of a tool is looked at."""

    terms: Sequence[str] = ()
    """What the question names: rows that speak of it are shown alone, if there are any."""
    words: Collection[str] = ()
    """Of the question."""
    arguments: Json = field(default_factory=dict[str, object])
    """Of the call."""
    of: int | None = None
    """How many there are, where not all were told; null: these are all."""
    goes_on: bool = False
    """There is more behind what was told."""


def quoted(text: object, most: int = 120) -> str:
    """Somebody else's text as a piece of code: whatever it holds, it is shown as it is."""
    plain = "".join(
        each for each in str(text)[: most * 8] if each in "\n\t" or not _is_hidden(each)
    )
    plain = _BLANKS.sub(" ", plain.replace("`", "'")).strip()
    return f"`{plain[:most]}{'…' if len(plain) > most else ''}`" if plain else "-"


def word(value: object) -> str:
    """One of our own words, such as a severity; anything else is shown as it is."""
    text = str(value)
    if 0 < len(text) <= 40 and text.isascii() and text.replace("_", "").isalnum():
        return text.lower().replace("_", " ")
    return quoted(text) if value is not None else "unknown"


def number(value: object, unit: str = "") -> str:
    """With as many digits as are worth reading; a dash for what is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-"
    size = abs(value)
    if size >= 1e15 or (0 < size < 0.001) or not isfinite(value):
        told = f"{value:.3g}"
    elif value == round(value):
        told = f"{round(value):,}"
    else:
        told = f"{value:,.1f}" if size >= 100 else f"{value:.2f}" if size >= 1 else f"{value:.3g}"
    return f"{told} {unit}" if unit else told


def percent(value: object) -> str:
    """Of a share from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        return "-"
    return f"{value:.0%}".replace("%", " %")


def moment(value: object) -> str:
    """A time, in UTC."""
    found = _TIME.match(value) if isinstance(value, str) else None
    if found is not None:
        return f"{found[1]} {found[2]} UTC"
    return quoted(value, 40) if value else "-"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown; nothing without rows."""
    told = ["| " + " | ".join(_cell(each) for each in row) + " |" for row in rows]
    if not told:
        return []
    return ["", f"| {' | '.join(header)} |", "|" + "---|" * len(header), *told[:MOST_ROWS]]


def counts(told: Json, order: Sequence[str] = ()) -> str:
    """How many there are of each, without those of which there are none: ``2 critical, 5 info``."""
    names = [
        *(each for each in order if each in told),
        *(each for each in told if each not in order),
    ]
    some = [(name, told[name]) for name in names[:12]]
    return ", ".join(
        f"{number(many)} {word(name)}" for name, many in some if isinstance(many, int) and many > 0
    )


def of_many(shown: int, total: object) -> list[str]:
    """That there are more."""
    is_more = isinstance(total, int | float) and total > min(shown, MOST_ROWS)
    return ["", f"The first of {number(total)} are shown."] if is_more else []


def labels(told: Json, most: int = 6) -> str:
    """Of a series or an alert, in a row."""
    pairs = [f"{name}={value}" for name, value in told.items() if name != "__name__"][:most]
    return quoted(", ".join(pairs), 160) if pairs else "-"


def joined(*texts: str) -> str:
    """Those that are not empty, in a row."""
    return ", ".join(each for each in texts if each)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|") if "|" in text else text


def _is_hidden(one: str) -> bool:
    return unicodedata.category(one) in _HIDDEN
