from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all, settings, strategies as st

from contracts.clusters import (
    Cluster,
    ClusterDeleted,
    ClusterEvent,
    ClusterNameFreed,
    ClusterNameTaken,
    ClusterRegistered,
    ClusterUpdated,
    DeleteCluster,
    Environment,
    RegisterCluster,
    Registration,
    UpdateCluster,
)
from contracts.refusals import Code, Refused
from services.clusters import domain
from tests.kit.given import Result, scenario

ID = UUID("11111111-1111-5111-8111-111111111111")
OTHER = UUID("22222222-2222-5222-8222-222222222222")
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
STRICT = domain.Rules()
LAX = domain.Rules(allow_insecure_endpoints=True)
WRITTEN: dict[str, Any] = {
    "name": "edge-berlin-1",
    "api_server_url": "https://api.edge-berlin-1.example.com:6443",
    "labels": {"tier": "gold", "site": "b1"},
    "endpoints": {"prometheus_url": "https://prom.example.com", "loki_url": "https://loki.test"},
}


def register(**fields: Any) -> RegisterCluster:
    return RegisterCluster.model_validate(WRITTEN | fields)


def replace(**fields: Any) -> UpdateCluster:
    return UpdateCluster(cluster_id=ID, registration=Registration.model_validate(WRITTEN | fields))


def patch(expected_version: int | None = None, **fields: Any) -> UpdateCluster:
    return UpdateCluster(cluster_id=ID, patch=fields, expected_version=expected_version)


def delete(expected_version: int | None = None) -> DeleteCluster:
    return DeleteCluster(cluster_id=ID, expected_version=expected_version)


def cluster(updated_at: datetime = THEN, **fields: Any) -> Cluster:
    decided = {"id": ID, "created_at": THEN, "updated_at": updated_at}
    return Cluster.model_validate(WRITTEN | decided | fields)


def registered(**fields: Any) -> ClusterRegistered:
    return ClusterRegistered(cluster=cluster(**fields))


def updated(*changed: str, **fields: Any) -> ClusterUpdated:
    return ClusterUpdated(cluster=cluster(NOW, **fields), changed_fields=changed)


def deleted() -> ClusterDeleted:
    return ClusterDeleted(cluster_id=ID, name=WRITTEN["name"])


def folded(events: Sequence[ClusterEvent]) -> domain.ClusterState | None:
    return reduce(domain.evolve, events, None)


def decide(
    events: Sequence[ClusterEvent], command: RegisterCluster | UpdateCluster | DeleteCluster
) -> list[ClusterEvent]:
    state, version = folded(events), len(events)
    match command:
        case RegisterCluster():
            return _registered(state, command, version=version)
        case UpdateCluster():
            return domain.update(state, command, at=NOW, rules=STRICT, version=version)
        case DeleteCluster():
            return domain.delete(state, command, at=NOW, version=version)


def _registered(
    state: domain.ClusterState | None,
    command: RegisterCluster,
    *,
    rules: domain.Rules = STRICT,
    version: int = 0,
) -> list[ClusterEvent]:
    return domain.register(state, command, cluster_id=ID, at=THEN, rules=rules, version=version)


given = scenario(decide)


def test_a_cluster_is_registered() -> None:
    given().when(register()).then(registered())


def test_registering_again_under_the_same_id_finds_its_own_work() -> None:
    given(registered()).when(register()).then()
    given(registered(), deleted()).when(register()).then()


@pytest.mark.parametrize("name", ["abc", "a-1", "0-0", "a" * 63])
def test_a_good_name_is_taken(name: str) -> None:
    given().when(register(name=name)).then(registered(name=name))


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 64, "-ab", "ab-", "Abc", "a_b", "a.b", "abc\n", "äbc", "a b"]
)
def test_a_bad_name_is_refused(name: str) -> None:
    given().when(register(name=name)).refused(Code.INVALID_CLUSTER_NAME, "name")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com:6443/prefix?org=1",
        "HTTPS://api.example.com",
        "https://[2001:db8::1]:6443",
        "http://localhost:6443",
        "http://127.0.0.1",
        "http://127.9.9.9:1",
        "http://[::1]:6443/",
    ],
)
def test_a_good_url_is_taken(url: str) -> None:
    given().when(register(api_server_url=url)).then(registered(api_server_url=url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "http://api.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "https://",
        "https:///path",
        "https://:6443",
        "https://host:99999",
        "https://host:port",
        "https://[::1",
        "https://host/#",
        "https://host/#part",
        "https://user@host",
        "https://user:secret@host",
        "https://@host",
        "https://ho st",
        "https://host\n",
        "https://host\\@other",
        "https://host/\0",
    ],
)
def test_a_bad_url_is_refused_wherever_it_stands(url: str) -> None:
    given().when(register(api_server_url=url)).refused(Code.VALIDATION_FAILED, "api_server_url")
    given().when(register(endpoints={"tempo_url": url})).refused(
        Code.VALIDATION_FAILED, "endpoints.tempo_url"
    )


def test_plain_http_is_taken_where_the_settings_allow_it() -> None:
    command = register(api_server_url="http://api.example.com")
    events = _registered(None, command, rules=LAX)
    assert events == [registered(api_server_url="http://api.example.com")]
    with pytest.raises(Refused, match="credentials"):
        _registered(None, register(api_server_url="http://u:p@h"), rules=LAX)


@pytest.mark.parametrize(
    "result",
    [
        given().when(register(api_server_url="https://u:hunter2@h")),
        given().when(register(endpoints={"loki_url": "http://u:hunter2@h"})),
        given(registered()).when(patch(password="hunter2")),
        given(registered()).when(patch(name=["hunter2"], cluster_type="hunter2")),
    ],
)
def test_a_refusal_never_repeats_a_credential(result: Result[ClusterEvent]) -> None:
    assert isinstance(result.outcome, Refused)
    assert "hunter2" not in f"{result.outcome} {result.outcome.details}"


def test_all_wrong_fields_are_named_at_once() -> None:
    endpoints = {"prometheus_url": "http://p.test", "alertmanager_url": "x"}
    given().when(register(display_name="a\0b", region="\0", endpoints=endpoints)).refused(
        Code.VALIDATION_FAILED,
        "display_name",
        "region",
        "endpoints.prometheus_url",
        "endpoints.alertmanager_url",
    )


def test_a_replacement_names_what_changed() -> None:
    fields: dict[str, Any] = {"region": "eu", "environment": "LAB", "labels": {}}
    given(registered()).when(replace(**fields)).then(
        updated("environment", "labels", "region", **fields)
    )


def test_the_same_content_is_no_event() -> None:
    given(registered()).when(replace()).then()
    given(registered()).when(patch()).then()
    given(registered()).when(patch(labels={"gone": None}, region=None)).then()
    given(registered(), updated("region", region="eu")).when(patch(region="eu")).then()


def test_a_patch_merges() -> None:
    given(registered()).when(patch(labels={"site": None, "rack": "7"})).then(
        updated("labels", labels={"tier": "gold", "rack": "7"})
    )


def test_null_in_a_patch_resets_to_the_default() -> None:
    given(registered(environment=Environment.LAB)).when(
        patch(environment=None, endpoints={"loki_url": None})
    ).then(
        updated(
            "endpoints",
            "environment",
            endpoints={"prometheus_url": "https://prom.example.com"},
        )
    )


def test_a_patch_cannot_remove_what_is_required() -> None:
    given(registered()).when(patch(name=None, api_server_url=None)).refused(
        Code.VALIDATION_FAILED, "name", "api_server_url"
    )


def test_a_patch_names_unknown_and_wrong_fields() -> None:
    given(registered()).when(
        patch(id=str(OTHER), cluster_type="MOON", labels={"a b": "c"})
    ).refused(Code.VALIDATION_FAILED, "cluster_type", "labels.a b", "id")
    given(registered()).when(patch(endpoints={"jaeger_url": "x"})).refused(
        Code.VALIDATION_FAILED, "endpoints.jaeger_url"
    )


def test_an_update_is_checked_like_a_registration() -> None:
    given(registered()).when(patch(name="No")).refused(Code.INVALID_CLUSTER_NAME, "name")
    given(registered()).when(patch(api_server_url="http://a.test")).refused(
        Code.VALIDATION_FAILED, "api_server_url"
    )


def test_an_update_is_a_registration_or_a_patch() -> None:
    both = replace().model_copy(update={"patch": {}})
    given(registered()).when(both).refused(Code.VALIDATION_FAILED, "registration")
    given(registered()).when(UpdateCluster(cluster_id=ID)).refused(Code.VALIDATION_FAILED)


def test_the_creation_time_stays() -> None:
    state = folded([registered(), updated("region", region="eu")])
    assert state is not None
    assert state.cluster is not None
    assert (state.cluster.created_at, state.cluster.updated_at) == (THEN, NOW)


def test_a_stale_version_is_refused() -> None:
    given(registered(), updated()).when(patch(1, region="eu")).refused(Code.PRECONDITION_FAILED)
    given(registered(), updated()).when(delete(1)).refused(Code.PRECONDITION_FAILED)
    given(registered()).when(patch(1, region="eu")).then(updated("region", region="eu"))


def test_a_cluster_is_deleted_once() -> None:
    given(registered()).when(delete(1)).then(deleted())
    given(registered(), deleted()).when(delete()).refused(Code.CLUSTER_NOT_FOUND)


def test_what_is_not_there_cannot_be_changed() -> None:
    given().when(patch(region="eu")).refused(Code.CLUSTER_NOT_FOUND)
    given().when(delete()).refused(Code.CLUSTER_NOT_FOUND)
    given(registered(), deleted()).when(patch(9, region="eu")).refused(Code.CLUSTER_NOT_FOUND)


def test_a_registration_that_was_given_up_is_not_made_up_for() -> None:
    given(deleted()).when(register()).refused(Code.VERSION_CONFLICT)
    given(deleted()).when(patch(region="eu")).refused(Code.CLUSTER_NOT_FOUND)
    given(deleted()).when(delete()).refused(Code.CLUSTER_NOT_FOUND)


def test_a_name_is_reserved_moved_and_freed_with_its_cluster() -> None:
    taken, freed = (
        ClusterNameTaken(name="abc", cluster_id=ID),
        ClusterNameFreed(name="abc", cluster_id=ID),
    )
    assert domain.name_events(None, "abc", ID) == [taken]
    assert domain.name_events("abc", None, ID) == [freed]
    assert domain.name_events("abc", "abc", ID) == []
    assert domain.name_events("old", "abc", ID) == [
        ClusterNameFreed(name="old", cluster_id=ID),
        taken,
    ]


def test_only_a_live_cluster_holds_a_name() -> None:
    names = [domain.live_name(folded(history)) for history in ([], [registered()])]
    assert names == [None, WRITTEN["name"]]
    assert domain.live_name(folded([registered(), deleted()])) is None


@pytest.mark.parametrize(
    ("holder", "minutes"), [([registered()], 0), ([registered()], 60), ([], 0), ([], 0.9), ([], -5)]
)
def test_a_name_is_not_taken_from_a_cluster_that_lives_or_is_being_registered(
    holder: list[ClusterEvent], minutes: float
) -> None:
    taken = ClusterNameTaken(name="abc", cluster_id=ID)
    with pytest.raises(Refused) as refusal:
        domain.give_up(taken, folded(holder), timedelta(minutes=minutes))
    assert refusal.value.code is Code.CLUSTER_ALREADY_EXISTS
    assert str(ID) not in f"{refusal.value}{refusal.value.details}"


def test_a_registration_that_did_not_follow_its_name_is_ended_once() -> None:
    taken = ClusterNameTaken(name=WRITTEN["name"], cluster_id=ID)
    assert domain.give_up(taken, None, timedelta(minutes=1)) == [deleted()]
    assert domain.give_up(taken, folded([deleted()]), timedelta(minutes=1)) == []


@settings(deadline=None)
@for_all(st.text(max_size=40), st.sampled_from(["", "https://", "http://", "https://u:p@"]))
def test_no_url_breaks_the_check_or_carries_credentials(text: str, scheme: str) -> None:
    try:
        _registered(None, register(api_server_url=scheme + text), rules=LAX)
    except Refused:
        return
    assert "@" not in (scheme + text).split("//")[1].split("/")[0].split("?")[0]
