"""One request and its answer, as the parts of the simulator see them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

Pause = Callable[[float], Awaitable[bool]]
"""Waits for some seconds and gives True; False as soon as the client is gone."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who a verified client certificate is for: its common name and its organisational unit."""

    user: str
    cluster: str


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; ``path`` is without what stands for the cluster and the part."""

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    """Names and values of the query, in its order; names may repeat."""
    body: bytes
    token: str | None
    """The bearer token."""
    certificate: Certificate | None
    now: datetime
    accept: str = ""
    """The header Accept."""
    base: str = ""
    """The URL that the path is below."""

    @property
    def query(self) -> Mapping[str, str]:
        """The query by name: the first value of each, as servers in Go read it."""
        return dict(reversed(self.pairs))

    @property
    def commands(self) -> tuple[str, ...]:
        """Every ``command`` of the query, in its order."""
        return tuple(value for name, value in self.pairs if name == "command")

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's parts."""
        return tuple(part for part in self.path.split("/") if part)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said: a body, or a stream that ends when it or the client does."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    stream: Callable[[Pause], AsyncIterator[bytes]] | None = None


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, msgspec.json.encode(value), headers=named)


def text_answer(text: str, status: int = 200) -> Answer:
    """A plain text answer."""
    return Answer(status, text.encode(), TEXT)
