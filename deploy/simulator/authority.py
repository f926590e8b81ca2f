"""The simulator's certificate authority: good certificates, client certificates, bad ones."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.private import write_private

Key = ec.EllipticCurvePrivateKey
_LIFE = timedelta(days=365)
_OWN_LIFE = 2 * _LIFE
_FILE = "authority.pem"
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_HERE: tuple[x509.GeneralName, ...] = (
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
    x509.DNSName("localhost"),
)
_ELSEWHERE: tuple[x509.GeneralName, ...] = (x509.DNSName("api.other-host.invalid"),)


class BadCertificate(StrEnum):
    """Why nobody should trust a listener."""

    EXPIRED = "expired"
    OTHER_HOST = "other-host"
    SELF_SIGNED = "self-signed"


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, both as PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class _Request:
    """What a certificate shall say."""

    subject: x509.Name
    names: tuple[x509.GeneralName, ...]
    begins: datetime
    ends: datetime
    client: bool = False


class Authority:
    """A certificate authority: a new one, or the one of an identity that was kept."""

    def __init__(self, now: datetime, own: Identity | None = None) -> None:
        self._now = now
        self._name = _named("Simulated fleet CA")
        if own is None:
            self._key = ec.generate_private_key(ec.SECP256R1())
            self._certificate = self._own_certificate()
        else:
            self._key = _key(own.key)
            self._certificate = x509.load_pem_x509_certificate(own.certificate)

    @property
    def pem(self) -> bytes:
        """The certificate that clients are told to trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def identity(self) -> Identity:
        """What makes another authority the same one."""
        return _identity(self._certificate, self._key)

    def outlives_what_it_signs(self) -> bool:
        """Whether a certificate that is signed now ends before the authority's own."""
        return self._certificate.not_valid_after_utc >= self._now + _LIFE

    def server(self) -> Identity:
        """A certificate for this machine's loopback addresses."""
        return self._issue(self._request("simulated-api", _HERE))

    def client(self, user: str, cluster: str) -> Identity:
        """A client certificate that one cluster takes as this user's."""
        day = timedelta(days=1)
        subject = _named(user, cluster)
        wanted = _Request(subject, (), self._now - day, self._now + _LIFE, client=True)
        return self._issue(wanted)

    def bad(self, kind: BadCertificate) -> Identity:
        """A server certificate that must not be trusted."""
        match kind:
            case BadCertificate.EXPIRED:
                hour = timedelta(hours=1)
                return self._issue(
                    _Request(_named("expired"), _HERE, self._now - _LIFE, self._now - hour)
                )
            case BadCertificate.OTHER_HOST:
                return self._issue(self._request("other-host", _ELSEWHERE))
            case BadCertificate.SELF_SIGNED:
                return Authority(self._now).server_of_itself()

    def server_of_itself(self) -> Identity:
        """A certificate that nobody but its own key signed."""
        wanted = self._request("self-signed", _HERE)
        return _identity(_built(wanted, wanted.subject, self._key, self._key), self._key)

    def _request(self, name: str, names: tuple[x509.GeneralName, ...]) -> _Request:
        return _Request(_named(name), names, self._now - timedelta(days=1), self._now + _LIFE)

    def _issue(self, wanted: _Request) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        return _identity(_built(wanted, self._name, key, self._key), key)

    def _own_certificate(self) -> x509.Certificate:
        usage = _usage(signs_certificates=True)
        return (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=2))
            .not_valid_after(self._now + _OWN_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def kept(folder: Path, now: datetime) -> Authority:
    """The authority of a folder; a new one takes its place in time before it ends.

    Whoever was told to trust it goes on doing so when the simulator is started again.
    """
    file = folder / _FILE
    found = _found(file, now)
    if found is not None and found.outlives_what_it_signs():
        return found
    made = Authority(now)
    own = made.identity
    write_private(file, (own.key + own.certificate).decode())
    return made


def _found(file: Path, now: datetime) -> Authority | None:
    try:
        key, mark, certificate = file.read_bytes().partition(_CERTIFICATE)
        return Authority(now, Identity(mark + certificate, key))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _key(pem: bytes) -> Key:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Key):
        raise TypeError("the authority's key is of another kind")
    return key


def _built(wanted: _Request, issuer: x509.Name, key: Key, signer: Key) -> x509.Certificate:
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if wanted.client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.begins)
        .not_valid_after(wanted.ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if wanted.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(wanted.names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _identity(certificate: x509.Certificate, key: Key) -> Identity:
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _named(name: str, unit: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name(parts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
