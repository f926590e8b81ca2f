"""What is known of a backend counts for a moment, and no longer than the log says."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from contracts.clusters import Checked, cluster_key
from contracts.envelope import Recorded
from contracts.refusals import Code
from contracts.subjects import EntityKey
from services.runtime.backends.endpoints import Endpoints
from services.runtime.backends.known import Endpoint
from services.runtime.ids import new_id
from services.runtime.log import Head
from services.runtime.vault.logins import Login, Logins
from tests.kit import builders
from tests.runtime.outbound.origins import answer, says
from tests.services.telemetry.collecting import Collector, prometheus, sample, vector

GOOD = answer(vector(sample()))


@pytest.fixture
def reads(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One number for each time that the log was read for a backend."""
    heads, seen = collector.log.heads, list[int]()

    async def watched(keys: Iterable[EntityKey]) -> dict[EntityKey, Recorded]:
        seen.append(1)
        return await heads(keys)

    monkeypatch.setattr(collector.log, "heads", watched)
    return seen


async def moved(collector: Collector, cluster_id: UUID, url: str) -> None:
    """The cluster's Prometheus is elsewhere from now on."""
    last = await collector.log.head(cluster_key(cluster_id))
    assert last is not None
    told = builders.updated(id=cluster_id, endpoints={"prometheus_url": url})
    stands = {cluster_key(cluster_id): Head(last.sequence, last.version or 1)}
    context = builders.context(command_id=new_id())
    await collector.log.append([told], stands, context, builders.at())


async def settled(collector: Collector, cluster_id: UUID) -> None:
    """Its last change lies so far back that what is read now is kept."""
    collector.clock.ahead += 5
    await collector.query(cluster_id)


async def test_questions_that_follow_each_other_read_the_log_once(
    collector: Collector, reads: list[int]
) -> None:
    async with prometheus(says(GOOD)) as asking:
        cluster_id = await collector.cluster(asking.origin.url())
        await settled(collector, cluster_id)
        reads.clear()
        for _ in range(5):
            await collector.query(cluster_id)
        assert (len(reads), len(asking.forms)) == (0, 6)
        collector.clock.ahead += 3
        await collector.query(cluster_id)
        assert len(reads) == 1


async def test_a_changed_address_counts_at_once(collector: Collector) -> None:
    async with prometheus(says(GOOD)) as old, prometheus(says(GOOD)) as new:
        cluster_id = await collector.cluster(old.origin.url())
        await settled(collector, cluster_id)
        await moved(collector, cluster_id, new.origin.url())
        await collector.query(cluster_id)
        assert (len(old.forms), len(new.forms)) == (1, 1)


async def test_new_credentials_count_at_once(collector: Collector) -> None:
    async with prometheus(says(GOOD)) as asking:
        url = asking.origin.url()
        cluster_id = await collector.cluster(url)
        await collector.login(cluster_id, Checked.PROMETHEUS, Login(url, token="first"))
        await settled(collector, cluster_id)
        await _rotated(collector, cluster_id, Login(url, token="second"))
        await collector.query(cluster_id)
    assert [asking.origin.header("authorization", of=of) for of in (0, 1)] == [
        "Bearer first",
        "Bearer second",
    ]


async def test_a_deleted_cluster_is_not_asked_any_more(collector: Collector) -> None:
    async with prometheus(says(GOOD)) as asking:
        cluster_id = await collector.cluster(asking.origin.url())
        await settled(collector, cluster_id)
        last = await collector.log.head(cluster_key(cluster_id))
        assert last is not None
        told = builders.deleted(cluster_id=cluster_id)
        stands = {told.key: Head(last.sequence, last.version or 1)}
        context = builders.context(command_id=new_id())
        await collector.log.append([told], stands, context, builders.at())
        assert (await collector.refusal(cluster_id)).code is Code.CLUSTER_NOT_FOUND


async def test_what_is_read_while_a_change_is_under_way_is_not_kept(collector: Collector) -> None:
    """The notice of an event comes before the log has it: a read between may find the old."""
    known = await Endpoints.of(collector.log.bus, collector.clock)
    old = _endpoint("http://old.test")
    known.hear(f"evt.{old.cluster_id}.cluster.{old.cluster_id}.updated.2", b"")
    known.keep(str(old.cluster_id), old, collector.clock.monotonic())
    assert known.get(str(old.cluster_id), Checked.PROMETHEUS) is None


async def test_a_read_that_began_before_a_change_is_not_kept(collector: Collector) -> None:
    known = await Endpoints.of(collector.log.bus, collector.clock)
    old = _endpoint("http://old.test")
    began = collector.clock.monotonic()
    known.hear(f"evt.{old.cluster_id}.cluster.{old.cluster_id}.updated.2", b"")
    collector.clock.ahead += 30
    known.keep(str(old.cluster_id), old, began)
    assert known.get(str(old.cluster_id), Checked.PROMETHEUS) is None


async def test_after_a_gap_on_the_bus_nothing_counts_any_more(
    collector: Collector, reads: list[int]
) -> None:
    async with prometheus(says(GOOD)) as asking:
        cluster_id = await collector.cluster(asking.origin.url())
        await settled(collector, cluster_id)
        reads.clear()
        for told in collector.log.bus.reconnects:
            told()
        await collector.query(cluster_id)
    assert len(reads) == 1


async def test_a_backend_that_is_read_again_unchanged_keeps_its_client(
    collector: Collector,
) -> None:
    known = await Endpoints.of(collector.log.bus, collector.clock)
    first, again = _endpoint("http://here.test"), _endpoint("http://here.test")
    now = collector.clock.monotonic()
    assert known.keep("c", first, now) is first
    assert known.keep("c", again, now) is first
    assert known.keep("c", _endpoint("http://there.test"), now) is not first


def _endpoint(url: str) -> Endpoint:
    return Endpoint(UUID(int=7), Checked.PROMETHEUS, url, "", None, None)


async def _rotated(collector: Collector, cluster_id: UUID, login: Login) -> None:
    await (await collector.outside.vault()).replace(
        cluster_id, Logins(None, {Checked.PROMETHEUS: login}).materials()
    )
    told = builders.credentials_updated(
        cluster_id=cluster_id, credentials=builders.credentials(fingerprint=new_id().hex)
    )
    last = await collector.log.head(told.key)
    assert last is not None
    context = builders.context(command_id=new_id())
    await collector.log.append([told], {told.key: Head(last.sequence)}, context, builders.at())
