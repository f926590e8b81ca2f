"""People's commands about incidents on the real log: what is appended, once, and by whom."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event
from contracts.incidents import (
    AcknowledgeIncident,
    DefineCorrelationRule,
    Incident,
    IncidentMerged,
    IncidentSplit,
    MergeIncidents,
    RemoveCorrelationRule,
    ReopenIncident,
    ResolveIncident,
    SplitIncident,
    correlation_rule_key,
    incident_key,
)
from contracts.refusals import Code, Refused
from contracts.subjects import EntityKey
from services.incidents import handlers
from services.runtime.ids import derived_id, new_id
from services.runtime.log import EventLog, Head
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.settings import Settings
from services.runtime.store import Accepted, Store
from tests.kit import builders
from tests.kit.incident_builders import (
    INCIDENT_ID,
    OTHER_INCIDENT_ID,
    incident,
    incident_updated,
    joined,
    opened,
    rule,
    signal,
)
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at
from tests.kit.worker import Fated, Killed, Step, dies

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

CART = joined()
OTHER = incident(id=OTHER_INCIDENT_ID, cluster_ids=(OTHER_CLUSTER_ID,), severity="WARNING")


@dataclass
class Incidents:
    """What a worker of incidents works with."""

    log: EventLog
    settings: Settings

    def store(
        self,
        command_id: UUID | None = None,
        *,
        scope: Scope = EVERYWHERE,
        by: str = "ada",
        before: Step | None = None,
        after: Step | None = None,
    ) -> Store:
        log = Fated(self.log.bus, self.log.facts_age, before=before, after=after)
        context = builders.context(command_id=command_id or new_id(), actor=by)
        return Store(log, context, at(60), self.settings, scope=scope)

    async def happened(self, *events: Event) -> None:
        for event in events:
            last = await self.log.head(event.key)
            head = Head(last.sequence, last.version or 0) if last else Head()
            context = builders.context(command_id=new_id(), actor="service:incidents")
            await self.log.append([event], {event.key: head}, context, at())

    async def two(self) -> None:
        """One of two signals, and another one elsewhere."""
        more = incident(signals=2, lasting=2, last_signal_at=at(20))
        other = signal(id=new_id(), cluster_id=OTHER_CLUSTER_ID, severity="WARNING")
        await self.happened(
            opened(),
            incident_updated(incident=more, added=(CART,), ended=()),
            opened(incident=OTHER, added=(other,)),
        )

    async def head(self, incident_id: UUID | str = INCIDENT_ID) -> Incident:
        last = await self.log.head(incident_key(UUID(str(incident_id))))
        assert last is not None
        return last.event.incident  # type: ignore[attr-defined,no-any-return]

    async def told(self, key: EntityKey) -> Sequence[Event]:
        return [each.event for each in await self.log.load(key)]

    async def count(self) -> int:
        return (await self.log.bounds())[1]


@pytest.fixture
def incidents(log: EventLog, bus_settings: Settings) -> Incidents:
    return Incidents(log, bus_settings)


def of(kind: type[Any], **fields: Any) -> Any:
    return kind.model_validate({"incident_id": INCIDENT_ID} | fields)


async def refused(work: Any, code: Code) -> Refused:
    with pytest.raises(Refused) as told:
        await work
    assert told.value.code is code, told.value.message
    return told.value


async def test_an_incident_is_taken_up_once_and_is_over_and_is_back(incidents: Incidents) -> None:
    await incidents.two()
    taken = await handlers.acknowledge(of(AcknowledgeIncident), incidents.store())
    again = await handlers.acknowledge(of(AcknowledgeIncident), incidents.store())
    assert (taken.version, again) == (3, Accepted(str(INCIDENT_ID), 3))
    assert (await incidents.head()).acknowledged_by == "ada"
    over = await handlers.resolve(of(ResolveIncident, expected_version=3), incidents.store(by="b"))
    assert ((await incidents.head()).resolved_by, over.version) == ("b", 4)
    back = await handlers.reopen(of(ReopenIncident), incidents.store())
    assert ((await incidents.head()).state, back.version) == ("OPEN", 5)


async def test_what_there_is_not_is_not_found(incidents: Incidents) -> None:
    await refused(handlers.resolve(of(ResolveIncident), incidents.store()), Code.INCIDENT_NOT_FOUND)
    await incidents.happened(opened())
    merge = of(MergeIncidents, other_id=OTHER_INCIDENT_ID)
    await refused(handlers.merge(merge, incidents.store()), Code.INCIDENT_NOT_FOUND)


async def test_an_incident_that_moves_on_meanwhile_is_decided_about_anew(
    incidents: Incidents,
) -> None:
    await incidents.two()
    more = incident(signals=3, lasting=3)

    async def grows() -> None:
        if (await incidents.head()).signals < 3:
            await incidents.happened(incident_updated(incident=more, added=(), ended=()))

    await handlers.acknowledge(of(AcknowledgeIncident), incidents.store(before=grows))
    head = await incidents.head()
    assert (head.state, head.signals) == ("ACKNOWLEDGED", 3)


async def test_a_version_that_is_not_the_last_any_more_is_refused_however_it_races(
    incidents: Incidents,
) -> None:
    await incidents.two()
    seen = of(ResolveIncident, expected_version=2)

    async def grows() -> None:
        if (await incidents.head()).signals < 3:
            more = incident(signals=3, lasting=3)
            await incidents.happened(incident_updated(incident=more, added=(), ended=()))

    await refused(handlers.resolve(seen, incidents.store(before=grows)), Code.VERSION_CONFLICT)


MERGE = of(MergeIncidents, other_id=OTHER_INCIDENT_ID)


async def test_two_become_one_in_one_batch(incidents: Incidents) -> None:
    await incidents.two()
    done = await handlers.merge(MERGE, incidents.store())
    assert (done.id, done.version) == (str(INCIDENT_ID), 3)
    stays, gone = await incidents.head(), await incidents.head(OTHER_INCIDENT_ID)
    assert (stays.signals, stays.cluster_ids) == (3, (CLUSTER_ID, OTHER_CLUSTER_ID))
    assert (gone.merged_into, gone.state) == (INCIDENT_ID, "RESOLVED")
    for command in (MERGE, of(MergeIncidents, incident_id=OTHER_INCIDENT_ID, other_id=INCIDENT_ID)):
        told = await refused(handlers.merge(command, incidents.store()), Code.VERSION_CONFLICT)
        assert str(INCIDENT_ID) in told.message


async def test_a_merge_counts_for_both_or_for_neither(incidents: Incidents) -> None:
    await incidents.two()

    async def taken() -> None:
        if (await incidents.head(OTHER_INCIDENT_ID)).merged_into is None:
            third = opened(incident=incident(id=new_id()))
            await incidents.happened(third)
            command = of(MergeIncidents, incident_id=third.key.id, other_id=OTHER_INCIDENT_ID)
            await handlers.merge(command, incidents.store())

    work = handlers.merge(MERGE, incidents.store(before=taken))
    await refused(work, Code.VERSION_CONFLICT)
    assert (await incidents.head()).signals == 2


async def test_both_merged_into_each_other_at_once_are_one(incidents: Incidents) -> None:
    await incidents.two()
    back = of(MergeIncidents, incident_id=OTHER_INCIDENT_ID, other_id=INCIDENT_ID)
    work = (handlers.merge(each, incidents.store()) for each in (MERGE, back))
    done = await asyncio.gather(*work, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Accepted", "Refused"]
    heads = [await incidents.head(each) for each in (INCIDENT_ID, OTHER_INCIDENT_ID)]
    assert sum(each.merged_into is None for each in heads) == 1


SPLIT = of(SplitIncident, signal_ids=[CART.signal.id])


async def test_a_split_makes_an_incident_that_begins_with_it(incidents: Incidents) -> None:
    await incidents.two()
    command_id = new_id()
    done = await handlers.split(SPLIT, incidents.store(command_id))
    new = str(derived_id(command_id))
    assert (done.id, done.version) == (new, 1)
    (first,) = await incidents.told(EntityKey("-", "incident", new))
    assert isinstance(first, IncidentSplit)
    assert (first.from_other, first.other_id) == (True, INCIDENT_ID)
    assert (first.incident.title, first.incident.signals) == (
        "KubePodNotReady on shop/cart-5d8f",
        1,
    )
    assert (await incidents.head()).signals == 1


async def test_what_came_by_a_merge_can_be_split_off_again_and_what_has_left_cannot(
    incidents: Incidents,
) -> None:
    await incidents.two()
    first = await handlers.split(SPLIT, incidents.store())
    await refused(handlers.split(SPLIT, incidents.store()), Code.VALIDATION_FAILED)
    merge = of(MergeIncidents, other_id=first.id)
    await handlers.merge(merge, incidents.store())
    again = await handlers.split(SPLIT, incidents.store())
    assert again.id != first.id
    assert (await incidents.head(again.id or "")).signals == 1


@pytest.mark.parametrize("command", [MERGE, SPLIT, of(AcknowledgeIncident)])
async def test_a_command_that_comes_again_is_done_once(incidents: Incidents, command: Any) -> None:
    handle: Any = {
        MergeIncidents: handlers.merge,
        SplitIncident: handlers.split,
        AcknowledgeIncident: handlers.acknowledge,
    }[type(command)]
    await incidents.two()
    command_id = new_id()
    with pytest.raises(Killed):
        await handle(command, incidents.store(command_id, after=dies))
    count = await incidents.count()
    again = await handle(command, incidents.store(command_id))
    assert again.sequence in {count, count - 1}
    # The correlator has added to it since.
    head = (await incidents.head()).model_copy(update={"last_signal_at": at(90)})
    await incidents.happened(incident_updated(incident=head, added=(), ended=()))
    if again.id != str(INCIDENT_ID):
        head = (await incidents.head(again.id)).model_copy(update={"last_signal_at": at(90)})
        await incidents.happened(incident_updated(incident=head, added=(), ended=()))
    count = await incidents.count()
    last = await handle(command, incidents.store(command_id))
    assert (last.id, await incidents.count()) == (again.id, count)


async def test_an_incident_is_changed_by_who_may_do_so_with_all_of_its_clusters(
    incidents: Incidents,
) -> None:
    await incidents.two()
    mine, theirs = Scope(frozenset({CLUSTER_ID})), Scope(frozenset({OTHER_CLUSTER_ID}))

    async def denied(scope: Scope) -> None:
        for handle, command in (
            (handlers.acknowledge, of(AcknowledgeIncident)),
            (handlers.resolve, of(ResolveIncident)),
            (handlers.reopen, of(ReopenIncident)),
            (handlers.merge, MERGE),
            (handlers.split, SPLIT),
        ):
            work: Any = handle
            await refused(work(command, incidents.store(scope=scope)), Code.PERMISSION_DENIED)

    await denied(theirs)
    await denied(Scope(frozenset()))
    await refused(handlers.merge(MERGE, incidents.store(scope=mine)), Code.PERMISSION_DENIED)
    await handlers.acknowledge(of(AcknowledgeIncident), incidents.store(scope=mine))
    await handlers.merge(MERGE, incidents.store(scope=mine | theirs))
    # It is about both clusters now.
    await denied(mine)


async def test_a_rule_is_set_changed_and_removed(incidents: Incidents) -> None:
    key = correlation_rule_key("one-rack")
    new = DefineCorrelationRule(rule=rule(), expected_version=0)
    assert (await handlers.define_rule(new, incidents.store())).version == 1
    await refused(handlers.define_rule(new, incidents.store()), Code.VERSION_CONFLICT)
    same = DefineCorrelationRule(rule=rule())
    assert (await handlers.define_rule(same, incidents.store())).version == 1
    other = DefineCorrelationRule(rule=rule(within_seconds=60), expected_version=1)
    assert (await handlers.define_rule(other, incidents.store())).version == 2
    remove = RemoveCorrelationRule(rule_id="one-rack")
    assert (await handlers.remove_rule(remove, incidents.store())).version == 3
    await refused(handlers.remove_rule(remove, incidents.store()), Code.RULE_NOT_FOUND)
    # What was removed is none: it may be set as a new one.
    assert (await handlers.define_rule(new, incidents.store())).version == 4
    names = [type(each).__name__ for each in await incidents.told(key)]
    assert names == [*["CorrelationRuleDefined"] * 2, "CorrelationRuleRemoved", names[0]]


async def test_there_are_only_so_many_rules(
    incidents: Incidents, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert handlers.MOST_RULES == 200

    def define(name: str, **changes: Any) -> Any:
        command = DefineCorrelationRule(rule=rule(id=name, **changes))
        return handlers.define_rule(command, incidents.store())

    for number in range(handlers.MOST_RULES):
        await define(f"rule-{number}")
    await refused(define("one-more"), Code.LIMIT_REACHED)
    await define("rule-7", within_seconds=60)
    removal = RemoveCorrelationRule(rule_id="rule-7")
    await handlers.remove_rule(removal, incidents.store())
    await define("one-more")
    await refused(define("rule-7"), Code.LIMIT_REACHED)


async def test_a_rule_for_some_clusters_is_set_by_who_may_do_so_with_them(
    incidents: Incidents,
) -> None:
    mine = Scope(frozenset({CLUSTER_ID}))

    def define(scope: Scope, *clusters: UUID) -> Any:
        command = DefineCorrelationRule(rule=rule(cluster_ids=clusters))
        return handlers.define_rule(command, incidents.store(scope=scope))

    await refused(define(mine), Code.PERMISSION_DENIED)
    await refused(define(mine, CLUSTER_ID, OTHER_CLUSTER_ID), Code.PERMISSION_DENIED)
    await define(mine, CLUSTER_ID)
    await define(EVERYWHERE, OTHER_CLUSTER_ID)
    # It is another's now: nobody takes it over by naming clusters of their own.
    await refused(define(mine, CLUSTER_ID), Code.PERMISSION_DENIED)
    remove = RemoveCorrelationRule(rule_id="one-rack")
    await refused(handlers.remove_rule(remove, incidents.store(scope=mine)), Code.PERMISSION_DENIED)


async def test_what_is_told_of_a_merge_names_the_other_one(incidents: Incidents) -> None:
    await incidents.two()
    await handlers.merge(MERGE, incidents.store())
    for own, other in ((INCIDENT_ID, OTHER_INCIDENT_ID), (OTHER_INCIDENT_ID, INCIDENT_ID)):
        told = (await incidents.told(incident_key(own)))[-1]
        assert isinstance(told, IncidentMerged)
        assert told.other_id == other
