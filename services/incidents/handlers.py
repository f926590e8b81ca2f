"""What people do about incidents, and which rules they set for what belongs together."""

from uuid import UUID

from contracts.incidents import (
    MOST_RULES,
    AcknowledgeIncident,
    CorrelationRule,
    CorrelationRuleDefined,
    CorrelationRuleEvent,
    CorrelationRuleRemoved,
    DefineCorrelationRule,
    Incident,
    MergeIncidents,
    RemoveCorrelationRule,
    ReopenIncident,
    ResolveIncident,
    SplitIncident,
    correlation_rule_key,
    incident_key,
)
from contracts.refusals import Code, Refused
from services.incidents import domain
from services.incidents.correlator import correlator
from services.incidents.domain import Alone, Asked
from services.incidents.history import History
from services.incidents.rehearsing import rehearse_rules
from services.incidents.service import service
from services.runtime.defining import Defining
from services.runtime.log import NOTHING, Head
from services.runtime.rights import require_clusters
from services.runtime.store import Accepted, Store

__all__ = ["correlator", "rehearse_rules", "service"]


def _left(event: CorrelationRuleEvent) -> CorrelationRule | None:
    return event.rule if isinstance(event, CorrelationRuleDefined) else None


_RULES = Defining(
    said="correlation rule",
    most=MOST_RULES,
    missing=Code.RULE_NOT_FOUND,
    key=correlation_rule_key,
    defined=lambda rule: CorrelationRuleDefined(rule=rule),
    removed=lambda rule: CorrelationRuleRemoved(rule=rule),
    left=_left,
)


@service.handles(AcknowledgeIncident)
async def acknowledge(command: AcknowledgeIncident, store: Store) -> Accepted:
    """Somebody takes an open incident up; once more by the same actor it changes nothing."""
    return await _alone(command, store)


@service.handles(ResolveIncident)
async def resolve(command: ResolveIncident, store: Store) -> Accepted:
    """Somebody says that an incident is over, whatever lasts of it."""
    return await _alone(command, store)


@service.handles(ReopenIncident)
async def reopen(command: ReopenIncident, store: Store) -> Accepted:
    """Somebody says that a resolved incident is not over; nobody works on it yet."""
    return await _alone(command, store)


@service.handles(MergeIncidents)
async def merge(command: MergeIncidents, store: Store) -> Accepted:
    """All that belongs to another incident belongs to this one, and the other one ends in it."""
    stays, ends = incident_key(command.incident_id), incident_key(command.other_id)

    async def attempt() -> Accepted:
        this, head = await _incident(store, command.incident_id)
        other, other_head = await _incident(store, command.other_id)
        domain.require_usable(this, head.version, command.expected_version)
        domain.require_usable(other, other_head.version, None)
        # What stays comes last: it is the one that the caller is told of.
        events = domain.merge(this, other, command, _asked(store))
        return await store.append(events, {stays: head, ends: other_head})

    done = await store.settle(attempt)
    if done.id == stays.id:
        return done
    # By an earlier try, which is the last that there is of the other one.
    return Accepted(stays.id, sequence=done.sequence)


@service.handles(SplitIncident)
async def split(command: SplitIncident, store: Store) -> Accepted:
    """Some signals of an incident become one of their own; its id is told."""
    new = incident_key(store.mint())

    async def attempt() -> Accepted:
        made = await store.load(new, domain.evolve)
        if made.state is not None:  # By an earlier try; others have changed it since.
            return Accepted(new.id, made.head.version, made.head.sequence)
        whole, head = await _incident(store, command.incident_id)
        domain.require_usable(whole, head.version, command.expected_version)
        members = await History(store.log.load_part).members(whole.id)
        events = domain.split(whole, members.known, store.mint(), command, _asked(store))
        return await store.append(events, {incident_key(whole.id): head, new: NOTHING})

    return await store.settle(attempt)


@service.handles(DefineCorrelationRule, one_at_a_time=lambda _: "rules")
async def define_rule(command: DefineCorrelationRule, store: Store) -> Accepted:
    """A rule says from now on what belongs together; what was decided before stays."""
    return await _RULES.define(store, command.rule, command.expected_version)


@service.handles(RemoveCorrelationRule)
async def remove_rule(command: RemoveCorrelationRule, store: Store) -> Accepted:
    """A rule does not count any more; RULE_NOT_FOUND if there is none of this name."""
    return await _RULES.remove(store, command.rule_id)


async def _alone(command: Alone, store: Store) -> Accepted:
    key = incident_key(command.incident_id)

    async def attempt() -> Accepted:
        now, head = await _incident(store, command.incident_id)
        domain.require_usable(now, head.version, command.expected_version)
        events = domain.decide(now, command, _asked(store))
        if not events:
            return Accepted(key.id, head.version)
        return await store.append(events, {key: head})

    return await store.settle(attempt)


async def _incident(store: Store, incident_id: UUID) -> tuple[Incident, Head]:
    """An incident of which every cluster is one that the asker may do this with."""
    known = await store.load(incident_key(incident_id), domain.evolve)
    if known.state is None:
        raise Refused(Code.INCIDENT_NOT_FOUND, f"there is no incident {incident_id}")
    require_clusters(store.scope, known.state.cluster_ids)
    return known.state, known.head


def _asked(store: Store) -> Asked:
    return Asked(store.context.actor, store.at)
