"""What may stand in an explanation: Markdown that shows text, and makes no browser fetch anything.

A model that was led astray could hide what it was shown in the address of an image.
"""

import re
import unicodedata

_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_INLINE = re.compile(r"!?\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_REFERENCE = re.compile(r"!?\[([^\[\]]*)\]\[[^\[\]]*\]")
_IMAGE = re.compile(r"!+\[")
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20})(?::|&colon;)(?=[/\\]{2})")
_SLASHES = re.compile(r"(?<!: )([/\\])(?=[/\\]\S)")
_OTHER = re.compile(r"(?i)((?:javascript|vbscript|data)(?::|&colon;)|www\.)(?=\S)")
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_LINES = frozenset("\n\t")
_BACKTICKS = re.compile("`")
_TAG = re.compile(r"<(?=\S)")
"""Of HTML, or an address between ``<`` and ``>``."""
_BLANKS = re.compile(r"\s+")


def harmless(text: str) -> str:
    """A model's Markdown: links become their text, HTML and addresses what is only read."""
    text = _THOUGHTS.sub("", visible(text))
    for _ in range(3):  # An image may stand in a link.
        text = _REFERENCE.sub(r"\1", _INLINE.sub(r"\1", text))
    text = _without_addresses(_TAG.sub("&lt;", text))
    # Last: whatever may be left, or came of taking something away, opens no link and no image. What
    # a link refers to can stand anywhere, such as in a quote; it is none without its colon.
    text = _IMAGE.sub("[", text).replace("](", "] (").replace("][", "] [")
    return text.replace("]:", r"]\:").strip()


def _without_addresses(text: str) -> str:
    """With a blank in each, so that nothing takes it for one."""
    text = _OTHER.sub(r"\1 ", _ADDRESS.sub(r"\1: ", text))
    return _SLASHES.sub(r"\1 ", text)


def quoted(text: object, most: int = 200) -> str:
    """Somebody else's text as a piece of code: whatever it holds, it is shown as it is."""
    plain = "".join(each for each in str(text) if not _is_hidden(each) or each in "\n\t")
    plain = _BLANKS.sub(" ", plain.replace("`", "'")).strip()
    return f"`{plain[:most]}{'…' if len(plain) > most else ''}`" if plain else "(nothing)"


def visible(text: str) -> str:
    """Without characters that nobody sees, but for ends of lines and tabs."""
    if text.isprintable():
        return text
    return "".join(each for each in text if each in _LINES or not _is_hidden(each))


def _is_hidden(one: str) -> bool:
    return unicodedata.category(one) in _HIDDEN
