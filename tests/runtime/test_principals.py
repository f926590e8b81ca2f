"""Who may do what and where: the algebra of scopes, and that its answers agree with each other."""

from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from contracts.refusals import Code, Refused
from services.runtime.ids import new_id
from services.runtime.principals import EVERYWHERE, NOWHERE, Grant, Principal, Role, Scope

CLUSTERS = [UUID(int=number) for number in range(1, 6)]
some = st.frozensets(st.sampled_from(CLUSTERS))
scopes = st.one_of(st.just(EVERYWHERE), st.builds(Scope, some))
roles = st.frozensets(st.sampled_from(Role))
grants = st.lists(st.builds(Grant, st.sampled_from(Role), scopes), max_size=6).map(tuple)
principals = st.builds(Principal, st.just("ada"), grants)
questions = st.one_of(st.none(), st.sampled_from(CLUSTERS), st.uuids(version=4))
"""A cluster that is asked about, perhaps one that nobody knows, or none."""


def _shown(scope: Scope, wanted: frozenset[UUID]) -> set[UUID]:
    """What a list shows of all clusters with the filter that the scope makes of the one wanted."""
    narrowed = scope.narrow(wanted)
    return {each for each in CLUSTERS if not narrowed or each in narrowed}


@given(scopes, some)
def test_a_filter_shows_what_is_wanted_and_in_scope_and_nothing_else(
    scope: Scope, wanted: frozenset[UUID]
) -> None:
    asked = wanted or CLUSTERS
    assert _shown(scope, wanted) == {each for each in asked if scope.has(each)}


@given(some, some)
def test_a_filter_of_a_part_is_never_empty_which_would_let_everything_through(
    clusters: frozenset[UUID], wanted: frozenset[UUID]
) -> None:
    assert Scope(clusters).narrow(wanted)


@given(scopes, scopes, questions)
def test_a_union_has_what_is_in_one_of_the_two(
    one: Scope, other: Scope, cluster: UUID | None
) -> None:
    assert (one | other).has(cluster) == (one.has(cluster) or other.has(cluster))
    assert one | other == other | one
    assert (one | other).whole == (one.whole or other.whole)


@given(scopes, scopes, scopes)
def test_it_does_not_matter_in_which_order_scopes_are_joined(
    one: Scope, other: Scope, third: Scope
) -> None:
    assert (one | other) | third == one | (other | third)
    assert one | one == one == one | NOWHERE
    assert one | EVERYWHERE == EVERYWHERE


@given(scopes)
def test_a_scope_is_read_as_it_was_written(scope: Scope) -> None:
    assert Scope.read(scope.written()) == scope


def test_where_no_scope_is_written_nothing_may_be_done() -> None:
    assert Scope.read(None) == Scope.read("") == NOWHERE


def test_a_scope_of_more_clusters_than_a_header_holds_is_refused() -> None:
    ids = [new_id() for _ in range(2_501)]
    most = Scope(frozenset(ids[1:]))
    assert len(most.written()) < 60_000
    assert Scope.read(most.written()) == most
    with pytest.raises(Refused) as refused:
        Scope(frozenset(ids)).written()
    assert refused.value.code is Code.LIMIT_REACHED


@given(st.builds(Scope, some))
def test_what_is_of_no_cluster_is_in_the_whole_only(part: Scope) -> None:
    assert EVERYWHERE.has(None)
    assert not part.has(None)


@given(principals, roles, questions)
def test_somebody_may_where_one_of_their_grants_says_so(
    principal: Principal, asked: frozenset[Role], cluster: UUID | None
) -> None:
    granted = [each for each in principal.grants if each.role in asked]
    assert principal.scope(asked).has(cluster) == any(each.scope.has(cluster) for each in granted)
    assert principal.may(asked) == bool(granted)


@given(principals, roles)
def test_who_may_not_may_nowhere_and_who_may_somewhere_may(
    principal: Principal, asked: frozenset[Role]
) -> None:
    if not principal.may(asked):
        assert principal.scope(asked) == NOWHERE
    if principal.scope(asked) != NOWHERE:
        assert principal.may(asked)


@given(principals, roles, roles)
def test_more_roles_are_never_less(
    principal: Principal, asked: frozenset[Role], more: frozenset[Role]
) -> None:
    together = principal.scope(asked | more)
    assert together == principal.scope(asked) | principal.scope(more)
    assert principal.may(asked | more) == (principal.may(asked) or principal.may(more))


@given(principals, st.builds(Grant, st.sampled_from(Role), scopes), questions)
def test_one_more_grant_takes_nothing_away(
    principal: Principal, grant: Grant, cluster: UUID | None
) -> None:
    more = Principal(principal.name, (*principal.grants, grant))
    assert more.scope({grant.role}).has(cluster) >= principal.scope({grant.role}).has(cluster)
    assert more.reads == principal.reads | (NOWHERE if grant.role is Role.INGEST else grant.scope)


@given(principals)
def test_the_highest_role_is_one_that_they_have_and_none_is_higher(principal: Principal) -> None:
    order, role = list(Role), principal.role
    assert (role is None) == (not principal.grants)
    if role is not None:
        assert principal.may({role})
        assert not principal.may(frozenset(order[: order.index(role)]))


@given(st.sampled_from(Role), some)
def test_no_clusters_named_means_all_of_them(role: Role, clusters: frozenset[UUID]) -> None:
    principal = Principal.of("ada", role, clusters)
    assert principal.scope({role}).whole == (not clusters)
    assert principal.named == sorted(map(str, clusters))
