"""Certificate authorities of the tests' own: good, expired and foreign certificates in memory."""

import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from services.runtime.clock import SystemClock

LOCAL = ("localhost", "127.0.0.1")
_AGE = timedelta(hours=1)


@dataclass(frozen=True)
class Validity:
    """From when to when, in hours from now."""

    begins: float = -1.0
    ends: float = 1.0

    def times(self) -> tuple[datetime, datetime]:
        now = SystemClock().now()
        return now + self.begins * _AGE, now + self.ends * _AGE


GOOD = Validity()
EXPIRED = Validity(-2.0, -1.0)
NOT_YET = Validity(1.0, 2.0)


@dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate = field(repr=False)
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key(self) -> str:
        """The key, not encrypted."""
        return self._key(NoEncryption())

    def encrypted_key(self, password: str) -> str:
        """The key as people keep it who are careful."""
        return self._key(BestAvailableEncryption(password.encode()))

    def server(self, *, clients: "Authority | None" = None) -> ssl.SSLContext:
        """The TLS of a server that shows this; ``clients``: it asks for a certificate of theirs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(self.pem + self.key)
            file.flush()
            context.load_cert_chain(file.name)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem)
        return context

    def _key(self, encryption: KeySerializationEncryption) -> str:
        pem, pkcs8 = Encoding.PEM, PrivateFormat.PKCS8
        return self.private_key.private_bytes(pem, pkcs8, encryption).decode()


@dataclass(frozen=True)
class Authority(Identity):
    """A CA, which signs what it is asked to."""

    def server_identity(
        self, names: tuple[str, ...] = LOCAL, validity: Validity = GOOD
    ) -> Identity:
        """A server's certificate for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Identity(_certificate(names[0], key, self, names, validity), key)

    def client_identity(self, name: str = "aiops") -> Identity:
        """A client's certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Identity(_certificate(name, key, self, (), GOOD), key)

    def intermediate(self, name: str = "intermediate") -> "Authority":
        """A CA below this one."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Authority(_certificate(name, key, self, None, GOOD), key)


def authority(name: str = "test CA") -> Authority:
    """A new CA; two of the same name have nothing but the name in common."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(_certificate(name, key, None, None, GOOD), key)


def self_signed(names: tuple[str, ...] = LOCAL) -> Identity:
    """A server's certificate that nobody vouches for but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Identity(_certificate(names[0], key, None, names, GOOD), key)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: Identity | None,
    names: tuple[str, ...] | None,
    validity: Validity,
) -> x509.Certificate:
    """``issuer`` None: signed by itself; ``names`` None: a CA."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins, ends = validity.times()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_general(each) for each in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(key if issuer is None else issuer.private_key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
