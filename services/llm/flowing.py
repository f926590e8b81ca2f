"""What may be shown of a model's Markdown while it is still being said: as `markdown` has it.

Nothing that was shown can be taken back, so a link is not made its text, as it is at the end: it is
broken up where it stands. What may turn out to be the beginning of one is held back.
"""

import re

from services.llm.markdown import visible

_THOUGHT, _END = "<think>", "</think>"
_HELD = re.compile(r"(?i)(?:w{3,}\.)?[!\]<:/\\w]*\Z")
_SPECIAL = re.compile(r"(?i)[!\[\]<:/\\w]")
_SCHEME = re.compile(r":(?=[/\\]{2})")
_SLASHES = re.compile(r"(?<!: )([/\\])(?=[/\\]\S)")
_WWW = re.compile(r"(?i)(www\.)(?=\S)")
_TAG, _IMAGE = re.compile(r"<(?=\S)"), re.compile(r"!+\[")


class Flow:
    """One answer on its way."""

    def __init__(self) -> None:
        self._held = ""
        self._begun = False
        self._thinks = False

    def add(self, text: str) -> str:
        """What may be shown now that this has come."""
        text, self._held = self._held + visible(text), ""
        if not self._begun:
            text = self._beginning(text)
        if not text or not _SPECIAL.search(text):
            return text
        if found := _HELD.search(text):
            text, self._held = text[: found.start()], text[found.start() :]
        return _harmless(text)

    def end(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return _harmless(rest) if self._begun else ""

    def _beginning(self, text: str) -> str:
        """Without blanks and thoughts; it is held while it may be either."""
        text = text.lstrip()
        if not self._thinks and text.startswith(_THOUGHT):
            self._thinks, text = True, text[len(_THOUGHT) :]
        if self._thinks:
            at = text.find(_END)
            if at < 0:
                self._held = text[-len(_END) :]
                return ""
            text = text[at + len(_END) :].lstrip()
            # It thinks no more; what follows has only its blanks to lose.
            self._thinks, self._begun = False, bool(text)
            return text
        if not text or _THOUGHT.startswith(text):
            self._held = text
            return ""
        self._begun = True
        return text


def _harmless(text: str) -> str:
    text = _SLASHES.sub(r"\1 ", _SCHEME.sub(": ", _WWW.sub(r"\1 ", _TAG.sub("&lt;", text))))
    text = _IMAGE.sub("[", text).replace("](", "] (").replace("][", "] [")
    return text.replace("]:", r"]\:")
