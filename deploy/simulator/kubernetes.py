"""The API server of a simulated cluster: versions, discovery, reading, and who may do so."""

from dataclasses import dataclass

from contracts.clusters import Platform
from deploy.simulator import discovery, listing, oauth, reviews, statuses
from deploy.simulator.admission import Admission
from deploy.simulator.cluster import Account, Cluster
from deploy.simulator.exchange import Answer, Request, text_answer
from deploy.simulator.exec import EXEC, Plan, plan
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.resources import find
from deploy.simulator.rights import OWN_REVIEWS, allowed

_PROBES = frozenset({"healthz", "livez", "readyz"})
_PUBLIC = frozenset({"version", *_PROBES})
"""What the role system:public-info-viewer shows to everybody."""

_DEEPEST = 2
"""What may follow a plural below a namespace: a name and a subresource."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a path below ``/api`` or ``/apis`` names."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As a rule names it: with the subresource."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural

    @property
    def is_exec(self) -> bool:
        """True if a command shall run in a pod."""
        return not self.group and self.resource == EXEC


def answer(admission: Admission, request: Request, fault: Fault) -> Answer:
    """What the API server says; ``fault`` matters where only it can show it."""
    if oauth.serves(request) and admission.cluster.platform is Platform.OPENSHIFT:
        return admission.oauth.answer(request)
    said = upgraded(admission, request, fault)
    return said if isinstance(said, Answer) else statuses.failure(400, "Upgrade request required")


def upgraded(admission: Admission, request: Request, fault: Fault) -> Answer | Plan:
    """What it says to who asks for a WebSocket: what comes on it, or why there is none."""
    if fault.kind is FaultKind.EXPIRED_TOKEN and request.token is not None:
        return statuses.unauthorized()
    account = admission.who(request)
    if account is None:
        return statuses.unauthorized()
    segments = request.segments
    if segments and segments[0] in _PUBLIC:
        return _public(admission.cluster, request, segments[0])
    target = parse(segments)
    if target is None:
        return _discovery(admission.cluster, account, request)
    return _act(admission, account, request, target, fault)


def parse(segments: tuple[str, ...]) -> Target | None:
    """What a path names, None for discovery and for paths that mean nothing."""
    match segments:
        case ("api", version, *rest):
            return _parse(("", version), rest)
        case ("apis", group, version, *rest):
            return _parse((group, version), rest)
        case _:
            return None


def _parse(served: tuple[str, str], rest: list[str]) -> Target | None:
    match rest:
        case ["namespaces", space, plural, *more] if len(more) <= _DEEPEST:
            return Target(*served, plural, space, *more)
        case [plural]:
            return Target(*served, plural)
        case [plural, name]:
            return Target(*served, plural, name=name)
        case _:
            return None


def _public(cluster: Cluster, request: Request, first: str) -> Answer:
    if request.method != "GET":
        return _not_this_way()
    if first in _PROBES:
        return text_answer("ok")
    return discovery.version(cluster)


def _discovery(cluster: Cluster, account: Account, request: Request) -> Answer:
    found = discovery.answer(cluster, request.segments)
    if found is None:
        return statuses.unserved()
    if account.name == statuses.ANONYMOUS:
        message = f'forbidden: User "{account.name}" cannot get path "{request.path}"'
        return statuses.failure(403, message, {})
    return found if request.method == "GET" else _not_this_way()


def _act(
    admission: Admission, account: Account, request: Request, target: Target, fault: Fault
) -> Answer | Plan:
    verb = _verb(request, target)
    if verb is None:
        return _not_this_way()
    if not _may(account, verb, target):
        attempt = statuses.Attempt(
            account.name, verb, target.group, target.resource, target.name, target.namespace
        )
        return statuses.forbidden(attempt)
    if target.is_exec:
        return plan(admission.cluster, request, target.namespace, target.name)
    if verb == "create":
        place = (target.group, target.resource, target.namespace, target.name)
        return reviews.answer(admission, account, request, place) or statuses.unserved()
    return _read(admission.cluster, request, target, fault)


def _read(cluster: Cluster, request: Request, target: Target, fault: Fault) -> Answer:
    resource = find(cluster, target.group, target.version, target.plural)
    if resource is None or target.subresource or (target.namespace and not resource.namespaced):
        return statuses.unserved()
    if target.name:
        return listing.get(cluster, resource, target.namespace, target.name, request.now)
    aged = fault.kind is FaultKind.OLD_CONTINUE
    return listing.answer(cluster, resource, target.namespace or None, request, aged=aged)


def _may(account: Account, verb: str, target: Target) -> bool:
    rules = account.rules
    if account.name != statuses.ANONYMOUS:
        rules = (*rules, OWN_REVIEWS)
    return allowed(rules, verb, target.group, target.resource)


def _verb(request: Request, target: Target) -> str | None:
    # Whoever runs a command creates something, however it is asked for.
    if request.method == "POST" or (request.method == "GET" and target.is_exec):
        return "create"
    if request.method != "GET":
        return None
    if target.name:
        return "get"
    return "watch" if request.query.get("watch") in {"true", "1"} else "list"


def _not_this_way() -> Answer:
    return statuses.failure(405, "the server does not allow this method on the requested resource")
