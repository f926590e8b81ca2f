"""Who may do what in the cluster that the hub runs in: accounts with no right but what is used."""

from deploy.kubernetes import nats, parts, pods, postgres
from deploy.kubernetes.metadata import NAMESPACE, Object, annotated, name_of, new, new_of_cluster
from deploy.kubernetes.nodes import Is, Value, text
from deploy.platform import PARTS

_RBAC = "rbac.authorization.k8s.io"
_ROLE = "aiops-credentials"
KEEPS_CREDENTIALS = Is("credentials.kubernetes")
OPENSHIFT = pods.ON_OPENSHIFT
_RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


def namespace() -> Object:
    """The hub's namespace, for kustomize; Helm has a flag to make it."""
    made = new_of_cluster("v1 Namespace", NAMESPACE, "hub")
    made["metadata"]["labels"] |= _RESTRICTED
    return made


def accounts() -> list[Object]:
    """An account for each component, so that none has the rights of another one."""
    of_parts = [part.name for part in PARTS]
    return [_account(name) for name in (nats.COMPONENT, *of_parts)]


def account_of_postgres() -> Object:
    """The account of the bundled database."""
    return _account(postgres.COMPONENT)


def _account(component: str) -> Object:
    named = new("v1 ServiceAccount", name_of(component), component)
    return {**named, "automountServiceAccountToken": False}


def credentials() -> list[Object]:
    """Where workers keep credentials of clusters: Secrets of a namespace of their own.

    RBAC cannot name Secrets that do not exist yet, so that the right is for all in a namespace;
    in the hub's own it would be one to read the hub's passwords.
    """
    rules = [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "verbs": ["create", "delete", "get", "update"],
        }
    ]
    space = new_of_cluster("v1 Namespace", parts.CREDENTIALS, parts.WORKERS)
    space = annotated(space, {"helm.sh/resource-policy": "keep"})
    space["metadata"]["labels"] |= _RESTRICTED
    role = new(f"{_RBAC}/v1 Role", _ROLE, parts.WORKERS, rules=rules)
    binding = new(
        f"{_RBAC}/v1 RoleBinding",
        _ROLE,
        parts.WORKERS,
        roleRef={"apiGroup": _RBAC, "kind": "Role", "name": _ROLE},
        subjects=[_subject(parts.WORKERS)],
    )
    for each in (role, binding):
        each["metadata"]["namespace"] = parts.CREDENTIALS
    return [space, role, binding]


def openshift() -> list[Object]:
    """The gateway as an OAuth client, and its right to ask whose a token is."""
    client = new_of_cluster(
        "oauth.openshift.io/v1 OAuthClient", Value("openshift.oauthClient"), parts.GATEWAY
    )
    client |= {
        "grantMethod": "auto",
        "redirectURIs": [text("https://", Value("host"), "/auth/callback")],
        "scopeRestrictions": [{"literals": ["user:info"]}],
    }
    delegator = "system:auth-delegator"
    binding = new_of_cluster(
        f"{_RBAC}/v1 ClusterRoleBinding",
        text(NAMESPACE, "-auth-delegator"),
        parts.GATEWAY,
        roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": delegator},
        subjects=[_subject(parts.GATEWAY)],
    )
    return [client, binding]


def _subject(component: str) -> dict[str, object]:
    return {"kind": "ServiceAccount", "name": name_of(component), "namespace": NAMESPACE}
