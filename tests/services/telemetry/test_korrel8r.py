"""What a Korrel8r relates to alerts: asked of one that speaks as it does, and of others that are
ill."""

from uuid import UUID

import pytest

from contracts.clusters import Check, Checked
from contracts.refusals import Code
from contracts.telemetry import Budget, CheckBackends, FindRelated
from services.runtime.vault.logins import Login, origin_of
from services.telemetry.handlers_checks import check_backends
from services.telemetry.handlers_related import find_related
from tests.kit.korrel8r import OLD_PATH, PATH, FakeKorrel8r, graph, korrel8r
from tests.kit.samples import at
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import FAULTY, Asks, Routes, answering, behind, ill

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {FindRelated: find_related, CheckBackends: check_backends}
SMALL = Budget(bytes=20_000, series=3)
LABELS = {"pod": "cart-0", "alertname": "PodCrash", "namespace": "shop"}
QUESTION = FindRelated(labels=LABELS)


async def _known(collector: Collector, fake: FakeKorrel8r, prefix: str = "") -> UUID:
    url = fake.url + prefix
    return await collector.cluster("https://nowhere.test", korrel8r_url=url)


async def test_it_is_asked_about_one_alert_with_its_login(collector: Collector) -> None:
    async with korrel8r() as fake, answering(collector, ROUTES) as asker:
        cluster = await _known(collector, fake)
        login = Login(origin=origin_of(fake.url), token="its-token")
        await collector.login(cluster, Checked.KORREL8R, login)
        timed = QUESTION.model_copy(update={"start": at(), "end": at(60), "limit": 7})
        found, told = await Asks(asker, cluster).whole(timed)
    assert found == graph(dict(sorted(LABELS.items())))
    assert told["count"] == len(found["nodes"])
    assert fake.origin.heads[-1].split(" ", 2)[:2] == ["POST", PATH]
    assert fake.origin.header("authorization") == "Bearer its-token"
    assert fake.origin.header("content-type") == "application/json"
    selector = '{"alertname":"PodCrash","namespace":"shop","pod":"cart-0"}'
    assert fake.asked == [
        {
            "depth": 3,
            "start": {
                "class": "alert:alert",
                "queries": [f"alert:alert:{selector}"],
                "constraint": {
                    "start": at().isoformat(),
                    "end": at(60).isoformat(),
                    "limit": 7,
                },
            },
        }
    ]


async def test_an_older_one_is_asked_by_its_own_spelling(collector: Collector) -> None:
    async with korrel8r(is_old=True) as fake, answering(collector, ROUTES) as asker:
        found, _ = await Asks(asker, await _known(collector, fake)).whole(QUESTION)
        paths = [each.split(" ", 2)[1] for each in fake.origin.heads]
    assert found["nodes"]
    assert paths == [PATH, OLD_PATH]


async def test_it_may_be_below_a_path(collector: Collector) -> None:
    async with behind(collector, ROUTES, Checked.KORREL8R, says(answer(b"{}"))) as (asks, origin):
        found, told = await asks.whole(QUESTION)
    assert (found, told["count"]) == ({}, 0)
    assert origin.heads[-1].split(" ", 2)[1] == f"/prefix{PATH}"


@pytest.mark.parametrize("how", [each for each in FAULTY if each != "wrong shape"])
async def test_one_that_is_ill_is_told(collector: Collector, how: str) -> None:
    async with behind(collector, ROUTES, Checked.KORREL8R, ill(how)) as (asks, _):
        refused = await asks.refused(FindRelated(labels=LABELS, budget=SMALL))
    assert refused.code is FAULTY[how][1]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"nodes":{"x":1}}', Code.UPSTREAM_FAILED),
        (b'{"nodes":[{"class":7}]}', Code.UPSTREAM_FAILED),
        (b'{"nodes":[{}]}', Code.UPSTREAM_FAILED),
        (b'{"nodes":[' + b",".join([b'{"class":"a:b"}'] * 4) + b"]}", Code.LIMIT_REACHED),
    ],
)
async def test_what_is_no_graph_or_too_large_a_one_is_refused(
    collector: Collector, body: bytes, code: Code
) -> None:
    async with behind(collector, ROUTES, Checked.KORREL8R, says(answer(body))) as (asks, _):
        refused = await asks.refused(FindRelated(labels=LABELS, budget=SMALL))
    assert refused.code is code


async def test_its_own_words_on_a_bad_question_are_told(collector: Collector) -> None:
    rude = answer(b'{"error":"domain not found: alert"}', "400 Bad Request")
    async with behind(collector, ROUTES, Checked.KORREL8R, says(rude)) as (asks, _):
        refused = await asks.refused(QUESTION)
    assert refused.code is Code.VALIDATION_FAILED
    assert refused.message == "Korrel8r: domain not found: alert"


async def test_a_cluster_without_one_says_so(collector: Collector) -> None:
    async with answering(collector, ROUTES) as asker:
        cluster = await collector.cluster("https://nowhere.test")
        refused = await Asks(asker, cluster).refused(QUESTION)
    assert refused.code is Code.CLUSTER_UNREACHABLE
    assert refused.message == "this cluster has no Korrel8r; register its URL"


async def test_its_health_is_not_polled(collector: Collector) -> None:
    async with korrel8r() as fake, answering(collector, ROUTES) as asker:
        cluster = await collector.cluster(fake.url, korrel8r_url=fake.url)
        checks, _ = await Asks(asker, cluster).whole(CheckBackends())
    assert [Check.model_validate(each).name for each in checks] == [Checked.PROMETHEUS]
    assert "POST" not in "".join(fake.origin.heads)
