"""Who may do what in a simulated cluster: the rules of its roles."""

from collections.abc import Iterable
from dataclasses import dataclass

CORE = ""
READ_VERBS = ("get", "list", "watch")
READABLE: tuple[tuple[str, str], ...] = (
    (CORE, "namespaces"),
    (CORE, "nodes"),
    (CORE, "pods"),
    (CORE, "services"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("cluster.open-cluster-management.io", "managedclusters"),
    ("config.openshift.io", "clusterversions"),
    ("ptp.openshift.io", "ptpconfigs"),
    ("sriovnetwork.openshift.io", "sriovnetworknodepolicies"),
    ("sriovnetwork.openshift.io", "sriovnetworknodestates"),
)
"""Group and plural of all that can be listed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role, as in RBAC: ``*`` stands for everything."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]

    def allows(self, verb: str, group: str, resource: str) -> bool:
        """True if the rule is about all three."""
        return (
            _holds(self.verbs, verb)
            and _holds(self.groups, group)
            and _holds(self.resources, resource)
        )


def reading(*, without: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Read-only rights, but for the named resources (``without={"nodes"}``)."""
    missing = frozenset(without)
    return tuple(
        Rule(READ_VERBS, (group,), (resource,))
        for group, resource in READABLE
        if resource not in missing
    )


READING = reading()
"""What a read-only service account has."""
OPERATING: tuple[Rule, ...] = (
    *READING,
    Rule(("create", "get"), (CORE,), ("pods/exec",)),
    Rule(("create",), (CORE,), ("serviceaccounts/token",)),
    Rule(("create",), ("authentication.k8s.io",), ("tokenreviews",)),
)
"""Reading, exec, and tokens: making new ones and asking whose one is."""
DELEGATING: tuple[Rule, ...] = (
    Rule(("create",), ("authentication.k8s.io",), ("tokenreviews",)),
    Rule(("create",), ("authorization.k8s.io",), ("subjectaccessreviews",)),
)
"""Asking whose a token is and what somebody may do, as by the role system:auth-delegator."""
OWN_REVIEWS = Rule(
    ("create",),
    ("authorization.k8s.io",),
    ("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
)
"""What everybody with a name may ask, as by the role system:basic-user."""


def allowed(rules: Iterable[Rule], verb: str, group: str, resource: str) -> bool:
    """True if one of the rules allows it."""
    return any(rule.allows(verb, group, resource) for rule in rules)


def _holds(named: tuple[str, ...], value: str) -> bool:
    return "*" in named or value in named
