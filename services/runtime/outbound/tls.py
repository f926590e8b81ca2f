"""TLS contexts, one for all clients with the same trust and the same certificate.

A context with the system's certificates costs 16 to 22 ms of CPU and 0.8 MB, one with a cluster's
own CA 0.2 ms and 16 KB; a thousand clients must not have a thousand of the first kind.
"""

import hashlib
import ssl
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from services.runtime.outbound.targets import Target, invalid

TlsKey = tuple[bytes | None, bytes | None, bool]
"""Digest of the CA bundle, digest of the client certificate with its key, whether to verify."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom to trust and who we are."""

    ca: str | None
    certificate: str | None = field(repr=False)
    private_key: str | None = field(repr=False)
    verify: bool
    key: TlsKey = field(repr=False)

    def anonymous(self) -> "Tls":
        """The same trust without our certificate, which is for the target's own host only."""
        return replace(
            self, certificate=None, private_key=None, key=(self.key[0], None, self.key[2])
        )


def tls_of(target: Target) -> Tls:
    """What a target says about TLS."""
    ca = target.ca if target.verify else None
    identity = None if target.certificate is None else f"{target.certificate}\0{target.key}"
    key = (_digest(ca), _digest(identity), target.verify)
    return Tls(ca, target.certificate, target.key, target.verify, key)


class Contexts:
    """The contexts in use, the least recently used dropped beyond ``bound``."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._kept: OrderedDict[TlsKey, ssl.SSLContext] = OrderedDict()

    def get(self, tls: Tls) -> ssl.SSLContext:
        """The context for this trust and certificate; Refused if they cannot be read."""
        context = self._kept.get(tls.key)
        if context is None:
            context = self._kept[tls.key] = make_context(tls)
        self._kept.move_to_end(tls.key)
        while len(self._kept) > self._bound:
            self._kept.popitem(last=False)
        return context

    def __len__(self) -> int:
        return len(self._kept)


def make_context(tls: Tls) -> ssl.SSLContext:
    """A new context, from TLS 1.2 on; Refused if the PEM texts cannot be read.

    Not `ssl.create_default_context`, which writes session keys to a file if the environment asks.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        _trust(context, tls.ca)
    if tls.certificate is not None and tls.private_key is not None:
        _identify(context, tls.certificate, tls.private_key)
    return context


def _trust(context: ssl.SSLContext, ca: str) -> None:
    # What was given is trusted as it is, as kubectl does: an intermediate or the server's own too.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: there is more than ASCII.
        raise invalid("ca", "holds no certificate in PEM that can be read") from None


def _identify(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # OpenSSL reads a certificate only from a file: of this user alone (0600), and for a moment.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:
        file.write(f"{certificate.rstrip()}\n{key.rstrip()}\n")
        file.flush()
        try:
            # With an empty password an encrypted key fails instead of asking at the terminal.
            context.load_cert_chain(file.name, password="")
        except (ssl.SSLError, ValueError):
            text = "cannot be read, or its key is encrypted or not its own"
            raise invalid("certificate", text) from None


def _digest(text: str | None) -> bytes | None:
    return None if text is None else hashlib.sha256(text.encode()).digest()
