"""What people are shown of messages that somebody has sent: never what may be a secret."""

import re
from functools import lru_cache
from typing import Any, cast

import msgspec

_MASK = "***"
SECRET = re.compile(
    r"pass(word|wd|phrase)|pwd|secret|token|credential|authori[sz]ation|kubeconfig|cookie|bearer"
    r"|(api|private|access|client)[-_ ]?key|key[-_ ]?data",
    re.IGNORECASE,
)
"""What speaks of a secret."""
# To the last @: a password may have one. Too much is masked rather than too little.
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s]*@")
_LOGINS = re.compile(r"[@=]|bearer|basic", re.IGNORECASE)
"""What all that is masked in a text has one of."""
_BEARER = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
# As in the query of a URL and in connection strings.
_ASSIGNED = re.compile(r"""(?<![\w.\[\]%-])([\w.\[\]%-]++)=('[^']*'|"[^"]*"|[^&\s]+)""")


def readable_text(body: bytes) -> str | None:
    """JSON without secrets; None for what is no JSON, of which nobody knows what a secret is."""
    try:
        return msgspec.json.encode(_masked(msgspec.json.decode(body))).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {
            name: _MASK if each is not None and _hides(fields, name) else _masked(each)
            for name, each in fields.items()
        }
    if isinstance(value, list):
        return [_masked(each) for each in cast("list[Any]", value)]
    return without_logins(value) if isinstance(value, str) else value


def _hides(fields: dict[str, Any], name: str) -> bool:
    """True for a name of a secret, and for `value` beside one, as a container's variables have."""
    beside = fields.get("name") if name == "value" else None
    return any(isinstance(each, str) and _is_secret(each) for each in (name, beside))


@lru_cache(4096)
def _is_secret(name: str) -> bool:
    """Kept, as the same few names come with every row."""
    return SECRET.search(name) is not None


def without_logins(text: str) -> str:
    """A text without what logs in: in a URL, a connection string or an Authorization header."""
    if not _LOGINS.search(text):
        return text
    text = _LOGIN_IN_URL.sub(f"{_MASK}@", text)
    return _BEARER.sub(rf"\1 {_MASK}", _ASSIGNED.sub(_without_value, text))


def _without_value(assigned: re.Match[str]) -> str:
    return f"{assigned[1]}={_MASK}" if SECRET.search(assigned[1]) else assigned[0]
