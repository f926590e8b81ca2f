"""What an import would register, before anything is: names, labels, and who is left out."""

import itertools
import json
from collections.abc import Collection
from typing import Any

import pytest
import yaml
from hypothesis import given as for_all, strategies as st

from contracts.clusters import (
    AuthType,
    Cluster,
    ImportedCluster,
    ImportOptions,
    ImportOutcome,
    Platform,
    RegisterCluster,
)
from contracts.refusals import Code, Refused
from services.clusters import candidates
from services.clusters.candidates import Candidate
from services.clusters.domain import Rules
from services.clusters.kube_api import ManagedCluster
from services.runtime.vault.logins import Login
from tests.kit.builders import CLUSTER_ID, START

SERVER = "https://api.edge-berlin-1.example.com:6443"
HUB = "https://fleet.example.com/c/hub"


def kubeconfig(**servers: str) -> str:
    """One context for each, with a token that must not be told."""
    document: dict[str, Any] = {
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in servers.items()],
        "users": [{"name": name, "user": {"token": "planted-1"}} for name in servers],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name}} for name in servers
        ],
    }
    return yaml.safe_dump(document)


def managed(name: str, url: str | None = SERVER, **labels: str) -> ManagedCluster:
    return ManagedCluster(name, url, None, labels)


def candidate(suggestion: str = "edge", **changes: Any) -> Candidate:
    usual: dict[str, Any] = {"source": "edge", "api_server_url": SERVER, "suggestion": suggestion}
    return Candidate(**usual | changes)


def refusal(text: str, only: Collection[str] | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        candidates.of_kubeconfig(text, only)
    assert "planted" not in f"{caught.value}{json.dumps(caught.value.details)}"
    return caught.value


def told(items: list[ImportedCluster]) -> dict[str, str]:
    """What is said of those that cannot be tried, by their source."""
    for item in items:
        assert (item.outcome, item.code) == (ImportOutcome.REFUSED, "CREDENTIALS_INVALID")
        assert "planted" not in item.model_dump_json()
    return {item.source: item.message or "" for item in items}


def test_every_context_is_a_candidate_with_its_credentials() -> None:
    text = kubeconfig(one=SERVER, Two_B="https://10.0.0.2:6443/")
    found, broken = candidates.of_kubeconfig(text, None)
    assert broken == []
    assert [(each.source, each.suggestion) for each in found] == [
        ("one", "one"),
        ("Two_B", "two-b"),
    ]
    assert [each.api_server_url for each in found] == [SERVER, "https://10.0.0.2:6443/"]
    given = found[0].credentials
    assert given is not None
    assert (given.auth_type, given.oidc) == (AuthType.KUBECONFIG, None)
    assert given.logins.kubernetes == Login(SERVER, "planted-1")
    assert "planted" not in repr(found)


def test_only_the_named_contexts_are_candidates() -> None:
    text = kubeconfig(one=SERVER, two=SERVER, three="ftp://x")
    found, broken = candidates.of_kubeconfig(text, ("two",))
    assert ([each.source for each in found], broken) == (["two"], [])
    assert candidates.of_kubeconfig(text, ()) == ([], [])


def test_a_context_that_is_not_there_refuses_the_import() -> None:
    found = refusal(kubeconfig(one=SERVER), ("one", "x" * 200))
    assert found.code is Code.VALIDATION_FAILED
    assert found.message == f"there is no context of the name {'x' * 100}"


def test_a_broken_context_keeps_no_other_out_and_says_what_is_wrong() -> None:
    text = kubeconfig(good=SERVER, bad="ftp://planted-host", worse="")
    document = yaml.safe_load(text)
    document["users"][1]["user"] = {"exec": {"command": "planted"}}
    found, broken = candidates.of_kubeconfig(yaml.safe_dump(document), None)
    assert [each.source for each in found] == ["good"]
    said = told(broken)
    assert set(said) == {"bad", "worse"}
    assert "cluster.server" in said["bad"]
    assert "would run a program" in said["bad"]
    assert "is missing" in said["worse"]


def test_what_is_no_kubeconfig_is_refused_as_a_whole() -> None:
    assert refusal("planted-1").code is Code.CREDENTIALS_INVALID


def test_every_managed_cluster_but_the_hub_is_a_candidate() -> None:
    known = [
        managed("local-cluster", f"{HUB.replace('fleet', 'FLEET')}/"),
        managed("east", vendor="OpenShift", region="eu"),
        managed("west", "https://fleet.example.com/c/west", vendor="EKS"),
        managed("bare", "https://10.0.0.9:6443"),
        managed("shy", None),
    ]
    found, broken = candidates.of_managed(known, None, HUB)
    assert [each.source for each in found] == ["east", "west", "bare"]
    assert [each.platform for each in found] == [Platform.OPENSHIFT, Platform.KUBERNETES, None]
    assert found[0].labels == {"vendor": "OpenShift", "region": "eu"}
    assert [each.credentials for each in found] == [None] * 3
    assert told(broken) == {"shy": "its hub does not say where its API server is"}


def test_the_hub_is_a_candidate_if_it_is_named() -> None:
    found, _ = candidates.of_managed([managed("hub", HUB), managed("east")], ("hub",), HUB)
    assert [each.source for each in found] == ["hub"]


def test_a_managed_cluster_that_is_not_there_refuses_the_import() -> None:
    with pytest.raises(Refused) as caught:
        candidates.of_managed([managed("east")], ("west",), HUB)
    assert caught.value.message == "there is no managed cluster of the name west"


def test_a_wanted_name_is_the_only_one() -> None:
    assert list(candidate().names("berlin")) == ["berlin"]


def test_further_names_are_numbered_and_there_are_enough_for_every_cluster_of_an_import() -> None:
    names = list(candidate().names(None))
    assert names[:3] == ["edge", "edge-2", "edge-3"]
    assert len(set(names)) == len(names) == 1001


@for_all(suggestion=st.from_regex(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", fullmatch=True))
def test_a_numbered_name_is_one_that_can_be_registered(suggestion: str) -> None:
    last = list(candidate(suggestion).names(None))[-1]
    for name in (*itertools.islice(candidate(suggestion).names(None), 3), last):
        registration = RegisterCluster(name=name, api_server_url=SERVER)
        found = candidates.checked(registration, CLUSTER_ID, START, Rules())
        assert (found.name, found.id, found.created_at) == (name, CLUSTER_ID, START)


LABELS = st.dictionaries(
    st.integers(0, 199).map("label-{}".format), st.just("theirs"), max_size=100
)


@for_all(
    theirs=LABELS,
    wanted=st.dictionaries(
        st.integers(0, 199).map("label-{}".format), st.just("ours"), max_size=64
    ),
)
def test_a_cluster_has_the_wanted_labels_and_as_many_of_its_own_as_fit(
    theirs: dict[str, str], wanted: dict[str, str]
) -> None:
    options = ImportOptions(labels=wanted)
    named = candidate(labels=theirs, name="edge")
    found = RegisterCluster.model_validate(named.registration(options)).labels
    assert len(found) <= 64
    assert {name: value for name, value in found.items() if value == "ours"} == wanted
    assert set(found) <= set(theirs) | set(wanted)
    if len(theirs) + len(wanted) <= 64:
        assert set(found) == set(theirs) | set(wanted)


def test_what_all_have_in_common_comes_from_the_options_unless_a_cluster_knows_better() -> None:
    options = ImportOptions.model_validate(
        {"cluster_type": "EDGE", "platform": "KUBERNETES", "region": "eu", "environment": "STAGING"}
    )
    plain = candidate(name="edge").registration(options)
    assert (plain["platform"], plain["cluster_type"]) == ("KUBERNETES", "EDGE")
    assert (plain["region"], plain["environment"]) == ("eu", "STAGING")
    knows = candidate(name="edge", platform=Platform.OPENSHIFT).registration(options)
    assert knows["platform"] == "OPENSHIFT"


@pytest.mark.parametrize(
    ("name", "url", "code"),
    [
        ("x", SERVER, Code.INVALID_CLUSTER_NAME),
        ("edge", "http://api.example.com", Code.VALIDATION_FAILED),
        ("edge", "https://user:planted@api.example.com", Code.VALIDATION_FAILED),
    ],
)
def test_a_candidate_that_cannot_be_registered_is_refused_as_a_registration_is(
    name: str, url: str, code: Code
) -> None:
    registration = RegisterCluster(name=name, api_server_url=url)
    with pytest.raises(Refused) as caught:
        candidates.checked(registration, CLUSTER_ID, START, Rules())
    assert caught.value.code is code
    assert "planted" not in str(caught.value)


def test_what_is_checked_is_what_would_be_registered() -> None:
    found: Cluster = candidates.checked(
        RegisterCluster(name="edge", api_server_url="http://api.example.com"),
        CLUSTER_ID,
        START,
        Rules(allow_insecure_endpoints=True),
    )
    assert found.api_server_url == "http://api.example.com"
