"""How traffic comes in, and which traffic there may be."""

from typing import Any

from deploy.kubernetes import nats, parts, postgres
from deploy.kubernetes.metadata import Object, annotated, name_of, new, selector
from deploy.kubernetes.nodes import Is, Value, When
from deploy.platform import PARTS, part

INGRESS = Is("ingress.enabled")
POLICIES = Is("networkPolicies.enabled")
_NETWORKING = "networking.k8s.io/v1"
_ANYWHERE = (parts.GATEWAY, parts.WORKERS)
"""Parts that speak with systems anywhere: identity providers, clusters, models."""
_PARTS = [each.name for each in PARTS]
_SECONDS = "3600"
"""How long a live connection may be silent on its way through a proxy."""


def ingress() -> Object:
    """The hub behind an Ingress, which ends TLS."""
    backend = {"service": {"name": name_of(parts.GATEWAY), "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {
        "ingressClassName": When(Is("ingress.className"), Value("ingress.className")),
        "tls": [{"hosts": [Value("host")], "secretName": Value("ingress.tlsSecret")}],
        "rules": [{"host": Value("host"), "http": {"paths": [path]}}],
    }
    made = new(f"{_NETWORKING} Ingress", name_of(parts.GATEWAY), parts.GATEWAY, spec=spec)
    made["metadata"]["annotations"] = When(Is("ingress.annotations"), Value("ingress.annotations"))
    return made


def route() -> Object:
    """The hub behind OpenShift's router, which ends TLS with its own certificate."""
    spec = {
        "host": Value("host"),
        "port": {"targetPort": "http"},
        "tls": {"insecureEdgeTerminationPolicy": "Redirect", "termination": "edge"},
        "to": {"kind": "Service", "name": name_of(parts.GATEWAY), "weight": 100},
        "wildcardPolicy": "None",
    }
    made = new("route.openshift.io/v1 Route", name_of(parts.GATEWAY), parts.GATEWAY, spec=spec)
    return annotated(made, {"haproxy.router.openshift.io/timeout": f"{_SECONDS}s"})


def policies() -> list[Object]:
    """Each component is reached by those that need it, and what need not go out does not."""
    gateway = part(parts.GATEWAY).health
    number = gateway.port if gateway else 0
    watched = [
        _policy(
            each.name,
            [_from(_monitoring(), ports=[each.health.port])],
            _outward() if each.name not in _ANYWHERE else None,
        )
        for each in PARTS
        if each.health is not None and each.name != parts.GATEWAY
    ]
    peers = [_pods(nats.COMPONENT)]
    return [
        _policy(parts.GATEWAY, [{"ports": [_tcp(number)]}], None),
        *watched,
        _policy(parts.SETUP, [], _outward()),
        _policy(
            nats.COMPONENT,
            [
                _from(*(_pods(name) for name in _PARTS), ports=[nats.CLIENTS]),
                _from(*peers, ports=[nats.ROUTES]),
                When(nats.HAS_SITES, {"ports": [_tcp(nats.LEAF_NODES)]}),
            ],
            [_dns(), {"to": peers, "ports": [_tcp(nats.ROUTES)]}],
        ),
    ]


def policy_of_postgres() -> Object:
    """The bundled database is reached by the parts, and calls nobody."""
    told = _from(*(_pods(name) for name in _PARTS), ports=[postgres.PORT])
    return _policy(postgres.COMPONENT, [told], [])


def _policy(component: str, incoming: list[Any], outgoing: list[Any] | None) -> Object:
    """``outgoing``: None for anywhere."""
    kinds = ["Ingress"] if outgoing is None else ["Ingress", "Egress"]
    spec: dict[str, Any] = {
        "podSelector": {"matchLabels": selector(component)},
        "policyTypes": kinds,
        "ingress": incoming,
    }
    if outgoing is not None:
        spec["egress"] = outgoing
    return new(f"{_NETWORKING} NetworkPolicy", name_of(component), component, spec=spec)


def _outward() -> list[Any]:
    """To the bus and the database, wherever that one is."""
    return [
        _dns(),
        {"to": [_pods(nats.COMPONENT)], "ports": [_tcp(nats.CLIENTS)]},
        {"ports": [_tcp(Value("database.port"))]},
    ]


def _dns() -> dict[str, Any]:
    # OpenShift's listens on 5353 behind the port of its service.
    return {
        "ports": [
            {"protocol": protocol, "port": number}
            for number in (53, 5353)
            for protocol in ("UDP", "TCP")
        ]
    }


def _from(*peers: Any, ports: list[int]) -> dict[str, Any]:
    return {"from": list(peers), "ports": [_tcp(number) for number in ports]}


def _tcp(number: Any) -> dict[str, Any]:
    return {"protocol": "TCP", "port": number}


def _pods(component: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": selector(component)}}


def _monitoring() -> dict[str, Any]:
    named = {"kubernetes.io/metadata.name": Value("networkPolicies.monitoringNamespace")}
    return {"namespaceSelector": {"matchLabels": named}}
