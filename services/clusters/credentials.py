"""What becomes of credentials as people give them: logins, each bound to its origin. Pure.

A secret is for where its cluster says that the endpoint is at the time that it is given. A
kubeconfig must be of the registered API server: its token is for that one, and shown to no other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
from pydantic import SecretStr

from contracts.clusters import (
    AuthType,
    Checked,
    Cluster,
    Credentials,
    Given,
    GivenBackend,
    GivenOidc,
    Renewal,
    Validation,
)
from contracts.refusals import Code, Refused
from services.clusters import kubeconfig
from services.clusters.oidc import OidcClient
from services.clusters.token_claims import certificate_ends, claims
from services.runtime.vault.logins import RENEWAL, Login, Logins, fits, origin_of, server_of
from services.runtime.vault.material import fingerprint

WARNED_AHEAD = timedelta(days=7)
_BACKENDS = {
    Checked.PROMETHEUS: "prometheus",
    Checked.TEMPO: "tempo",
    Checked.LOKI: "loki",
    Checked.ALERTMANAGER: "alertmanager",
    Checked.KORREL8R: "korrel8r",
}
SPOKEN = {
    Checked.API_SERVER: "the API server",
    Checked.PROMETHEUS: "Prometheus",
    Checked.TEMPO: "Tempo",
    Checked.LOKI: "Loki",
    Checked.ALERTMANAGER: "Alertmanager",
    Checked.KORREL8R: "Korrel8r",
}
"""What endpoints are called in sentences."""
_RENEWED_AT = 0.8
"""Of a login's life."""
_SOONEST, _LEAST = timedelta(seconds=60), timedelta(seconds=5)
"""From one token to the next; and where it does not even live so long."""


@dataclass(frozen=True, slots=True)
class Read:
    """Credentials as they would be kept."""

    auth_type: AuthType
    logins: Logins = field(repr=False)
    oidc: OidcClient | None = field(default=None, repr=False)
    """Whom the token for the API server is got from, if not from the giver."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that was given."""
        kept = materials(self)
        return fingerprint(b"\0".join(kept[name] for name in sorted(kept)))


def read(given: Given, cluster: Cluster) -> Read:
    """Credentials as they were given, for a cluster as it is registered.

    Refused(CREDENTIALS_INVALID) for a kubeconfig that cannot be used, VALIDATION_FAILED for parts
    that do not belong together. No message repeats a value.
    """
    if given.auth_type is None:
        raise _invalid("auth_type", "says how to log in to the API server, and is missing")
    kubernetes, oidc = _kubernetes(given.auth_type, given, cluster)
    return Read(given.auth_type, Logins(kubernetes, dict(_backends(given, cluster))), oidc)


def rotated(before: Read, given: Given, cluster: Cluster) -> Read:
    """Credentials with the given parts replaced, the others as they are."""
    old = before.logins
    found = read(given, cluster) if given.auth_type else None
    told = given.backends.model_fields_set
    if found is None:
        _require_no_login(given)
    kept = {
        name: _trusting(login, given.ca_bundle)
        for name, login in old.backends.items()
        if _BACKENDS[name] not in told and fits(login, endpoint(cluster, name) or "")
    }
    new = {
        name: _inheriting(login, old.backends.get(name), given)
        for name, login in (found.logins.backends.items() if found else _backends(given, cluster))
    }
    kubernetes = found.logins.kubernetes if found else old.kubernetes
    if kubernetes is not None and found is None:
        kubernetes = _trusting(kubernetes, given.ca_bundle)
    elif kubernetes is not None and given.auth_type is not AuthType.KUBECONFIG:
        # A kubeconfig says itself whom to trust.
        kubernetes = _inheriting(kubernetes, old.kubernetes, given)
    return Read(
        found.auth_type if found else before.auth_type,
        Logins(kubernetes, new | kept),
        found.oidc if found else before.oidc,
    )


def with_token(found: Read, token: str, expires_at: datetime | None) -> Read:
    """The same with another token for the API server, and wherever else the old one was given."""
    kubernetes = found.logins.kubernetes
    if kubernetes is None:
        return found

    def renewed(login: Login) -> Login:
        return msgspec.structs.replace(login, token=token, expires_at=expires_at)

    backends = {
        name: renewed(login) if shares_token(kubernetes, login) else login
        for name, login in found.logins.backends.items()
    }
    return replace(found, logins=Logins(renewed(kubernetes), backends))


def shares_token(kubernetes: Login, backend: Login) -> bool:
    """True for a backend that takes the API server's own token, as OpenShift's monitoring does."""
    return backend.token is not None and backend.token == kubernetes.token


def described(
    found: Read,
    before: Credentials | None,
    validation: Iterable[Validation],
    *,
    at: datetime,
    renewal: Renewal,
) -> Credentials:
    """What may be known of credentials."""
    each = found.logins.each
    lasting = {name for name in each if found.oidc is None or name in _BACKENDS}
    ends = (each[name].expires_at for name in lasting)
    return Credentials(
        auth_type=found.auth_type,
        fingerprint=found.fingerprint,
        backends=tuple(name for name in each if name in _BACKENDS and each[name].secret),
        origins={name: login.origin for name, login in each.items() if login.secret},
        created_at=before.created_at if before else at,
        rotated_at=at if before else None,
        expires_at=min((end for end in ends if end is not None), default=None),
        renewal=renewal,
        validated_at=at,
        validation=tuple(validation),
    )


def renewed_at(begun: datetime, login: Login) -> datetime | None:
    """When a login that is renewed by the platform gets its next token; None if it has no end."""
    if login.expires_at is None:
        return None
    told = claims(login.token) if login.token else None
    since = (told and told.issued_at) or begun
    life = max(login.expires_at - since, timedelta())
    soonest = min(_SOONEST, (login.expires_at - begun) / 2)
    return max(since + life * _RENEWED_AT, begun + soonest, begun + _LEAST)


def warned_at(ends: datetime) -> datetime:
    """When people are told that something of a cluster's credentials ends."""
    return ends - WARNED_AHEAD


def materials(found: Read) -> dict[str, bytes]:
    """What the vault keeps, by name."""
    kept = found.logins.materials()
    if found.oidc is not None:
        kept[RENEWAL] = oidc_material(found.oidc)
    return kept


def endpoint(cluster: Cluster, name: Checked) -> str | None:
    """Where an endpoint of a cluster is, None if it has none of the kind."""
    if name is Checked.API_SERVER:
        return cluster.api_server_url
    return getattr(cluster.endpoints, f"{_BACKENDS[name]}_url")


def oidc_material(client: OidcClient) -> bytes:
    """What the vault keeps to get tokens with."""
    return msgspec.json.encode(client, order="deterministic")


def read_oidc(material: bytes) -> OidcClient:
    """The inverse of `oidc_material`."""
    return msgspec.json.decode(material, type=OidcClient)


def _kubernetes(
    auth_type: AuthType, given: Given, cluster: Cluster
) -> tuple[Login, OidcClient | None]:
    wanted = {
        AuthType.KUBECONFIG: "kubeconfig",
        AuthType.SERVICE_ACCOUNT: "token",
        AuthType.OIDC: "oidc",
    }
    for kind, name in wanted.items():
        there = getattr(given, name) is not None
        if there is not (kind is auth_type):
            text = "is missing" if kind is auth_type else f"does not belong to {auth_type}"
            raise _invalid(name, text)
    if auth_type is AuthType.KUBECONFIG:
        return _of_kubeconfig(given, cluster), None
    login = Login(
        origin=_origin(cluster.api_server_url, "api_server_url"),
        ca=given.ca_bundle,
        server_name=given.tls_server_name,
        verify=not given.insecure_skip_tls_verify,
    )
    if given.oidc is not None:
        return login, _oidc(given.oidc)
    token = _plain(given.token).strip()
    if not token:
        raise _invalid("token", "is empty")
    return msgspec.structs.replace(login, token=token, expires_at=_ends(token, None)), None


def _of_kubeconfig(given: Given, cluster: Cluster) -> Login:
    context = kubeconfig.one(_plain(given.kubeconfig), given.context)
    if server_of(context.server) != server_of(cluster.api_server_url):
        text = (
            "the context is for another API server than the one that is registered: name another"
            " context, or change the cluster's api_server_url first"
        )
        raise Refused(Code.CREDENTIALS_INVALID, text, {"context": context.name})
    return login_of(context, ca=given.ca_bundle)


def login_of(context: kubeconfig.Context, ca: str | None = None) -> Login:
    """What a context says about logging in."""
    return Login(
        origin=origin_of(context.server),
        token=context.token,
        certificate=context.client_certificate_pem,
        key=context.client_key_pem,
        ca=context.ca_pem or ca,
        server_name=context.tls_server_name,
        verify=not context.insecure_skip_tls_verify,
        expires_at=_ends(context.token, context.client_certificate_pem),
    )


def _oidc(given: GivenOidc) -> OidcClient:
    return OidcClient(
        issuer_url=given.issuer_url,
        client_id=given.client_id,
        client_secret=_plain(given.client_secret) or None,
        refresh_token=_plain(given.refresh_token) or None,
        ca_pem=given.ca_bundle,
    )


def _backends(given: Given, cluster: Cluster) -> Iterable[tuple[Checked, Login]]:
    for name, field_name in _BACKENDS.items():
        told: GivenBackend | None = getattr(given.backends, field_name)
        url = endpoint(cluster, name)
        if url is None:
            if told is not None:
                text = f"the cluster has no {field_name}_url that this could be for"
                raise _invalid(f"backends.{field_name}", text)
            continue
        login = _backend(told or GivenBackend(), field_name, url, given.ca_bundle)
        if login.secret or login.ca or login.tenant:
            yield name, login


def _backend(told: GivenBackend, name: str, url: str, ca: str | None) -> Login:
    token, key = _plain(told.token).strip() or None, _plain(told.key) or None
    if (told.username is None) is not (told.password is None):
        raise _invalid(f"backends.{name}.username", "comes together with a password")
    if (told.certificate is None) is not (key is None):
        raise _invalid(f"backends.{name}.certificate", "comes together with its key")
    return Login(
        origin=_origin(url, f"endpoints.{name}_url"),
        token=token,
        username=told.username,
        password=_plain(told.password) if told.password is not None else None,
        tenant=told.tenant,
        certificate=told.certificate,
        key=key,
        ca=told.ca_bundle or ca,
        expires_at=_ends(token, told.certificate),
    )


def _require_no_login(given: Given) -> None:
    for name in ("kubeconfig", "token", "oidc"):
        if getattr(given, name) is not None:
            raise _invalid("auth_type", f"is missing, and {name} is given")


def _trusting(login: Login, ca: str | None) -> Login:
    return login if ca is None else msgspec.structs.replace(login, ca=ca)


def _inheriting(login: Login, old: Login | None, given: Given) -> Login:
    """A new secret for the same place: whom to trust there is as it was, if nothing is said."""
    if old is None or old.origin != login.origin:
        return login
    told = given.model_fields_set
    return msgspec.structs.replace(
        login,
        ca=login.ca if login.ca or "ca_bundle" in told else old.ca,
        server_name=login.server_name if "tls_server_name" in told else old.server_name,
        verify=login.verify if "insecure_skip_tls_verify" in told else old.verify,
    )


def _origin(url: str, field_name: str) -> str:
    origin = origin_of(url)
    if not origin:
        raise _invalid(field_name, "is not the URL of a host: change it first")
    return origin


def _ends(token: str | None, certificate: str | None) -> datetime | None:
    told = claims(token) if token else None
    ends = [told and told.expires_at, certificate_ends(certificate) if certificate else None]
    return min((end for end in ends if end is not None), default=None)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _invalid(field_name: str, message: str) -> Refused:
    fields = [{"field": field_name, "message": message}]
    return Refused(Code.VALIDATION_FAILED, f"{field_name}: {message}", {"fields": fields})


def refusal(validation: Iterable[Validation], codes: Mapping[Checked, Code]) -> Refused | None:
    """Why credentials are not taken: the first endpoint that they are not good for."""
    told = tuple(validation)
    bad = next((each for each in told if not each.valid), None)
    if bad is None:
        return None
    text = bad.error or "they are not valid"
    if bad.missing:
        text = f"{text}: {', '.join(bad.missing)}"
    if bad.advice:
        text = f"{text}; {bad.advice}"
    details = {"validation": [each.model_dump(mode="json") for each in told]}
    return Refused(codes.get(bad.name, Code.CREDENTIALS_INVALID), text, details)
