"""The OAuth server of a simulated OpenShift: people log in at it, and programs ask about them.

Authorization code with PKCE (RFC 6749, RFC 7636), found by RFC 8414; its tokens say nothing by
themselves. What users may do is asked of the API server, which is told of them here.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from deploy.simulator.exchange import HTML, Answer, Request, json_answer, text_answer
from deploy.simulator.objects import Json, identity

API_AUDIENCE = "https://kubernetes.default.svc"
_CODE_LIFE = timedelta(minutes=5)
_MOST = 10_000
"""Codes, and tokens; the oldest are forgotten first."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_T = TypeVar("_T")
_FORM = """<!doctype html><html><head><title>Log in (simulated OpenShift)</title></head><body>
<h1>Simulated OpenShift</h1>{wrong}<form method="post">
<label>Username <input name="username" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button>Log in</button> <button name="deny" value="1">Cancel</button></form>
<p>ada (platform-admins) and bob (viewers); the password is the name.</p></body></html>"""


class _Paths(StrEnum):
    METADATA = "/.well-known/oauth-authorization-server"
    AUTHORIZE = "/oauth/authorize"
    TOKEN = "/oauth/token"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in; the password is the name."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def all_groups(self) -> list[str]:
        """With those that everybody is in who has logged in."""
        return [*self.groups, "system:authenticated:oauth", "system:authenticated"]


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A program that people may be sent by."""

    id: str
    secret: str | None
    redirect_uris: tuple[str, ...] = ()
    """What its addresses begin with; none: any of this machine."""

    def takes(self, redirect_uri: str) -> bool:
        """True for an address where people may be sent back to."""
        if not self.redirect_uris:
            return urlsplit(redirect_uri).hostname in _LOOPBACK
        return redirect_uri.startswith(self.redirect_uris)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a user or a group may do with the clusters of the platform; ``*`` is everything."""

    who: str
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    """None: all of them."""

    def allows(self, who: frozenset[str], verb: str, name: str) -> bool:
        """As RBAC has it: who asks about all of them needs a right without names."""
        verbs = "*" in self.verbs or verb in self.verbs
        return self.who in who and verbs and (not self.names or name in self.names)


@dataclass(frozen=True, slots=True)
class _Code:
    client: str
    redirect_uri: str
    challenge: str
    user: str
    scopes: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Token:
    user: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    expires: datetime


@dataclass
class OAuth:
    """Who may log in by which program, and what is known of them."""

    users: dict[str, User] = field(
        default_factory=lambda: {
            "ada": User("ada", ("platform-admins",)),
            "bob": User("bob", ("viewers",)),
        }
    )
    clients: dict[str, OAuthClient] = field(
        default_factory=lambda: {
            "aiops-nextgen": OAuthClient("aiops-nextgen", "simulated-client-secret")
        }
    )
    granted: list[Granted] = field(
        default_factory=lambda: [Granted("platform-admins", ("*",)), Granted("viewers", ("get",))]
    )
    lifetime: timedelta = timedelta(days=1)
    """Of its tokens."""
    asked: Counter[str] = field(default_factory=Counter[str])
    """How often each of its endpoints, and each kind of review."""
    _codes: OrderedDict[str, _Code] = field(default_factory=OrderedDict[str, _Code])
    _tokens: OrderedDict[str, _Token] = field(default_factory=OrderedDict[str, _Token])

    def give(
        self,
        user: str,
        now: datetime,
        scopes: tuple[str, ...] = ("user:full",),
        audiences: tuple[str, ...] = (API_AUDIENCE,),
    ) -> str:
        """A token of somebody's, as `oc login` would get it."""
        token = f"sha256~{secrets.token_urlsafe(32)}"
        _put(self._tokens, token, _Token(user, scopes, audiences, now + self.lifetime))
        return token

    def revoke(self, token: str) -> None:
        """It is good for nothing from now on."""
        self._tokens.pop(token, None)

    @property
    def tokens(self) -> tuple[str, ...]:
        """All that are good or were so once, the oldest first."""
        return tuple(self._tokens)

    def review(self, token: str, audiences: list[str], now: datetime) -> Json | None:
        """What a TokenReview says of it; None for one of another kind."""
        found = self._tokens.get(token)
        if found is None or now >= found.expires or found.user not in self.users:
            return None
        shared = [each for each in audiences or [API_AUDIENCE] if each in found.audiences]
        if not shared:
            return None
        user = self.users[found.user]
        told: Json = {
            "username": user.name,
            "uid": identity(user.name),
            "groups": user.all_groups,
            "extra": {"scopes.authorization.openshift.io": list(found.scopes)},
        }
        return {"authenticated": True, "user": told, "audiences": shared}

    def allowed(self, spec: Json) -> bool:
        """What a SubjectAccessReview says."""
        asked: Json = spec.get("resourceAttributes") or {}
        if (asked.get("group"), asked.get("resource")) != ("aiops-nextgen.io", "clusters"):
            return False
        who = frozenset({str(spec.get("user", "")), *map(str, spec.get("groups") or ())})
        verb, name = str(asked.get("verb", "")), str(asked.get("name", ""))
        return any(each.allows(who, verb, name) for each in self.granted)

    def answer(self, request: Request) -> Answer:
        """The answer to a request to the OAuth server."""
        self.asked[request.path] += 1
        match request.method, request.path:
            case "GET", _Paths.METADATA:
                return json_answer(_metadata(request.base))
            case (("GET" | "POST"), _Paths.AUTHORIZE):
                return self._authorize(request)
            case "POST", _Paths.TOKEN:
                return self._exchange(request)
            case _:
                return text_answer("not found\n", 404)

    def _authorize(self, request: Request) -> Answer:
        query = request.query
        client = self.clients.get(query.get("client_id", ""))
        back = query.get("redirect_uri", "")
        if client is None or not client.takes(back):
            # Nobody is sent to an address that is not known.
            return text_answer("no such client, or not from there\n", 400)
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            return _sent(back, query, error="invalid_request")
        user, answer = self._logged_in(request)
        if user is None:
            return answer or _sent(back, query, error="access_denied")
        code = secrets.token_urlsafe(32)
        scopes = tuple(query.get("scope", "user:full").split())
        challenge = query.get("code_challenge", "")
        expires = request.now + _CODE_LIFE
        _put(self._codes, code, _Code(client.id, back, challenge, user.name, scopes, expires))
        return _sent(back, query, code=code)

    def _logged_in(self, request: Request) -> tuple[User | None, Answer | None]:
        """Who that is; or what is said to them; neither for who does not want to log in."""
        form = _form(request)
        at_once = request.query.get("login")
        if at_once in self.users:
            return self.users[at_once], None
        if request.method == "GET":
            return None, Answer(200, _FORM.format(wrong="").encode(), HTML)
        if "deny" in form:
            return None, None
        name = form.get("username", "")
        if name in self.users and form.get("password") == name:
            return self.users[name], None
        return None, Answer(200, _FORM.format(wrong="<p>That is wrong.</p>").encode(), HTML)

    def _exchange(self, request: Request) -> Answer:
        form = _form(request)
        client = self.clients.get(form.get("client_id", ""))
        if client is None or form.get("client_secret") != client.secret:
            return _error("invalid_client", 401)
        if form.get("grant_type") != "authorization_code":
            return _error("unsupported_grant_type")
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or request.now >= code.expires or not _is_of(code, form):
            return _error("invalid_grant")
        token = self.give(code.user, request.now, code.scopes)
        told = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self.lifetime.total_seconds()),
            "scope": " ".join(code.scopes),
        }
        return json_answer(told)


def serves(request: Request) -> bool:
    """True for a path of the OAuth server."""
    return request.path in set(_Paths)


def _metadata(base: str) -> Json:
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}{_Paths.AUTHORIZE}",
        "token_endpoint": f"{base}{_Paths.TOKEN}",
        "scopes_supported": ["user:check-access", "user:full", "user:info", "user:list-projects"],
        "response_types_supported": ["code", "token"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }


def _is_of(code: _Code, form: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    shown = form.get("client_id"), form.get("redirect_uri"), challenge
    return shown == (code.client, code.redirect_uri, code.challenge)


def _sent(back: str, query: Mapping[str, str], **said: str) -> Answer:
    told = urlencode(said | ({"state": query["state"]} if "state" in query else {}))
    joint = "&" if "?" in back else "?"
    return Answer(302, headers={"location": f"{back}{joint}{told}"})


def _error(code: str, status: int = 400) -> Answer:
    return json_answer({"error": code, "error_description": "simulated"}, status)


def _form(request: Request) -> dict[str, str]:
    pairs = parse_qsl(request.body.decode("latin-1"), max_num_fields=100)
    return dict(pairs) if request.method == "POST" else {}


def _put(kept: OrderedDict[str, _T], key: str, value: _T) -> None:
    kept[key] = value
    while len(kept) > _MOST:
        kept.popitem(last=False)
