"""How a simulated API server tells its version, its groups and its resources."""

from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, json_answer
from deploy.simulator.objects import CREATED, Json
from deploy.simulator.resources import Resource, served
from deploy.simulator.rights import READ_VERBS

_REVIEWS: tuple[tuple[str, str, str], ...] = (
    ("authentication.k8s.io", "tokenreviews", "TokenReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
)


def version(cluster: Cluster) -> Answer:
    """``GET /version``."""
    return json_answer(
        {
            "major": "1",
            "minor": str(cluster.minor),
            "gitVersion": cluster.version,
            "gitCommit": "simulated",
            "gitTreeState": "clean",
            "buildDate": CREATED,
            "goVersion": "go1.24.0",
            "compiler": "gc",
            "platform": "linux/amd64",
        }
    )


def answer(cluster: Cluster, segments: tuple[str, ...]) -> Answer | None:
    """The answer to a discovery path, None if nothing is served there."""
    match segments:
        case ("api",):
            return json_answer({"kind": "APIVersions", "versions": ["v1"]})
        case ("api", "v1"):
            return json_answer(_resources(cluster, ""))
        case ("apis",):
            groups = [_group(name) for name in _groups(cluster)]
            return json_answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        case ("apis", name, *rest) if name in _groups(cluster) and rest in ([], ["v1"]):
            one = {"kind": "APIGroup", "apiVersion": "v1"} | _group(name)
            return json_answer(_resources(cluster, name) if rest else one)
        case _:
            return None


def _groups(cluster: Cluster) -> list[str]:
    named = {each.group for each in served(cluster) if each.group}
    return sorted(named | {group for group, _, _ in _REVIEWS})


def _group(name: str) -> Json:
    only = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [only], "preferredVersion": only}


def _resources(cluster: Cluster, group: str) -> Json:
    listed = [_listed(each) for each in served(cluster) if each.group == group]
    listed += [
        {"name": plural, "singularName": "", "namespaced": False, "kind": kind, "verbs": ["create"]}
        for its_group, plural, kind in _REVIEWS
        if its_group == group
    ]
    named = f"{group}/v1" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": named} | {
        "resources": listed
    }


def _listed(resource: Resource) -> Json:
    return {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(READ_VERBS),
    }
