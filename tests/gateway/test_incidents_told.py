"""A list of incidents that tells what is behind each, how far it reaches, and what lasts."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.incidents import IncidentEvent, incident_key
from gateway.rest.documented_incidents import IncidentList, IncidentView
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.principals import Role
from tests.kit import incident_builders as incidents, rca_builders as made
from tests.kit.gateway import API, Platform, refused
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SEEN: dict[str, Any] = {
    "backend": "LOKI", "name": "LOG_DISK_FULL", "severity": "WARNING", "where": ("node/worker-3",),
    "text": "12 lines say that the disk is full", "query": '{node="worker-3"} |= "full"',
    "start": "2026-01-31T11:00:00Z", "end": "2026-01-31T12:00:00Z",
}  # fmt: skip


@dataclass
class Told:
    """An incident of a node and a pod in a cluster of its own, and analyses of it.

    Those that the service makes by itself may come at any time: what a test has told is read as of
    its own event.
    """

    platform: Platform
    cluster: UUID = field(default_factory=new_id)
    id: UUID = field(default_factory=new_id)

    async def open(self, *others: UUID, **of: Any) -> "Told":
        """It is there, and shown; a signal of each other cluster belongs to it."""
        every = (self.cluster, *others)
        node = incidents.signal(
            id=new_id(), cluster_id=self.cluster, name="NodeDown", where=(f"node/{self.id}",)
        )
        places = (f"pod/shop/{self.id}", "workload/shop/cart", f"node/{self.id}", "namespace/shop")
        more = tuple(
            incidents.signal(id=new_id(), cluster_id=cluster, name="PodDown", where=places)
            for cluster in (others or every)
        )
        signals = 1 + len(more)
        told = incidents.incident(
            id=self.id, cluster_ids=every, **({"signals": signals, "lasting": signals} | of)
        )
        await self.tell(incidents.opened(incident=told, added=(node, *more)))
        return self

    async def tell(self, event: IncidentEvent) -> int:
        """This happens to it; gives its sequence, once it is shown."""
        last = await self.platform.gate.log.head(incident_key(self.id))
        head = NOTHING if last is None else Head(last.sequence, last.version or 0)
        appended = await store(self.platform.gate.log, event, after=head)
        assert await self.platform.gate.positions.wait("incidents", appended.sequence, 20)
        return appended.sequence

    async def analysis(self, **changes: Any) -> tuple[UUID, int]:
        """Its cause was looked for; gives the analysis, and its sequence once it is shown."""
        of = {"id": new_id(), "trigger_id": self.id, "incident_id": self.id}
        event = made.rca_complete(cluster=self.cluster, **(of | changes))
        appended = await store(self.platform.gate.log, event, after=NOTHING)
        assert await self.platform.gate.positions.wait("rca", appended.sequence, 20)
        return event.result.id, appended.sequence

    async def listed(self, *include: str, **query: Any) -> IncidentList:
        """What is listed of its cluster, with this."""
        asked = {"cluster_id": str(self.cluster), "include": [*include], **query}
        return IncidentList.model_validate(await self.platform.list("/incidents", **asked))

    async def one(self, *include: str, **query: Any) -> IncidentView:
        """Itself in the list."""
        (found,) = (await self.listed(*include, **query)).items
        return found


@pytest.fixture
async def told(platform: Platform) -> Told:
    return await Told(platform).open()


async def test_nothing_is_told_that_was_not_asked_for(told: Told) -> None:
    page = await told.platform.list("/incidents", cluster_id=str(told.cluster))
    assert page["lasting_by_name"] is None
    assert not {"cause", "reach", "known_at"} & page["items"][0].keys()


async def test_each_tells_its_newest_analysis_in_short(told: Told) -> None:
    await told.analysis()
    rca_id, sequence = await told.analysis()
    found = (await told.one("cause", as_of_sequence=sequence)).cause
    assert found is not None
    assert found.told is not None
    assert (found.rca_id, found.sequence) == (rca_id, sequence)
    assert (found.is_known, found.redacted) == (True, False)
    assert found.told.entity is not None
    assert (found.told.entity.place, found.told.kind, found.told.score) == (
        "node/worker-3", "node", 0.9,
    )  # fmt: skip
    assert found.told.explanation.startswith("node/worker-3 (node, 90%)")
    (said,) = found.told.evidence
    assert (said.text, said.is_fact, said.sequence) == ("node/worker-3 is not ready", True, 4)
    assert (said.seen, found.told.claims) == (None, 1)


async def test_of_what_speaks_for_it_the_first_three_are_told_with_their_queries(
    told: Told,
) -> None:
    live = {"text": "the disk is full", "cited": (), "seen": (1, 0), "is_fact": True}
    cause = made.cause(cluster=told.cluster)
    every = [SEEN | {"cluster_id": told.cluster, "name": name} for name in ("FIRST", "SECOND")]
    causes = ({**cause, "claims": (live, *cause["claims"] * 4)},)
    _, sequence = await told.analysis(causes=causes, live={"seen": every})
    found = (await told.one("CAUSE", as_of_sequence=sequence)).cause
    assert found is not None
    assert found.told is not None
    assert (found.told.claims, len(found.told.evidence)) == (5, 3)
    first = found.told.evidence[0]
    assert first.seen is not None
    assert (first.sequence, first.seen.name, first.seen.query) == (None, "SECOND", SEEN["query"])


async def test_that_the_cause_is_unknown_is_told_apart_from_a_guess(told: Told) -> None:
    _, sequence = await told.analysis(is_known=False)
    found = (await told.one("CAUSE", as_of_sequence=sequence)).cause
    assert found is not None
    assert found.told is not None
    assert (found.is_known, found.told.kind) == (False, "node")
    _, sequence = await told.analysis(is_known=False, causes=(), edges=(), actions=())
    found = (await told.one("CAUSE", as_of_sequence=sequence)).cause
    assert found is not None
    assert found.told is not None
    assert (found.told.entity, found.told.kind, found.told.evidence) == (None, None, [])


async def test_what_was_found_of_one_that_was_merged_is_told_of_the_other(told: Told) -> None:
    other = await Told(told.platform).open()
    found, _ = await other.analysis()
    gone = incidents.incident(
        id=other.id, cluster_ids=(other.cluster,), merged_into=told.id, state="RESOLVED"
    )
    sequence = await other.tell(incidents.merged(incident=gone))
    assert await told.platform.gate.positions.wait("rca", sequence, 20)
    cause = (await told.one("CAUSE", as_of_sequence=sequence)).cause
    assert cause is not None
    assert cause.rca_id == found


async def test_causes_and_incidents_are_told_as_they_were_after_the_same_event(told: Told) -> None:
    before = await told.platform.last_sequence()
    first, sequence = await told.analysis()
    newest, last = await told.analysis()
    found = [
        (await told.one("CAUSE", as_of_sequence=each)).cause for each in (before, sequence, last)
    ]
    now = (await told.one("CAUSE")).cause
    assert now is not None
    assert now.sequence >= last
    assert [each and each.rca_id for each in found] == [None, first, newest]


async def test_how_far_it_reaches_is_counted_in_places(told: Told) -> None:
    found = (await told.one("REACH")).reach
    assert found is not None
    assert found.model_dump() == {
        "clusters": 1, "namespaces": 1, "workloads": 1, "pods": 1, "nodes": 1, "gpus": 0,
        "at_least": False,
    }  # fmt: skip
    spread = await Told(told.platform).open(new_id(), new_id())
    reach = (await spread.one("REACH")).reach
    assert reach is not None
    assert (reach.clusters, reach.nodes, reach.pods) == (3, 3, 2)


async def test_since_when_it_is_known_is_the_first_instant_that_shows_it(told: Told) -> None:
    known_at = (await told.one("REACH")).known_at
    assert known_at is not None
    at = known_at.isoformat()
    assert (await told.one(as_of=at)).id == told.id
    before = (known_at - timedelta(microseconds=1)).isoformat()
    assert (await told.listed(as_of=before)).items == []


async def test_what_lasts_is_told_by_cluster_and_name(told: Told) -> None:
    wide = await told.listed("NAMES")
    assert wide.lasting_by_name is not None
    names = [(each.cluster_id, each.name, each.lasting) for each in wide.lasting_by_name]
    assert names == [(told.cluster, "NodeDown", 1), (told.cluster, "PodDown", 1)]
    then = await told.listed("NAMES", as_of_sequence=await told.platform.last_sequence())
    assert then.lasting_by_name == wide.lasting_by_name
    gone = incidents.incident(id=told.id, cluster_ids=(told.cluster,), state="RESOLVED")
    await told.tell(incidents.incident_resolved(incident=gone))
    # A signal that lasts in what somebody has resolved is in no incident that one would be shown.
    assert (await told.listed("NAMES")).lasting_by_name == []


async def test_what_reaches_further_matters_more(platform: Platform) -> None:
    shared = new_id()
    ended = await Told(platform).open(shared, new_id(), new_id(), lasting=0)
    small = await Told(platform).open(shared)
    wide = await Told(platform).open(shared, new_id(), new_id())
    mild = await Told(platform).open(shared, new_id(), new_id(), new_id(), severity="WARNING")
    page = await platform.list("/incidents", cluster_id=str(shared), sort="impact")
    mine = [str(each.id) for each in (wide, small, ended, mild)]
    assert [each["id"] for each in page["items"]] == mine


async def test_whoever_sees_a_part_is_told_of_that_part(platform: Platform) -> None:
    foreign = new_id()
    told = await Told(platform).open(foreign)
    rca_id, sequence = await told.analysis(
        cluster_ids=(told.cluster, foreign),
        explanation="foreign-mark",
        causes=(made.cause("node/foreign-mark", foreign),),
    )
    token = await platform.token(Role.VIEWER, str(told.cluster))
    query: dict[str, Any] = {"include": ["CAUSE", "REACH", "NAMES"], "sort": "impact"}
    query["as_of_sequence"] = sequence
    async with platform.client(token) as client:
        answer = await client.get(f"{API}/incidents", params=query)
    assert answer.status_code == 200, answer.text
    assert not [each for each in ("foreign-mark", str(foreign)) if each in answer.text]
    page = IncidentList.model_validate(answer.json())
    (found,) = page.items
    assert found.cause is not None
    assert (found.cause.rca_id, found.cause.redacted, found.cause.told) == (rca_id, True, None)
    assert found.reach is not None
    assert (found.reach.clusters, found.reach.nodes, found.reach.pods) == (1, 1, 0)
    assert page.lasting_by_name is not None
    assert [each.name for each in page.lasting_by_name] == ["NodeDown"]
    whole = json.dumps(
        (await told.listed("CAUSE", as_of_sequence=sequence)).model_dump(mode="json")
    )
    assert "foreign-mark" in whole


async def test_of_an_analysis_of_other_clusters_nothing_is_told(platform: Platform) -> None:
    foreign = new_id()
    told = await Told(platform).open(foreign)
    of = {"cluster_ids": (foreign,), "causes": (made.cause("node/mark", foreign),)}
    _, sequence = await told.analysis(**of)
    query: dict[str, Any] = {"include": ["CAUSE"], "as_of_sequence": sequence}
    token = await platform.token(Role.VIEWER, str(told.cluster))
    async with platform.client(token) as client:
        answer = await client.get(f"{API}/incidents", params=query)
    assert [each["cause"] for each in answer.json()["items"]] == [None]


async def test_when_others_were_struck_is_not_told_to_whoever_does_not_see_them(
    platform: Platform,
) -> None:
    mine = new_id()
    told = await Told(platform).open()
    both = incidents.incident(
        id=told.id, cluster_ids=(told.cluster, mine), title="both", signals=3, lasting=3
    )
    joined = incidents.joined(id=new_id(), cluster_id=mine, name="Joined", where=("node/mine",))
    await told.tell(incidents.incident_updated(incident=both, added=(joined,), ended=()))
    token = await platform.token(Role.VIEWER, str(mine))
    query: dict[str, Any] = {"include": ["REACH"]}
    async with platform.client(token) as client:
        (found,) = (await client.get(f"{API}/incidents", params=query)).json()["items"]
        then = {"include": ["REACH"], "as_of": found["known_at"]}
        (same,) = (await client.get(f"{API}/incidents", params=then)).json()["items"]
    assert found["known_at"] == same["known_at"] != (await told.one("REACH")).known_at
    assert found["reach"]["nodes"] == 1


async def test_signals_of_others_do_not_crowd_out_those_that_one_sees(platform: Platform) -> None:
    foreign, mine = new_id(), new_id()
    told = Told(platform, cluster=foreign)
    other: dict[str, Any] = {"cluster_id": foreign, "name": "Foreign", "where": ("node/other",)}
    first = tuple(incidents.signal(id=new_id(), **other) for _ in range(500))
    more = tuple(incidents.joined(id=new_id(), **other) for _ in range(100))
    last = UUID(int=2**128 - 1, version=4)
    one = incidents.joined(id=last, cluster_id=mine, name="Mine", where=("node/mine",))
    opened = incidents.incident(id=told.id, cluster_ids=(foreign, mine), signals=601, lasting=601)
    await told.tell(incidents.opened(incident=opened, added=first))
    sequence = await told.tell(
        incidents.incident_updated(incident=opened, added=(*more, one), ended=())
    )
    token = await platform.token(Role.VIEWER, str(mine))
    query: dict[str, Any] = {"include": ["NAMES", "REACH"], "as_of_sequence": sequence}
    async with platform.client(token) as client:
        page = IncidentList.model_validate(
            (await client.get(f"{API}/incidents", params=query)).json()
        )
    assert page.lasting_by_name is not None
    assert [(each.name, each.lasting) for each in page.lasting_by_name] == [("Mine", 1)]
    (found,) = page.items
    assert found.reach is not None
    assert (found.reach.nodes, found.reach.at_least) == (1, False)


async def test_what_there_is_not_cannot_be_included(platform: Platform) -> None:
    answer = await platform.http.get(f"{API}/incidents", params={"include": ["WEATHER"]})
    error = refused(answer, "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == ["include"]
