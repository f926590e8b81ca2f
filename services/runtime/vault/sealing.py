"""AES-256-GCM envelopes: what is stored of a secret, tied to the place it is stored for; pure.

An envelope is version (1 byte), key id (4), nonce (12), ciphertext, tag (16). Version, key id and
the place are authenticated with it, so that an envelope opens only as what it was sealed as:
copied to another row, it is worthless.

The mode is NIST SP 800-38D. Its section 8.2.2 allows random nonces of 96 bits, section 8.3 up to
2^32 of them under one key; the vault writes a few a day.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.runtime.vault.material import Material

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_TAG_BYTES = 16
_NONCE_AT = len(_VERSION) + _ID_BYTES
_SEALED_AT = _NONCE_AT + _NONCE_BYTES
_ID_LABEL = b"aiops-nextgen/vault/key-id/1\0"

RandomBytes = Callable[[int], bytes]


class CannotOpen(Exception):
    """An envelope does not open. Why is not said: it would help only whoever has changed it."""

    def __init__(self, said: str = "the envelope cannot be opened") -> None:
        super().__init__(said)


class UnknownKey(CannotOpen):
    """An envelope names a key that is not in the ring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the envelope is under key {key_id}, which is not among the vault's keys")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class Key:
    """A key of 256 bits; the same key has the same id everywhere."""

    material: bytes = field(repr=False)
    id: str = field(init=False)
    """The first 8 hex digits of a SHA-256 of the key: tells nothing of it."""

    def __post_init__(self) -> None:
        if len(self.material) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        digest = hashlib.sha256(_ID_LABEL + self.material).digest()
        object.__setattr__(self, "id", digest[:_ID_BYTES].hex())


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that open, the first of which seals."""

    keys: tuple[Key, ...]
    random: RandomBytes = field(default=secrets.token_bytes, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring has at least one key")
        if len({key.id for key in self.keys}) != len(self.keys):
            raise ValueError("a key is in the ring twice")

    @property
    def current(self) -> Key:
        """The key that seals."""
        return self.keys[0]

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """An envelope that opens only with the same ``bound_to``."""
        head = _VERSION + bytes.fromhex(self.current.id)
        nonce = self.random(_NONCE_BYTES)
        return head + nonce + _cipher(self.current).encrypt(nonce, plain, _bound(head, bound_to))

    def open(self, envelope: bytes, bound_to: str) -> Material:
        """What is in an envelope; CannotOpen if it is not whole, not ours, or not of this place."""
        key = self._key(key_id(envelope))
        head, nonce = envelope[:_NONCE_AT], envelope[_NONCE_AT:_SEALED_AT]
        try:
            plain = _cipher(key).decrypt(nonce, envelope[_SEALED_AT:], _bound(head, bound_to))
        except InvalidTag:
            raise CannotOpen from None
        return Material(plain)

    def _key(self, wanted: str) -> Key:
        for key in self.keys:
            if key.id == wanted:
                return key
        raise UnknownKey(wanted)


def key_id(envelope: bytes) -> str:
    """The id of the key that an envelope is under; CannotOpen if it is no envelope."""
    if len(envelope) < _SEALED_AT + _TAG_BYTES or envelope[:1] != _VERSION:
        raise CannotOpen
    return envelope[1:_NONCE_AT].hex()


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.material)


def _bound(head: bytes, bound_to: str) -> bytes:
    """The head has a fixed length, so that no two pairs give the same bytes."""
    return head + bound_to.encode(errors="surrogatepass")
