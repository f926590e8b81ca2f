"""A changed table raises the version of its projection, so that it is built anew everywhere."""

import hashlib

import pytest

from deploy.platform import PROJECTIONS, load_projections
from services.runtime.projections.projection import Projection

PINNED: dict[str, tuple[int, str]] = {
    "activity": (2, "fd951bcce1b9f3f5"),
    "fleet": (4, "7b912e231cbe805b"),
    "alerts": (5, "eca461ba77ea7452"),
    "gpu": (1, "8d9f85d3140018a6"),
    "cnf": (1, "a7e0ee01a2e056cf"),
    "anomalies": (2, "d60cbf04bb3070b5"),
    "incidents": (1, "7e9d4c19c02e6d64"),
    "rca": (2, "802704062b3a00d9"),
    "replays": (1, "9d62abc1ecb1dcac"),
    "reports": (1, "735e3fac6e57fadd"),
    "personas": (1, "e84f3b336b45c9d3"),
    "conversations": (1, "0991607ca3b059c2"),
}
"""By projection: its version, and a digest of the statements that make its tables."""


def _digest(projection: Projection) -> str:
    made = "\n".join(table.create("s") for table in projection.tables)
    return hashlib.sha256(made.encode()).hexdigest()[:16]


@pytest.mark.parametrize("projection", [*load_projections(PROJECTIONS)], ids=lambda each: each.name)
def test_tables_are_those_of_their_version(projection: Projection) -> None:
    now = projection.version, _digest(projection)
    assert PINNED.get(projection.name) == now, (
        "raise the version of a projection whose tables have changed, then pin both here"
    )
