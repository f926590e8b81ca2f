"""Signals for tests of the analysis."""

from datetime import timedelta
from uuid import UUID, uuid5

from contracts.alerts import Severity
from contracts.incidents import Signal, SignalKind
from tests.kit.samples import START

CLUSTER = UUID("0199c0de-0000-7000-8000-0000000000c1")
_SPACE = UUID("0199c0de-0000-7000-8000-0000000000ff")


def signal(
    number: int,
    name: str,
    *where: str,
    after: float = 0.0,
    severity: Severity = Severity.CRITICAL,
    cluster: UUID = CLUSTER,
) -> Signal:
    """One that began so many seconds after the start, told by the event of this number."""
    return Signal(
        id=uuid5(_SPACE, f"{number}"),
        kind=SignalKind.ALERT,
        cluster_id=cluster,
        name=name,
        severity=severity,
        where=where,
        started_at=START + timedelta(seconds=after),
        sequence=number,
    )


def pod(number: int, name: str, of: str, after: float = 0.0, tag: str = "a") -> Signal:
    """Of a pod of a workload, such as ``shop/cart``."""
    namespace = of.partition("/")[0]
    words = (f"pod/{of}-{tag}", f"workload/{of}", f"namespace/{namespace}")
    return signal(number, name, *words, after=after, severity=Severity.WARNING)


def node_down() -> list[Signal]:
    """A node, and what ran there."""
    return [
        signal(1, "KubeNodeNotReady", "node/worker-3", after=60),
        signal(2, "NodeExporterDown", "node/worker-3", after=40, severity=Severity.WARNING),
        pod(3, "KubePodNotReady", "shop/cart", 120),
        pod(4, "KubePodNotReady", "bank/ledger", 130),
        signal(5, "HighErrorRate", "service/shop/cart", "namespace/shop", after=150),
    ]
