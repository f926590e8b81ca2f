"""What a model is not shown, as it may run at somebody else's: what looks like a secret.

In facts, whatever stands in a field with such a name; in any text, logins in addresses, what a word
such as ``password`` is said to be, and keys that are known by their form. Other secrets in words
are not found.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import msgspec

from contracts.refusals import Code, Refused
from services.runtime.masking import SECRET, readable_text, without_logins

_MASK = "***"
_KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|(?<![\w-])(?:sk-[\w-]{12,}|gh[a-z]_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,})"
    # Of the web in JSON (JWT), and of OpenShift.
    r"|(?<!\w)eyJ[\w-]{10,}(?:\.[\w-]*){0,2}|\bsha256~[\w-]{20,}",
    re.DOTALL,
)
_MAYBE = re.compile(
    rf"@|basic|-----BEGIN|AKIA|ASIA|sk-|gh[a-z]_|glpat-|xox[a-z]-|eyJ|sha256~|{SECRET.pattern}",
    re.IGNORECASE,
)
"""What all that is masked in a text has one of: most texts have none, and are many."""
_SAID = re.compile(
    rf"(?P<word>(?:{SECRET.pattern})[\w-]{{0,20}}+[\"']?\s{{0,5}}+)"
    # What is often said of one is none: an expired token is worth knowing of.
    r"(?P<is>[:=]{1,3}>?|(?:is|are|was)\b(?!\s+(?:not|no|missing|expired|invalid|unknown)\b))"
    r"(?P<gap>\s{0,5}+)(?:\"[^\"]*\"|'[^']*'|\S+)",
    re.IGNORECASE,
)


def facts_without_secrets(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same without what looks like a secret; VALIDATION_FAILED if they are too deep for it."""
    try:
        readable = readable_text(msgspec.json.encode(facts))
        if readable is not None:
            # Rows hold the same texts again and again.
            return _hidden(msgspec.json.decode(readable), cache(text_without_secrets))
    except RecursionError:
        pass
    raise Refused(Code.VALIDATION_FAILED, "facts are nested too deeply")


def text_without_secrets(text: str) -> str:
    """The same with a mask for each part that looks like a secret."""
    if not _MAYBE.search(text):
        return text
    text = _KEYS.sub(_MASK, without_logins(text))
    return _SAID.sub(rf"\g<word>\g<is>\g<gap>{_MASK}", text)


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value).items()
        return {name: _hidden(each, hide) for name, each in fields}
    if isinstance(value, list):
        return [_hidden(each, hide) for each in cast("list[Any]", value)]
    return hide(value) if isinstance(value, str) else value
