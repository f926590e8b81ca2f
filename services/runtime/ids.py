"""The only place that mints identifiers and secrets."""

import random
import secrets
from uuid import UUID, uuid5

import uuid_utils.compat

_NAMESPACE = UUID("6f1c2b52-9a0f-5d0c-8a25-0f7b3f1d5e11")

_RANDOM = random.Random()  # noqa: S311 - seeded by the system, and twice as fast


def new_id() -> UUID:
    """A new time-ordered identifier (UUID version 7, RFC 9562)."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts (UUID version 5), so that a repeat finds its own work."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


def new_secret(size: int = 32) -> str:
    """A URL-safe random secret of ``size`` bytes."""
    return secrets.token_urlsafe(size)


def new_trace_ids() -> tuple[str, str]:
    """Trace id and span id in hex (W3C Trace Context): unique, not secret."""
    text = f"{_RANDOM.getrandbits(192):048x}"
    return text[:32], text[32:]
