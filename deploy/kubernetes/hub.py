"""Every object of the hub: in which file, and under which condition."""

from dataclasses import dataclass

from deploy.kubernetes import access, monitoring, nats, network, parts, postgres, scaling
from deploy.kubernetes.metadata import Object
from deploy.kubernetes.nodes import Condition, both


@dataclass(frozen=True, slots=True)
class Placed:
    """Objects of one topic, which are there under one condition; None: always."""

    topic: str
    objects: list[Object]
    condition: Condition | None = None


def placed() -> list[Placed]:
    """All, what others stand on first."""
    cpu, lag = scaling.BY_CPU, scaling.BY_LAG
    return [
        Placed("accounts", access.accounts()),
        Placed("accounts", [access.account_of_postgres()], postgres.BUNDLED),
        Placed("credentials", access.credentials(), access.KEEPS_CREDENTIALS),
        Placed("nats", nats.objects()),
        Placed("nats", [nats.for_sites()], nats.HAS_SITES),
        Placed("postgres", postgres.objects(), postgres.BUNDLED),
        Placed("parts", parts.objects()),
        Placed("ingress", [network.ingress()], network.INGRESS),
        Placed("network-policies", network.policies(), network.POLICIES),
        Placed("network-policies", [network.policy_of_postgres()], _postgres_guarded()),
        Placed("autoscaling", [scaling.by_cpu(parts.GATEWAY)], cpu),
        Placed("autoscaling", [scaling.by_cpu(parts.WORKERS)], scaling.WORKERS_BY_CPU),
        Placed("disruption-budgets", scaling.budgets(), scaling.BUDGETS),
        Placed("openshift", [network.route(), *access.openshift()], access.OPENSHIFT),
        Placed("monitoring", monitoring.objects(), monitoring.WATCHED),
        Placed("keda", scaling.by_lag(), lag),
    ]


def _postgres_guarded() -> Condition:
    return both(network.POLICIES, postgres.BUNDLED)
