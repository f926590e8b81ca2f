"""Secret bytes that do not show themselves."""

import hashlib

from contracts.refusals import Code, Refused

LARGEST = 262_144
"""Bytes of one secret: a kubeconfig has 10,000; a Kubernetes Secret holds 1 MiB in all."""


class Material(bytes):
    """The bytes of a secret: bytes in every respect, but neither printed nor logged."""

    def __repr__(self) -> str:
        return "Material(...)"

    __str__ = __repr__


def require_small(material: bytes, most: int = LARGEST) -> None:
    """Refused for more bytes than this."""
    if len(material) > most:
        raise Refused(Code.LIMIT_REACHED, f"a secret has at most {most} bytes")


def fingerprint(material: bytes) -> str:
    """SHA-256 in hex, which may be shown: whoever has the same secret can tell that it is the same.

    Not salted, as it is compared across systems. Secrets are random and long; that of a short
    password could be guessed from it.
    """
    return hashlib.sha256(material).hexdigest()
