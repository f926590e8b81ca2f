"""Whether an API server is ready, and what we may do there: over TLS, to a simulated cluster."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.local.ports import free_port
from deploy.simulator.authority import BadCertificate
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet as Simulated
from deploy.simulator.rights import reading
from deploy.simulator.simulator import Options, simulating
from services.clusters.kube_api import NEEDED, ApiFailureKind as Kind, Right
from services.runtime.clock import SystemClock
from tests.kit.authorities import authority
from tests.services.clusters.api_servers import Fleet, Said, Scripted, failure, reaching, says

pytestmark = pytest.mark.anyio

EXEC = Right("create", "pods", subresource="exec")


class Later(SystemClock):
    """A clock that can be moved on."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
async def fleet() -> AsyncGenerator[Fleet]:
    """A hub and three others, with listeners that nobody should trust."""
    async with simulating(Simulated.make(4, seed=7)) as running, reaching(running) as reached:
        yield reached


async def test_a_good_token_is_let_in(fleet: Fleet) -> None:
    await fleet.api(fleet.cluster("edge-1")).ready()


async def test_a_good_client_certificate_is_let_in(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    await fleet.by_certificate(cluster, cluster.client_certificate()).ready()


async def test_an_expired_token_is_told_as_such(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.fail(FaultKind.EXPIRED_TOKEN)
    failed = await failure(fleet.api(cluster).ready(), Kind.UNAUTHORIZED, cluster.account().token)
    assert (failed.status, failed.answered) == (401, True)
    assert "new credentials" in failed.advice


async def test_a_revoked_account_is_out(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    by_token = fleet.api(cluster)
    by_certificate = fleet.by_certificate(cluster, cluster.client_certificate())
    cluster.simulated.admission.banish(cluster.account().name)
    for api in (by_token, by_certificate):
        await failure(api.ready(), Kind.UNAUTHORIZED, cluster.account().token)


async def test_a_certificate_of_another_cluster_is_not_let_in(fleet: Fleet) -> None:
    identity = fleet.cluster("hub-1").client_certificate()
    api = fleet.by_certificate(fleet.cluster("edge-1"), identity)
    await failure(api.ready(), Kind.UNAUTHORIZED)


async def test_whoever_may_not_list_namespaces_is_told_which_right_is_missing(
    fleet: Fleet,
) -> None:
    cluster = fleet.cluster("edge-1")
    token = cluster.account("nobody").token
    failed = await failure(fleet.api(cluster, token).ready(), Kind.FORBIDDEN, token)
    assert "list namespaces" in failed.message
    assert failed.answered


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        (Fault(FaultKind.HTML), Kind.NOT_KUBERNETES, 200),
        (Fault(FaultKind.REDIRECT), Kind.NOT_KUBERNETES, 302),
        (Fault(FaultKind.GARBAGE), Kind.NOT_KUBERNETES, 200),
        (Fault(FaultKind.STATUS, status=500), Kind.FAILING, 500),
        (Fault(FaultKind.STATUS, status=503), Kind.FAILING, 503),
        (Fault(FaultKind.STATUS, status=429), Kind.FAILING, 429),
        (Fault(FaultKind.STATUS, status=422), Kind.FAILING, 422),
        (Fault(FaultKind.HUGE), Kind.OVERSIZED, None),
        (Fault(FaultKind.RESET), Kind.UNREACHABLE, None),
        (Fault(FaultKind.DRIP), Kind.UNREACHABLE, None),
        (Fault(FaultKind.HANG), Kind.UNREACHABLE, None),
    ],
)
async def test_an_api_server_that_fails_is_told_apart(
    fleet: Fleet, fault: Fault, kind: Kind, status: int | None
) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.fail(fault)
    seconds = 0.4 if fault.kind in {FaultKind.HANG, FaultKind.DRIP} else 10.0
    api = fleet.api(cluster, seconds=seconds)
    failed = await failure(api.ready(), kind, cluster.account().token)
    assert failed.status == status


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        (BadCertificate.EXPIRED, "renew"),
        (BadCertificate.OTHER_HOST, "server name"),
        (BadCertificate.SELF_SIGNED, "CA bundle"),
    ],
)
async def test_a_bad_certificate_is_not_trusted(
    fleet: Fleet, bad: BadCertificate, advice: str
) -> None:
    api = fleet.at(fleet.cluster("edge-1").bad_tls_url(bad), ca=fleet.ca)
    failed = await failure(api.ready(), Kind.UNTRUSTED)
    assert advice in failed.advice
    assert failed.fault is not None
    assert not failed.answered


async def test_a_server_of_another_ca_is_not_trusted(fleet: Fleet) -> None:
    url = fleet.cluster("edge-1").api_url
    for ca in (None, authority("another CA").pem):
        failed = await failure(fleet.at(url, ca=ca).ready(), Kind.UNTRUSTED)
        assert "CA bundle" in failed.advice


@pytest.mark.parametrize("url", ["https://127.0.0.1:{free}", "https://kubernetes.invalid:6443"])
async def test_where_nobody_listens_is_unreachable(fleet: Fleet, url: str) -> None:
    api = fleet.at(url.format(free=free_port()))
    await failure(api.ready(), Kind.UNREACHABLE)


async def test_a_metadata_service_is_never_asked(fleet: Fleet) -> None:
    await failure(fleet.at("http://169.254.169.254").ready(), Kind.REFUSED_ADDRESS)


async def test_http_where_https_is_spoken_is_no_api_server(fleet: Fleet) -> None:
    url = fleet.cluster("edge-1").api_url.replace("https:", "http:")
    failed = await failure(fleet.at(url).ready(), Kind.UNREACHABLE)
    assert not failed.answered


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "PodList", "items": []}, 200),
        ({"kind": "Status", "status": "Success"}, 200),
        ({"kind": 7}, 200),
        ([], 200),
        (b"", 200),
        (b"\xff\xfe", 200),
        (b"404 page not found\n", 404),
        (b"", 204),
        (b"<html>", 405),
        ({"code": 400}, 400),
    ],
)
async def test_what_lists_no_namespaces_is_no_api_server(body: Any, status: int) -> None:
    failed = await failure(says(body, status).api.ready(), Kind.NOT_KUBERNETES)
    assert failed.status == status
    assert "6443" in failed.advice


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_what_a_server_says_of_its_failure_is_not_repeated(status: int) -> None:
    told = {"kind": "Status", "code": status, "message": "sha256~never-tell-this-token"}
    kinds = {401: Kind.UNAUTHORIZED, 403: Kind.FORBIDDEN, 404: Kind.NOT_KUBERNETES}
    await failure(says(told, status).api.ready(), kinds.get(status, Kind.FAILING))


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (Right("list", "nodes"), "list nodes"),
        (EXEC, "create pods/exec"),
        (NEEDED[4], "list customresourcedefinitions.apiextensions.k8s.io"),
        (
            Right("create", "serviceaccounts", subresource="token", namespace="aiops-system"),
            "create serviceaccounts/token in aiops-system",
        ),
    ],
)
def test_a_right_is_told_in_words(right: Right, words: str) -> None:
    assert str(right) == words


async def test_no_needed_right_is_missing_to_a_reader(fleet: Fleet) -> None:
    assert [each.resource for each in NEEDED] == [
        "namespaces",
        "nodes",
        "pods",
        "services",
        "customresourcedefinitions",
    ]
    assert await fleet.api(fleet.cluster("edge-1")).missing(NEEDED) == ()
    assert await fleet.api(fleet.cluster("edge-1")).missing(()) == ()


async def test_missing_rights_are_named_in_the_order_in_which_they_were_asked_for(
    fleet: Fleet,
) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.admit("some", "t-some", reading(without={"nodes", "customresourcedefinitions"}))
    found = await fleet.api(cluster, "t-some").missing((EXEC, *NEEDED))
    assert [str(each) for each in found] == [
        "create pods/exec",
        "list nodes",
        "list customresourcedefinitions.apiextensions.k8s.io",
    ]
    nobody = fleet.api(cluster, cluster.account("nobody").token)
    assert await nobody.missing(NEEDED) == NEEDED
    operator = fleet.api(cluster, cluster.account("operator").token)
    assert await operator.missing((EXEC, *NEEDED)) == ()


async def test_rights_are_asked_about_one_after_the_other() -> None:
    now, most = 0, 0

    async def counting() -> None:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.01)
        now -= 1

    allowing = {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}}
    server = Scripted(lambda _: Said(allowing, 201), before=counting)
    assert await server.api.missing(NEEDED * 4) == ()
    assert (len(server.requests), most) == (20, 1)


async def test_who_is_not_let_in_cannot_ask_for_rights(fleet: Fleet) -> None:
    cluster, running = fleet.cluster("edge-1"), asyncio.all_tasks()
    await failure(fleet.api(cluster, "wrong-token").missing(NEEDED * 4), Kind.UNAUTHORIZED)
    assert asyncio.all_tasks() == running


async def test_a_review_that_says_nothing_is_none() -> None:
    for body in ({"kind": "SelfSubjectAccessReview"}, {"kind": "Pod", "status": {"allowed": True}}):
        await failure(says(body, 201).api.missing(NEEDED), Kind.NOT_KUBERNETES)


async def test_a_new_token_is_good_until_it_expires() -> None:
    clock = Later()
    options = Options(bad_tls=False, clock=clock)
    async with (
        simulating(Simulated.make(1, seed=7), options) as running,
        reaching(running) as reached,
    ):
        cluster = reached.cluster("hub-1")
        operator = reached.api(cluster, cluster.account("operator").token)
        made = await operator.new_token("aiops-system", "reader", 600)
        left = made.expires_at - clock.now()
        assert timedelta(seconds=590) < left <= timedelta(seconds=600)
        assert made.token not in repr(made)
        api = reached.api(cluster, made.token)
        await api.ready()
        clock.ahead = timedelta(seconds=601)
        await failure(api.ready(), Kind.UNAUTHORIZED, made.token)


async def test_no_token_is_made_for_an_account_that_is_not_there(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    operator = fleet.api(cluster, cluster.account("operator").token)
    failed = await failure(operator.new_token("aiops-system", "ghost/..", 600), Kind.NOT_SERVED)
    assert "service account ghost" in failed.message


async def test_no_token_is_made_without_the_right_to(fleet: Fleet) -> None:
    api = fleet.api(fleet.cluster("edge-1"))
    failed = await failure(api.new_token("aiops-system", "reader", 600), Kind.FORBIDDEN)
    assert "create serviceaccounts/token in aiops-system" in failed.message


async def test_a_life_that_the_server_does_not_allow_is_a_failure(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    operator = fleet.api(cluster, cluster.account("operator").token)
    failed = await failure(operator.new_token("aiops-system", "reader", 5), Kind.FAILING)
    assert failed.status == 422


@pytest.mark.parametrize(
    "told",
    [
        {"token": "good", "expirationTimestamp": "2026-01-01T00:00:00"},
        {"token": "good"},
        {"token": "", "expirationTimestamp": "2026-01-01T00:00:00Z"},
        {"token": "a b", "expirationTimestamp": "2026-01-01T00:00:00Z"},
        {"token": "a\r\nX-Evil: 1", "expirationTimestamp": "2026-01-01T00:00:00Z"},
        {"token": "a\n", "expirationTimestamp": "2026-01-01T00:00:00Z"},
    ],
)
async def test_what_could_not_be_used_is_no_token(told: dict[str, str]) -> None:
    server = says({"kind": "TokenRequest", "status": told}, 201)
    await failure(server.api.new_token("a", "b", 600), Kind.NOT_KUBERNETES)


async def test_the_version_is_told_without_its_v(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    assert await fleet.api(cluster).version() == "1.29.1+simulated"


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("v1.27.3-gke.1700", "1.27.3-gke.1700"),
        ("v1.28.2+rke2r1", "1.28.2+rke2r1"),
        ("1.31", "1.31"),
        ("v1.30.0-rc.1+k3s1", "1.30.0-rc.1+k3s1"),
    ],
)
async def test_versions_of_distributions_are_plausible(told: str, version: str) -> None:
    assert await says({"gitVersion": told}).api.version() == version


@pytest.mark.parametrize(
    "body",
    [
        {"gitVersion": "v1.29.3\n"},
        {"gitVersion": "v1.29.3\x1b[31m"},
        {"gitVersion": "v1.29.3+" + "x" * 3000},
        {"gitVersion": "v1.٢٩.3"},
        {"gitVersion": "latest"},
        {"gitVersion": "<script>alert(1)</script>"},
        {"gitVersion": ""},
        {"gitVersion": 1.29},
        {"gitVersion": None},
        {"major": "1", "minor": "29"},
        [],
        42,
        b"",
        b"\xff",
        b"<!doctype html><title>Log in</title>",
    ],
)
async def test_a_version_that_lies_is_none(body: Any) -> None:
    assert await says(body).api.version() is None


@pytest.mark.parametrize("fault", [FaultKind.HTML, FaultKind.REDIRECT, FaultKind.HUGE])
async def test_a_server_that_tells_something_else_has_no_version(
    fleet: Fleet, fault: FaultKind
) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.fail(fault)
    assert await fleet.api(cluster).version() is None


async def test_a_server_that_is_away_tells_no_version_but_fails(fleet: Fleet) -> None:
    cluster = fleet.cluster("edge-1")
    cluster.fail(FaultKind.RESET)
    await failure(fleet.api(cluster).version(), Kind.UNREACHABLE)
