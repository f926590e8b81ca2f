"""What all lists of network functions share of an address's parameters."""

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from gateway.auth.guards import Mine
from gateway.rest import as_of
from gateway.rest.as_of import AsOfSequence, AsOfTime
from gateway.rest.shared import Flag, Several, Text, WithGate, ids
from projections.cnf.filtering import CnfFilter

About = NamedDependency[SkipValidation[CnfFilter]]
"""Where, how old, and as of when."""


async def about(
    gate: WithGate,
    mine: Mine,
    cluster_id: Several = None,
    node_name: Several = None,
    stale: Flag = None,
    q: Text = None,
    moment: AsOfTime = None,
    sequence: AsOfSequence = None,
) -> CnfFilter:
    """Of the parameters that all lists share."""
    clusters = ids("cluster_id", cluster_id)
    at = await as_of.find(gate, moment, sequence, "cnf")
    return CnfFilter(
        now=at.at if at is not None and at.at is not None else gate.clock.now(),
        mine=mine,
        as_of=at,
        cluster_id=clusters,
        node_name=node_name or (),
        stale=stale,
        q=q,
    )


FILTERS = {"about": Provide(about)}
