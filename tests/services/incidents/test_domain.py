"""What people decide about incidents: each rule once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from contracts.incidents import (
    AcknowledgeIncident,
    Incident,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
    IncidentSplit,
    MergeIncidents,
    ReopenIncident,
    ResolveIncident,
    SplitIncident,
)
from contracts.refusals import Refused
from services.incidents import domain
from services.incidents.domain import Alone, Asked, Member
from services.runtime.ids import new_id
from tests.kit.given import scenario
from tests.kit.incident_builders import (
    INCIDENT_ID,
    OTHER_INCIDENT_ID,
    acknowledged,
    incident,
    incident_resolved,
    joined,
    merged,
    opened,
    signal,
)
from tests.kit.samples import CLUSTER_ID, OTHER_CLUSTER_ID, at

ASKED = Asked("ada", at(60))
NEW_ID = new_id()


def _decide(events: Sequence[IncidentEvent], command: Alone) -> Sequence[IncidentEvent]:
    now = domain.evolve(None, events[-1])
    domain.require_usable(now, len(events), command.expected_version)
    return domain.decide(now, command, ASKED)


given = scenario(_decide)


def of(kind: type[Any], **fields: Any) -> Any:
    return kind.model_validate({"incident_id": INCIDENT_ID} | fields)


TAKEN: dict[str, Any] = {
    "state": "ACKNOWLEDGED",
    "acknowledged_by": "ada",
    "acknowledged_at": at(60),
}
OVER: dict[str, Any] = {"state": "RESOLVED", "resolved_by": "ada", "resolved_at": at(60)}


def test_who_takes_an_open_incident_up_is_told() -> None:
    taken = IncidentAcknowledged(incident=incident(**TAKEN), reason="I look at it")
    given(opened()).when(of(AcknowledgeIncident, comment="I look at it")).then(taken)


def test_a_reason_is_told_also_where_nobody_has_written_one() -> None:
    taken = IncidentAcknowledged(incident=incident(**TAKEN), reason="ada works on it")
    given(opened()).when(of(AcknowledgeIncident)).then(taken)


def test_a_comment_of_any_allowed_length_is_the_reason() -> None:
    (event,) = _decide([opened()], of(ResolveIncident, comment="x" * 1000))
    assert event.reason == "x" * 1000


def test_to_take_up_what_one_has_taken_up_changes_nothing() -> None:
    given(opened(), acknowledged()).when(of(AcknowledgeIncident)).then()


def test_what_another_works_on_or_is_over_cannot_be_taken_up() -> None:
    bea = acknowledged(incident=incident(**TAKEN | {"acknowledged_by": "bea"}))
    given(opened(), bea).when(of(AcknowledgeIncident)).refused("VERSION_CONFLICT")
    given(incident_resolved()).when(of(AcknowledgeIncident)).refused("VERSION_CONFLICT")


@pytest.mark.parametrize("before", [{}, TAKEN])
def test_an_incident_is_over_when_somebody_says_so(before: Mapping[str, Any]) -> None:
    over = IncidentResolved(incident=incident(**{**before, **OVER}), reason="disk replaced")
    command = of(ResolveIncident, comment="disk replaced")
    given(opened(incident=incident(**before))).when(command).then(over)


def test_resolved_twice_by_one_is_resolved_once() -> None:
    given(opened(), incident_resolved()).when(of(ResolveIncident)).then()
    by_itself = incident_resolved(incident=incident(**OVER | {"resolved_by": None}))
    given(opened(), by_itself).when(of(ResolveIncident)).refused("VERSION_CONFLICT")


def test_what_is_reopened_is_in_nobodys_hands() -> None:
    before = incident_resolved(incident=incident(**TAKEN | OVER))
    again = IncidentReopened(incident=incident(), reason="ada says that it is not over")
    given(before).when(of(ReopenIncident)).then(again)


def test_only_what_is_over_can_be_reopened() -> None:
    given(opened()).when(of(ReopenIncident)).refused("VERSION_CONFLICT")
    given(opened(), acknowledged()).when(of(ReopenIncident)).refused("VERSION_CONFLICT")


@pytest.mark.parametrize("kind", [AcknowledgeIncident, ResolveIncident, ReopenIncident])
def test_what_was_merged_says_where_it_went(kind: type[Any]) -> None:
    gone = merged(incident=incident(**OVER, merged_into=OTHER_INCIDENT_ID))
    result = given(opened(), gone).when(of(kind))
    result.refused("VERSION_CONFLICT")
    assert isinstance(result.outcome, Refused)
    assert str(OTHER_INCIDENT_ID) in result.outcome.message
    assert result.outcome.details == {"merged_into": str(OTHER_INCIDENT_ID)}


def test_a_version_that_was_seen_must_be_the_last_one() -> None:
    seen_first = of(ResolveIncident, expected_version=1)
    given(opened(), acknowledged()).when(seen_first).refused("VERSION_CONFLICT")
    (event,) = _decide([opened(), acknowledged()], of(ResolveIncident, expected_version=2))
    assert isinstance(event, IncidentResolved)


def other(**changes: Any) -> Incident:
    values: dict[str, Any] = {
        "id": OTHER_INCIDENT_ID,
        "title": "KubePodNotReady on shop/cart",
        "severity": "WARNING",
        "cluster_ids": (OTHER_CLUSTER_ID, CLUSTER_ID),
        "where": ("pod/shop/cart-5d8f", "node/worker-3"),
        "signals": 4,
        "lasting": 2,
        "opened_at": at(-30),
        "last_signal_at": at(40),
    }
    return incident(**(values | changes))


def merge(stays: Incident, ends: Incident) -> tuple[IncidentMerged, IncidentMerged]:
    return domain.merge(
        stays, ends, of(MergeIncidents, incident_id=stays.id, other_id=ends.id), ASKED
    )


def test_the_one_that_stays_has_what_belonged_to_both() -> None:
    gone, whole = merge(incident(), other())
    assert whole.incident == incident(
        cluster_ids=(CLUSTER_ID, OTHER_CLUSTER_ID),
        signals=5,
        lasting=3,
        opened_at=at(-30),
        last_signal_at=at(40),
    )
    assert whole.other_id == OTHER_INCIDENT_ID
    over = {**OVER, "merged_into": INCIDENT_ID, "signals": 0, "lasting": 0}
    assert gone.incident == other(**over)
    assert gone.other_id == INCIDENT_ID
    assert gone.reason == whole.reason == "ada says that the two are one"


def test_severity_is_the_worse_one_and_places_those_of_the_larger_one() -> None:
    _, whole = merge(other(where=("pod/shop/cart-5d8f",)), incident())
    assert whole.incident.severity == "CRITICAL"
    assert whole.incident.where == ("pod/shop/cart-5d8f",)


@pytest.mark.parametrize(
    ("stays", "ends", "state", "by"),
    [
        ({}, {}, "OPEN", None),
        (TAKEN, {}, "ACKNOWLEDGED", "ada"),
        ({}, TAKEN | {"acknowledged_by": "bea"}, "ACKNOWLEDGED", "bea"),
        (TAKEN, TAKEN | {"acknowledged_by": "bea"}, "ACKNOWLEDGED", "ada"),
        (OVER, {}, "OPEN", None),
        ({}, OVER, "OPEN", None),
        (OVER, TAKEN, "ACKNOWLEDGED", "ada"),
        (OVER, OVER | {"resolved_by": "bea"}, "RESOLVED", None),
    ],
)
def test_two_are_over_if_both_were_and_worked_on_if_either_was(
    stays: Mapping[str, Any], ends: Mapping[str, Any], state: str, by: str | None
) -> None:
    _, whole = merge(incident(**stays), other(**ends))
    assert (whole.incident.state, whole.incident.acknowledged_by) == (state, by)
    over = whole.incident.resolved_at is not None
    assert over == (state == "RESOLVED")


def test_who_has_resolved_what_ends_is_still_told() -> None:
    gone, _ = merge(incident(), other(**OVER | {"resolved_by": "bea"}))
    assert gone.incident.resolved_by == "bea"


def test_no_incident_is_about_more_clusters_than_a_head_holds() -> None:
    ids = tuple(new_id() for _ in range(1001))
    with pytest.raises(Refused, match="1,000 clusters at most"):
        merge(incident(cluster_ids=ids[:600]), other(cluster_ids=ids[600:]))


NODE = Member(signal(), lasting=True, since=at(1))
CART = Member(joined().signal, lasting=False, since=at(21))
SHOP = Member(
    joined(
        id=new_id(),
        cluster_id=OTHER_CLUSTER_ID,
        name="KubeDeploymentReplicasMismatch",
        where=("workload/shop/cart", "namespace/shop"),
        started_at=at(25),
    ).signal,
    lasting=True,
    since=at(30),
)
MEMBERS: Mapping[UUID, Member] = {each.signal.id: each for each in (NODE, CART, SHOP)}
WHOLE = incident(
    signals=3, lasting=2, cluster_ids=(CLUSTER_ID, OTHER_CLUSTER_ID), last_signal_at=at(30)
)


def split(*moved: Member | UUID, whole: Incident = WHOLE) -> tuple[IncidentSplit, IncidentSplit]:
    ids = [each.signal.id if isinstance(each, Member) else each for each in moved]
    return domain.split(whole, MEMBERS, NEW_ID, of(SplitIncident, signal_ids=ids), ASKED)


def test_what_is_split_is_two_incidents_with_sums_of_their_own() -> None:
    left, came = split(CART, SHOP)
    assert left.incident == incident(last_signal_at=at(1))
    assert (left.other_id, left.from_other) == (NEW_ID, False)
    assert came.incident == incident(
        id=NEW_ID,
        title="KubePodNotReady on shop/cart-5d8f and 1 more",
        severity="WARNING",
        cluster_ids=(CLUSTER_ID, OTHER_CLUSTER_ID),
        where=("workload/shop/cart", "namespace/shop"),
        signals=2,
        lasting=1,
        opened_at=at(20),
        last_signal_at=at(30),
    )
    assert (came.other_id, came.from_other) == (INCIDENT_ID, True)
    assert left.moved == came.moved == (CART.signal.id, SHOP.signal.id)


def test_what_stays_is_as_bad_and_where_its_own_signals_are() -> None:
    left, came = split(NODE, CART)
    assert (left.incident.severity, left.incident.cluster_ids) == ("WARNING", (OTHER_CLUSTER_ID,))
    assert (came.incident.severity, came.incident.cluster_ids) == ("CRITICAL", (CLUSTER_ID,))
    assert came.incident.title == "KubeNodeNotReady on worker-3 and 1 more"


def test_somebody_works_on_both_parts_of_what_is_worked_on() -> None:
    _, came = split(CART, whole=Incident.model_validate(WHOLE.model_dump() | TAKEN))
    assert (came.incident.state, came.incident.acknowledged_by) == ("ACKNOWLEDGED", "ada")


def test_a_signal_that_is_named_twice_moves_once() -> None:
    _, came = split(CART, CART)
    assert came.moved == (CART.signal.id,)


def test_signals_of_others_cannot_be_split_off() -> None:
    foreign = [new_id() for _ in range(7)]
    with pytest.raises(Refused, match=f"{foreign[0]}.* and others") as refused:
        split(CART, *foreign)
    assert refused.value.code.name == "VALIDATION_FAILED"
    assert [each["field"] for each in refused.value.details["fields"]] == ["signal_ids"]
    assert str(foreign[6]) not in refused.value.message


def test_something_stays_of_what_is_split() -> None:
    with pytest.raises(Refused, match="nothing would be left"):
        split(NODE, CART, SHOP)


def test_the_longest_names_make_a_title_that_an_incident_may_have() -> None:
    long = signal(id=new_id(), name="x" * 500, where=("pod/" + "y" * 490,))
    members = {**MEMBERS, long.id: Member(long, lasting=True, since=at())}
    command = of(SplitIncident, signal_ids=[long.id, CART.signal.id])
    _, came = domain.split(WHOLE, members, NEW_ID, command, ASKED)
    assert IncidentSplit.model_validate_json(came.model_dump_json()) == came
