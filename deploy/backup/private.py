"""The files of a data directory that open everything, sealed with a passphrase.

The key is derived by scrypt (RFC 7914) with the cost that OWASP's Password Storage Cheat Sheet
names first, N = 2^17, r = 8, p = 1, which takes 128 MiB; the cipher is AES-256-GCM.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import SecretStr

from deploy.backup import inventory
from deploy.backup.errors import BackupError
from deploy.local.private import write_private
from services.runtime.vault.keys import FILE

SHORTEST = 12
"""Characters of a passphrase."""
_BITS, _R, _P = 17, 8, 1
_MOST_BITS = 20
"""A file may not have us take more than 1 GiB."""
_SALT, _NONCE, _KEY = 16, 12, 32
_LABEL = b"aiops-nextgen/backup/private/1"
_LARGEST = 1024 * 1024
KEY_FILE = f"vault/{FILE}"


class _Sealed(msgspec.Struct):
    bits: int
    salt: bytes
    nonce: bytes
    sealed: bytes


def passphrase_of(file: Path) -> str:
    """The first line of a file."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST).decode(errors="strict").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{file}: {getattr(error, 'strerror', '') or 'is no text'}") from None
    if len(text) < SHORTEST:
        raise BackupError(f"{file}: a passphrase has at least {SHORTEST} characters")
    return text


def collected(data_dir: Path, keys: Sequence[SecretStr]) -> dict[str, bytes]:
    """The private files by path; keys of the settings as a key file."""
    found = {
        name: (data_dir / name).read_bytes()
        for name in inventory.copied(inventory.FILES)
        if (data_dir / name).is_file()
    }
    if keys:
        found[KEY_FILE] = "".join(f"{key.get_secret_value()}\n" for key in keys).encode()
    return found


def seal(contents: Mapping[str, bytes], passphrase: str) -> bytes:
    """What only the passphrase opens."""
    plain = msgspec.json.encode(
        {name: base64.b64encode(data).decode() for name, data in contents.items()}
    )
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(passphrase, salt, _BITS)).encrypt(nonce, plain, _LABEL)
    return msgspec.json.encode(_Sealed(_BITS, salt, nonce, sealed))


def unseal(data: bytes, passphrase: str) -> dict[str, bytes]:
    """What was sealed; BackupError for a wrong passphrase."""
    try:
        found = msgspec.json.decode(data, type=_Sealed)
        if not 0 < found.bits <= _MOST_BITS:
            raise BackupError("the private files are sealed in a way that is not known")
        key = _key(passphrase, found.salt, found.bits)
        plain = AESGCM(key).decrypt(found.nonce, found.sealed, _LABEL)
        contents = msgspec.json.decode(plain, type=dict[str, str])
    except InvalidTag:
        raise BackupError("the passphrase is wrong") from None
    except (msgspec.MsgspecError, ValueError):
        raise BackupError("the private files are damaged") from None
    known = set(inventory.copied(inventory.FILES))
    return {name: base64.b64decode(contents[name]) for name in contents if name in known}


def put_back(contents: Mapping[str, bytes], data_dir: Path) -> None:
    """Write them where they were, for nobody else to read."""
    for name, data in contents.items():
        place = data_dir / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(place, data.decode())


def _key(passphrase: str, salt: bytes, bits: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY, n=2**bits, r=_R, p=_P).derive(passphrase.encode())
