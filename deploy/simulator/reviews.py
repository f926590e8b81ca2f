"""What can be asked of a simulated API server by POST: rights, tokens, and new tokens."""

from typing import Any

import msgspec

from deploy.simulator import statuses
from deploy.simulator.admission import Admission
from deploy.simulator.cluster import Account
from deploy.simulator.exchange import Answer, Request, json_answer
from deploy.simulator.objects import Json, identity
from deploy.simulator.rights import OWN_REVIEWS, Rule, allowed

_SHORTEST, _USUAL, _LONGEST = 600, 3600, 2**32
"""Seconds that TokenRequest accepts, and takes where nothing is said."""

Place = tuple[str, str, str, str]
"""Group, resource with subresource, namespace and name."""


def answer(admission: Admission, account: Account, request: Request, place: Place) -> Answer | None:
    """The answer to a POST, None if nothing takes one there."""
    group, resource, namespace, name = place
    spec = _spec(request.body)
    if spec is None:
        return statuses.failure(400, "the object provided is unrecognized")
    if (group, resource) in _OWN:
        return _OWN[group, resource](account, spec)
    if (group, resource) in _OTHERS:
        return _OTHERS[group, resource](admission, request, spec)
    if (group, resource) == ("", "serviceaccounts/token"):
        return _new_token(admission, request, f"{namespace}:{name}", spec)
    return None


class _Posted(msgspec.Struct, frozen=True):
    """What all of these objects have in common."""

    spec: dict[str, Any]


def _spec(body: bytes) -> Json | None:
    try:
        return msgspec.json.decode(body, type=_Posted).spec
    except msgspec.DecodeError:
        return None


def _access(account: Account, spec: Json) -> Answer:
    asked: Json = spec.get("resourceAttributes") or {}
    resource = str(asked.get("resource", ""))
    if subresource := asked.get("subresource"):
        resource = f"{resource}/{subresource}"
    verb, group = str(asked.get("verb", "")), str(asked.get("group", ""))
    may = allowed((*account.rules, OWN_REVIEWS), verb, group, resource)
    return _created("SelfSubjectAccessReview", "authorization.k8s.io/v1", spec, {"allowed": may})


def _rules(account: Account, spec: Json) -> Answer:
    told = {
        "resourceRules": [_rule(rule) for rule in (*account.rules, OWN_REVIEWS)],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/version"]}],
        "incomplete": False,
    }
    return _created("SelfSubjectRulesReview", "authorization.k8s.io/v1", spec, told)


def _rule(rule: Rule) -> Json:
    return {"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}


def _token(admission: Admission, request: Request, spec: Json) -> Answer:
    oauth, token = admission.oauth, str(spec.get("token", ""))
    oauth.asked["TokenReview"] += 1
    account = admission.by_token(token, request.now)
    if person := oauth.review(token, spec.get("audiences") or [], request.now):
        told = person
    elif account is None:
        told: Json = {"authenticated": False, "user": {}, "error": "invalid bearer token"}
    else:
        user = {
            "username": account.name,
            "uid": identity(account.name),
            "groups": account.groups,
        }
        told = {"authenticated": True, "user": user}
    # The token is not repeated in the answer, which ends up in logs.
    return _created("TokenReview", "authentication.k8s.io/v1", {}, told)


def _subject_access(admission: Admission, request: Request, spec: Json) -> Answer:
    del request
    admission.oauth.asked["SubjectAccessReview"] += 1
    told = {"allowed": admission.oauth.allowed(spec)}
    return _created("SubjectAccessReview", "authorization.k8s.io/v1", spec, told)


def _new_token(admission: Admission, request: Request, name: str, spec: Json) -> Answer:
    account = admission.by_name(f"system:serviceaccount:{name}")
    if account is None:
        return statuses.not_found("", "serviceaccounts", name.partition(":")[2])
    wanted = spec.get("expirationSeconds", _USUAL)
    if not isinstance(wanted, int) or not _SHORTEST <= wanted <= _LONGEST:
        message = "spec.expirationSeconds: Invalid value: may not specify a duration less than 10"
        return statuses.failure(422, f"{message} minutes or more than 2^32 seconds")
    token, expires = admission.issue(account, wanted, request.now)
    told = {"token": token, "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    spec = {"expirationSeconds": wanted, "audiences": ["https://kubernetes.default.svc"]}
    return _created("TokenRequest", "authentication.k8s.io/v1", spec, told)


def _created(kind: str, version: str, spec: Json, told: Json) -> Answer:
    made = {"kind": kind, "apiVersion": version, "metadata": {}, "spec": spec, "status": told}
    return json_answer(made, 201)


_OWN = {
    ("authorization.k8s.io", "selfsubjectaccessreviews"): _access,
    ("authorization.k8s.io", "selfsubjectrulesreviews"): _rules,
}
"""What is asked about oneself."""
_OTHERS = {
    ("authentication.k8s.io", "tokenreviews"): _token,
    ("authorization.k8s.io", "subjectaccessreviews"): _subject_access,
}
"""What is asked about others."""
