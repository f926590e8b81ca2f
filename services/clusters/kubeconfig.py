"""What a kubeconfig says about its clusters and users: pure, and without trust in the text.

The format is ``Config`` of client-go's ``tools/clientcmd/api/v1``. What would run a program, read a
file or go through a proxy of the sender's choice is refused. What is wrong with one context is that
context's problem; a text that is no kubeconfig at all is refused as a whole. No message repeats a
value: it may be a secret.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from contracts.refusals import Code, Refused
from services.clusters import plain_yaml
from services.clusters.plain_yaml import Tree

MAX_BYTES = 1 << 20
"""The longest kubeconfig that is read, in bytes of UTF-8."""
MAX_CONTEXTS = 1_000
"""The most contexts that one kubeconfig may have."""
_LONGEST_NAME = 512
_LONGEST_URL = 2048
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----"
)
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")
_LOCKED_KEY = re.compile(r"BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
_FILE = (
    "names a file, which cannot be read here: give the data inline, as"
    " `kubectl config view --flatten --minify --raw` prints it"
)
_TOKEN_FILE = f"{_FILE}; a token's own text belongs into the field token"
_INSTEAD = "give a service-account token instead, for example from `oc create token`"
_IMPERSONATION = "acting as another user is not supported: give that user's own token"
_NOT_TAKEN = {
    "cluster": {
        "certificate-authority": _FILE,
        "proxy-url": "a proxy cannot be chosen by a kubeconfig",
    },
    "user": {
        "client-certificate": _FILE,
        "client-key": _FILE,
        "tokenFile": _TOKEN_FILE,
        "exec": f"would run a program to log in, which is never done here: {_INSTEAD}",
        "auth-provider": f"would run a log-in plugin, which is never done here: {_INSTEAD}",
        "username": f"Kubernetes takes no user name and password any more: {_INSTEAD}",
        "password": f"Kubernetes takes no user name and password any more: {_INSTEAD}",
        "as": _IMPERSONATION,
        "as-uid": _IMPERSONATION,
        "as-groups": _IMPERSONATION,
        "as-user-extra": _IMPERSONATION,
    },
}


@dataclass(frozen=True, slots=True)
class Context:
    """One way into one cluster; the secrets are left out of its repr."""

    name: str
    cluster: str
    """The name of its entry among the clusters."""
    user: str
    """The name of its entry among the users."""
    server: str
    """The API server's URL, with its scheme and without credentials."""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    ca_pem: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    client_certificate_pem: str | None = field(default=None, repr=False)
    client_key_pem: str | None = field(default=None, repr=False)
    """Given if and only if the certificate is; never under a passphrase."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one context cannot be used."""

    context: str
    field: str
    """Where, seen from the context: ``cluster.server``, ``user.exec``."""
    message: str
    """Names the entry, never a value."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Every context of a file: as something to use, or with its problems."""

    names: tuple[str, ...]
    """All contexts, each once, in the order of the file."""
    contexts: tuple[Context, ...]
    problems: tuple[Problem, ...]
    current: str | None


def read(text: str) -> Kubeconfig:
    """Every context of a kubeconfig, in YAML or JSON.

    Refused(LIMIT_REACHED) if it is longer than `MAX_BYTES` or too large inside;
    Refused(CREDENTIALS_INVALID) if the text as a whole is no kubeconfig. Takes well under a second.
    """
    document = _document(text)
    parts = _Parts(document)
    names = tuple(parts.contexts)
    if len(names) > MAX_CONTEXTS:
        raise _too_large(f"a kubeconfig may have at most {MAX_CONTEXTS} contexts")
    outcomes = [parts.resolve(name) for name in names]
    return Kubeconfig(
        names=names,
        contexts=tuple(found for found in outcomes if isinstance(found, Context)),
        problems=tuple(
            problem for found in outcomes if not isinstance(found, Context) for problem in found
        ),
        current=_text_of(document.get("current-context")),
    )


def one(text: str, context: str | None = None) -> Context:
    """The context of that name; without a name the current one, or the only one.

    Refused as `read` does, and with CREDENTIALS_INVALID if there is no such context or it has
    problems, which the details then name field by field.
    """
    config = read(text)
    only = config.names[0] if len(config.names) == 1 else None
    wanted = context or config.current or only
    if wanted is None:
        raise _invalid(f"it has no current context: name one of {_listed(config.names)}")
    found = next((each for each in config.contexts if each.name == wanted), None)
    if found is not None:
        return found
    problems = [problem for problem in config.problems if problem.context == wanted]
    if not problems:
        raise _invalid(f"it has no context of the wanted name; there is {_listed(config.names)}")
    raise Refused(
        Code.CREDENTIALS_INVALID,
        "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:3]),
        {
            "context": wanted,
            "fields": [{"field": each.field, "message": each.message} for each in problems],
        },
    )


def _invalid(why: str) -> Refused:
    return Refused(Code.CREDENTIALS_INVALID, f"this is no kubeconfig that can be used: {why}")


def _too_large(why: str) -> Refused:
    return Refused(Code.LIMIT_REACHED, why, {"max_bytes": MAX_BYTES, "max_contexts": MAX_CONTEXTS})


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"


def _document(text: str) -> dict[str, Tree]:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _too_large(f"a kubeconfig may have at most {MAX_BYTES} bytes")
    try:
        document = plain_yaml.parse(text)
    except plain_yaml.NotPlain as error:
        raise _invalid(str(error)) from None
    if not isinstance(document, dict):
        raise _invalid("it is not a mapping")
    for name, wanted in (("apiVersion", "v1"), ("kind", "Config")):
        if document.get(name) not in (None, wanted):
            raise _invalid(f"{name} must be {wanted}")
    return document


class _Fields:
    """The fields of one entry, and what is wrong with them."""

    def __init__(self, kind: str, name: str, body: Tree) -> None:
        self._kind = kind
        self._entry = f"the {kind} entry {name}"
        self.problems: list[tuple[str, str]] = []
        self._fields: dict[str, Tree] = body if isinstance(body, dict) else {}
        if body is not None and not isinstance(body, dict):
            self.problems.append((kind, f"{self._entry} must be a mapping"))
        for field_name, why in _NOT_TAKEN.get(kind, {}).items():
            if self._fields.get(field_name) not in (None, "", []):
                self.problem(field_name, why)

    def problem(self, field_name: str, why: str) -> None:
        self.problems.append((f"{self._kind}.{field_name}", f"{self._entry}: {why}"))

    def text(self, name: str) -> str | None:
        value = self._fields.get(name)
        if isinstance(value, dict | list):
            self.problem(name, "must be a text")
        return _text_of(value)

    def flag(self, name: str) -> bool:
        text = self.text(name) or "false"
        if text.lower() not in {"true", "false"}:
            self.problem(name, "must be true or false")
        return text.lower() == "true"

    def pem(self, name: str, block: re.Pattern[str], what: str) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        pem = _decoded(text)
        if pem is None or not block.search(pem):
            self.problem(name, f"must be {what} in PEM, encoded in base64")
        return pem


def _text_of(value: Tree) -> str | None:
    return value if isinstance(value, str) and value else None


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Server:
    """What a cluster entry says."""

    url: str
    ca_pem: str | None
    insecure: bool
    tls_server_name: str | None


@dataclass(frozen=True, slots=True)
class _Login:
    """What a user entry says."""

    token: str | None = field(repr=False)
    certificate: str | None = field(repr=False)
    key: str | None = field(repr=False)


def _server(name: str, body: Tree) -> tuple[_Server, _Fields]:
    fields = _Fields("cluster", name, body)
    url = fields.text("server") or ""
    ca_pem = fields.pem("certificate-authority-data", _CERTIFICATE, "a certificate")
    insecure = fields.flag("insecure-skip-tls-verify")
    problem = _url_problem(url)
    if problem is not None:
        fields.problem("server", problem)
    if insecure and ca_pem is not None:
        fields.problem("insecure-skip-tls-verify", "contradicts certificate-authority-data")
    return _Server(url, ca_pem, insecure, fields.text("tls-server-name")), fields


def _login(name: str, body: Tree) -> tuple[_Login, _Fields]:
    fields = _Fields("user", name, body)
    token = (fields.text("token") or "").strip() or None
    certificate = fields.pem("client-certificate-data", _CERTIFICATE, "a certificate")
    key = fields.pem("client-key-data", _KEY, "a private key")
    if token is not None and not _TOKEN.fullmatch(token):
        fields.problem("token", "holds characters that no token has")
    if key is not None and _LOCKED_KEY.search(key):
        fields.problem("client-key-data", "is under a passphrase: give the key without one")
    if (certificate is None) != (key is None):
        missing = "client-certificate-data" if certificate is None else "client-key-data"
        fields.problem(
            missing, "a certificate and its key belong together, and this one is missing"
        )
    if not fields.problems and token is None and certificate is None:
        fields.problem("token", f"holds neither a token nor a client certificate: {_INSTEAD}")
    return _Login(token, certificate, key), fields


def _url_problem(url: str) -> str | None:
    """What is wrong with a server's URL; what the fleet allows is the registration's matter."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    rules_broken = (
        (not url, "is missing"),
        (len(url) > _LONGEST_URL, f"is longer than {_LONGEST_URL} characters"),
        (_NOT_IN_URLS.search(url), "must not contain white space or control characters"),
        ("@" in parts.netloc, "must not hold credentials"),
        (parts.scheme not in {"https", "http"}, "must begin with https://"),
        (not host, "must name a host"),
    )
    return next((text for broken, text in rules_broken if broken), None)


class _Parts:
    """The three lists of a kubeconfig. Each entry is read once, however many contexts share it."""

    def __init__(self, document: dict[str, Tree]) -> None:
        self.contexts = _named(document, "contexts", "context")
        self._clusters = _named(document, "clusters", "cluster")
        self._users = _named(document, "users", "user")
        self._servers = {name: _server(name, bodies[0]) for name, bodies in self._clusters.items()}
        self._logins = {name: _login(name, bodies[0]) for name, bodies in self._users.items()}

    def resolve(self, name: str) -> Context | tuple[Problem, ...]:
        """The context, or what is wrong with it."""
        fields = _Fields("context", name, self.contexts[name][0])
        cluster, user = fields.text("cluster") or "", fields.text("user") or ""
        found = [
            *self._ambiguous(name, cluster, user),
            *fields.problems,
            *self._of(self._servers, "cluster", cluster),
            *self._of(self._logins, "user", user),
        ]
        if found:
            return tuple(Problem(name, where, why) for where, why in found)
        server, login = self._servers[cluster][0], self._logins[user][0]
        return Context(
            name=name,
            cluster=cluster,
            user=user,
            server=server.url,
            insecure_skip_tls_verify=server.insecure,
            tls_server_name=server.tls_server_name,
            ca_pem=server.ca_pem,
            token=login.token,
            client_certificate_pem=login.certificate,
            client_key_pem=login.key,
        )

    def _ambiguous(self, context: str, cluster: str, user: str) -> Iterator[tuple[str, str]]:
        named = (
            ("name", self.contexts, context),
            ("cluster", self._clusters, cluster),
            ("user", self._users, user),
        )
        for where, entries, name in named:
            if len(entries.get(name, [])) > 1:
                yield f"context.{where}", f"there is more than one entry of the name {name}"

    @staticmethod
    def _of(
        entries: dict[str, tuple[_Server, _Fields]] | dict[str, tuple[_Login, _Fields]],
        kind: str,
        name: str,
    ) -> Iterable[tuple[str, str]]:
        if not name:
            return [(f"context.{kind}", f"names no {kind}")]
        if name not in entries:
            return [(f"context.{kind}", f"there is no {kind} entry of the name given here")]
        return entries[name][1].problems


def _named(document: dict[str, Tree], plural: str, singular: str) -> dict[str, list[Tree]]:
    entries = document.get(plural)
    if entries is None:
        entries = []
    if not isinstance(entries, list):
        raise _invalid(f"{plural} must be a list")
    named: dict[str, list[Tree]] = {}
    for entry in entries:
        name = _text_of(entry.get("name")) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or name is None:
            raise _invalid(f"every entry of {plural} must have a name")
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise _invalid(f"a name among {plural} is too long or not printable")
        named.setdefault(name, []).append(entry.get(singular))
    return named
