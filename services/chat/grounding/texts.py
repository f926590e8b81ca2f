"""What stands in the texts that a tool has told: names, numbers, times. Pure."""

import re
from collections.abc import Iterable

from services.chat.grounding.figures import NAME, numbers_in, times_in

_LONGEST_NUMBER = 26
_PLAIN = str.maketrans("", "", "-_./:@")
_FIRST = frozenset("0123456789-+")
_CODED = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_(\d{1,9})\b")
"""A code with a number: ``GPU_XID_79`` is told as GPU XID error 79."""
_STAMP = (19, 40)
"""Characters of a time as JSON has it."""


class Sorted:
    """Texts, each looked at for no more than it can be: this is most of what grounding costs."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.names = set[str]()
        """Whole words in small letters, and the parts of paths: ``node/worker-3`` is also worker-3.
        """
        self.numbers = set[float]()
        self.times = set[str]()
        long = list[str]()
        for each in set(texts):
            if each.translate(_PLAIN).isalnum():
                self._word(each)
            else:
                long.append(each)
        if long:
            self._long("\n".join(long))

    def _word(self, word: str) -> None:
        if word[0] in _FIRST:
            if _STAMP[0] <= len(word) <= _STAMP[1] and word[10] == "T":
                self.times.update(times_in(word))
                return
            if len(word) <= _LONGEST_NUMBER:
                self.numbers.update(numbers_in(word))
        if word[-1].isdigit() and (coded := _CODED.fullmatch(word)):
            self.numbers.add(float(coded[1]))
        name = word.lower()
        self.names.add(name)
        if "/" in name:
            self.names.update(each for each in name.split("/") if each)

    def _long(self, texts: str) -> None:
        for name in set(NAME.findall(texts.lower())):
            self.names.add(name)
            if "/" in name:
                self.names.update(each for each in name.split("/") if each)
        self.numbers.update(numbers_in(texts))
        self.numbers.update(float(each) for each in _CODED.findall(texts))
        self.times.update(times_in(texts))
