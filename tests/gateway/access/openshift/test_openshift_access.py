import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from contracts.refusals import TryLater
from deploy.simulator.faults import FaultKind
from deploy.simulator.oauth import Granted
from gateway.auth.openshift.access import AccessReviews
from gateway.auth.openshift.provider import openshift_access
from gateway.directory import Directory
from services.runtime.principals import Grant, Role, Scope
from tests.gateway.access.openshift.openshifts import (
    ACCESS_REVIEW,
    ADA,
    BOB,
    HUB,
    OWN_TOKEN,
    OpenShift,
    pretending,
    reviewed,
    told,
)
from tests.kit.gateway import API, Platform
from tests.kit.runtime import running, until
from tests.runtime.outbound.origins import answer

pytestmark = pytest.mark.anyio
EDGE, SPOKE, GONE = UUID(int=1), UUID(int=2), UUID(int=3)
ADMIN, OPERATOR, VIEWER = Grant(Role.ADMIN), Grant(Role.OPERATOR), Grant(Role.VIEWER)


@dataclass
class Named:
    """Clusters by their names."""

    names: dict[UUID, str] = field(default_factory=lambda: {EDGE: "edge", SPOKE: "spoke"})
    gone: set[UUID] = field(default_factory=set[UUID])

    def matching(self, selector: Mapping[str, str]) -> frozenset[UUID]:
        assert not selector
        return frozenset(self.names)

    def name(self, cluster: str) -> str | None:
        return self.names.get(UUID(cluster))

    def has(self, cluster_id: UUID) -> bool:
        return cluster_id in self.names and cluster_id not in self.gone


def at(role: Role, *clusters: UUID) -> Grant:
    """A role for some clusters."""
    return Grant(role, Scope(frozenset(clusters)))


def rules(openshift: OpenShift, *granted: Granted) -> AccessReviews:
    """Who asks, where these are the rules."""
    openshift.oauth.granted[:] = granted
    return openshift.access(Named())


def reviews(openshift: OpenShift) -> int:
    """How often the server was asked what somebody may do."""
    return openshift.oauth.asked["SubjectAccessReview"]


@pytest.mark.parametrize(
    ("granted", "grants", "asked"),
    [
        ([], (), 3 + 6),
        ([Granted("viewers", ("*",))], (ADMIN,), 1),
        ([Granted("bob", ("*",))], (ADMIN,), 1),
        ([Granted("platform-admins", ("*",)), Granted("ada", ("*",))], (), 3 + 6),
        ([Granted("viewers", ("update",))], (OPERATOR,), 2 + 2),
        ([Granted("viewers", ("get", "list", "watch"))], (VIEWER,), 3 + 4),
        ([Granted("viewers", ("list", "watch", "patch"))], (), 3 + 6),
        ([Granted("bob", ("get",), ("edge",))], (at(Role.VIEWER, EDGE),), 3 + 6),
        ([Granted("bob", ("*",), ("edge", "spoke"))], (at(Role.ADMIN, EDGE, SPOKE),), 3 + 2),
        (
            [Granted("viewers", ("get",)), Granted("bob", ("get", "update"), ("spoke",))],
            (at(Role.OPERATOR, SPOKE), VIEWER),
            3 + 4,
        ),
        (
            [Granted("bob", ("*",), ("edge",)), Granted("bob", ("update",))],
            (at(Role.ADMIN, EDGE), OPERATOR),
            2 + 2,
        ),
        (
            [Granted("bob", ("*",), ("edge",)), Granted("viewers", ("get",), ("spoke", "other"))],
            (at(Role.ADMIN, EDGE), at(Role.VIEWER, SPOKE)),
            3 + 4,
        ),
    ],
)
async def test_rights_on_clusters_make_roles_there(
    openshift: OpenShift, granted: list[Granted], grants: tuple[Grant, ...], asked: int
) -> None:
    access = rules(openshift, *granted)
    assert await access.grants(BOB) == grants
    assert reviews(openshift) == asked


async def test_the_question_is_about_the_user_their_groups_and_the_cluster(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server:
        server.talks[ACCESS_REVIEW] = reviewed({"allowed": False}, "SubjectAccessReview")
        assert await server.access(Named({EDGE: "edge"})).grants(BOB) == ()
        specs = [body["spec"] for body in server.bodies]
        assert {body["kind"] for body in server.bodies} == {"SubjectAccessReview"}
        assert {body["apiVersion"] for body in server.bodies} == {"authorization.k8s.io/v1"}
    assert all(spec["user"] == "bob" and spec["groups"] == sorted(BOB.groups) for spec in specs)
    asked = [spec["resourceAttributes"] for spec in specs]
    assert {(each["group"], each["resource"]) for each in asked} == {
        ("aiops-nextgen.io", "clusters")
    }
    assert [(each["verb"], each.get("name")) for each in asked] == [
        ("*", None),
        ("update", None),
        ("get", None),
        ("*", "edge"),
        ("update", "edge"),
        ("get", "edge"),
    ]


async def test_a_right_that_is_denied_is_none(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server:
        status = {"allowed": True, "denied": True}
        server.talks[ACCESS_REVIEW] = reviewed(status, "SubjectAccessReview")
        assert await server.access(Named()).grants(BOB) == ()


async def test_what_has_changed_counts_after_a_minute(openshift: OpenShift) -> None:
    access = rules(openshift, Granted("viewers", ("get",)))
    assert await access.grants(BOB) == (VIEWER,)
    openshift.oauth.granted[:] = [Granted("bob", ("update",), ("edge",))]
    openshift.clock.on(59.9)
    assert await access.grants(BOB) == (VIEWER,)
    openshift.clock.on(0.2)
    assert await access.grants(BOB) == (at(Role.OPERATOR, EDGE),)
    openshift.oauth.granted.clear()
    openshift.clock.on(60)
    assert await access.grants(BOB) == ()


async def test_other_groups_are_another_question(openshift: OpenShift) -> None:
    access = rules(openshift, Granted("viewers", ("get",)), Granted("platform-admins", ("*",)))
    assert await access.grants(BOB) == (VIEWER,)
    assert await access.grants(ADA) == (ADMIN,)


async def test_somebody_is_asked_for_once_however_many_come(openshift: OpenShift) -> None:
    access = rules(openshift, Granted("viewers", ("get",)))
    found = await asyncio.gather(*(access.grants(BOB) for _ in range(100)))
    assert found == [(VIEWER,)] * 100
    assert reviews(openshift) == 3 + 4


async def test_a_deleted_cluster_is_its_names_and_its_name_is_asked_once(
    openshift: OpenShift,
) -> None:
    openshift.oauth.granted[:] = [Granted("bob", ("get",), ("edge",))]
    clusters = Named({EDGE: "edge", GONE: "edge"}, {GONE})
    assert await openshift.access(clusters).grants(BOB) == (at(Role.VIEWER, EDGE, GONE),)
    assert reviews(openshift) == 3 + 3


async def test_of_too_many_names_those_of_live_clusters_are_asked_and_the_log_says_it(
    openshift: OpenShift, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.openshift.access._MOST_NAMES", 1)
    openshift.oauth.granted[:] = [Granted("bob", ("get",), ("edge", "gone"))]
    clusters = Named({GONE: "gone", EDGE: "edge", UUID(int=0): "gone-too"}, {GONE, UUID(int=0)})
    with capture_logs() as lines:
        assert await openshift.access(clusters).grants(BOB) == (at(Role.VIEWER, EDGE),)
    assert [(line["event"], line["count"]) for line in lines] == [("access_reviews_left_out", 2)]


async def test_ten_questions_are_asked_at_once_by_all_together(tmp_path: Path) -> None:
    names = {UUID(int=number): f"c-{number}" for number in range(1, 41)}
    under_way, most, go = 0, 0, asyncio.Event()

    async def counts(_: StreamReader, writer: StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if server.times(ACCESS_REVIEW) > 6:
            await go.wait()
        under_way -= 1
        status = {"kind": "SubjectAccessReview", "status": {"allowed": False}}
        writer.write(answer(json.dumps(status).encode()))

    async with pretending(tmp_path) as server:
        server.talks[ACCESS_REVIEW] = counts
        access = server.access(Named(names))
        asking = asyncio.gather(access.grants(ADA), access.grants(BOB))
        await until(lambda: under_way == 10)
        assert server.times(ACCESS_REVIEW) == 16
        go.set()
        assert await asking == [(), ()]
        assert most == 10
        assert server.times(ACCESS_REVIEW) == 2 * (3 + 3 * 40)


async def test_an_account_that_may_not_ask_is_said_clearly(openshift: OpenShift) -> None:
    access = rules(openshift)
    openshift.cluster.admit(HUB, OWN_TOKEN, ())
    with capture_logs() as lines, pytest.raises(TryLater) as caught:
        await access.grants(BOB)
    told(caught.value)
    [line] = lines
    assert "does not allow: create subjectaccessreviews.authorization.k8s.io" in line["reason"]
    assert "system:auth-delegator" in line["advice"]


@pytest.mark.parametrize("after", [0, 3, 5])
async def test_half_an_answer_is_none(tmp_path: Path, after: int) -> None:
    async def breaks(reader: StreamReader, writer: StreamWriter) -> None:
        broken = server.times(ACCESS_REVIEW) > after
        kind = "Other" if broken else "SubjectAccessReview"
        await reviewed({"allowed": False}, kind)(reader, writer)

    async with pretending(tmp_path) as server:
        server.talks[ACCESS_REVIEW] = breaks
        access = server.access(Named())
        with pytest.raises(TryLater, match="no SubjectAccessReview"):
            await access.grants(BOB)
        server.talks[ACCESS_REVIEW] = reviewed({"allowed": True}, "SubjectAccessReview")
        server.clock.on(2)
        assert await access.grants(BOB) == (ADMIN,)


async def test_all_questions_together_have_an_end(openshift: OpenShift) -> None:
    access = rules(openshift)
    access.seconds = 0.3
    openshift.cluster.fail(FaultKind.HANG)
    with capture_logs() as lines, pytest.raises(TryLater, match=r"within 0\.3 s"):
        await access.grants(BOB)
    assert [line["event"] for line in lines] == ["openshift_failed"]


async def test_nothing_is_asked_unless_the_settings_want_it(openshift: OpenShift) -> None:
    assert openshift_access(openshift.settings(), openshift.provider(), Named()) is None


@pytest.mark.nats
@pytest.mark.postgres
async def test_the_clusters_are_those_of_the_directory(
    platform: Platform, openshift: OpenShift
) -> None:
    mine, gone, foreign = [await platform.register() for _ in range(3)]
    await platform.http.delete(f"{API}/clusters/{gone['id']}")
    names = (mine["name"], gone["name"])
    openshift.oauth.granted[:] = [Granted("bob", ("get",), names)]
    directory = Directory(platform.gate.runtime.bus, platform.gate.database)
    async with running(directory.run):
        await until(directory.loaded.is_set)
        await until(lambda: not directory.has(UUID(gone["id"])))
        assert directory.has(UUID(foreign["id"]))
        found = await openshift.access(directory).grants(BOB)
    assert found == (at(Role.VIEWER, UUID(mine["id"]), UUID(gone["id"])),)
