import re
from itertools import pairwise

import pytest
from hypothesis import given as for_all, strategies as st

from services.clusters.kubeconfig import Context
from services.clusters.naming import suggested_name, suggested_names

VALID = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
SERVER = "https://api.edge-berlin-1.example.com:6443"


def context(name: str, server: str = SERVER) -> Context:
    return Context(name=name, cluster="c", user="u", server=server)


@pytest.mark.parametrize(
    ("name", "server", "wanted"),
    [
        ("edge-berlin-1", SERVER, "edge-berlin-1"),
        ("Édge_Berlin.1", SERVER, "edge-berlin-1"),
        ("gke_proj_europe-west1_prod", SERVER, "gke-proj-europe-west1-prod"),
        ("default/api-edge-berlin-1-example-com:6443/kube:admin", SERVER, "edge-berlin-1"),
        ("admin", "https://api-int.hub.example.com:6443", "hub"),
        ("kubernetes-admin@kubernetes", "https://10.0.0.1:6443", "10-0-0-1"),
        ("admin", "https://[2001:db8::1]:6443", "2001-db8-1"),
        ("x" * 70, SERVER, "x" * 63),
        ("k8", SERVER, "edge-berlin-1"),
        ("集群", SERVER, "edge-berlin-1"),
        ("集群", "https://a", "cluster"),
        ("ab", "https://a", "cluster-ab"),
        ("admin", "https://a", "cluster-a"),
    ],
)
def test_a_name_comes_from_the_context_or_from_its_server(
    name: str, server: str, wanted: str
) -> None:
    assert suggested_name(context(name, server)) == wanted


def test_equal_names_are_numbered_around_those_that_are_taken() -> None:
    contexts = [context(name) for name in ("hub", "hub", "hub-2", "HUB", "x" * 63, "x" * 64)]
    assert suggested_names(contexts, taken={"hub-3"}) == (
        "hub",
        "hub-2",
        "hub-2-2",
        "hub-4",
        "x" * 63,
        "x" * 61 + "-2",
    )


@for_all(st.lists(st.text(max_size=80) | st.sampled_from(["a-2", "a", "admin", "x" * 63])))
def test_names_are_valid_and_unique_whatever_the_contexts_are_called(names: list[str]) -> None:
    contexts = [context(name) for name in names]
    suggested = suggested_names(contexts)
    assert all(VALID.fullmatch(name) for name in suggested)
    assert all(before != after for before, after in pairwise(sorted(suggested)))
    assert suggested == suggested_names(contexts)
