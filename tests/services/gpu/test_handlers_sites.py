"""What only its site reaches is sampled there, and decided on at the hub."""

from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from contracts.gpu import ReadGpus
from contracts.refusals import Code, Refused
from services.gpu import handlers
from services.gpu.sampling import Sampler
from services.runtime.answering import Answering
from services.runtime.log import EventLog
from services.runtime.replies import Asked
from services.runtime.service import QueryHandler
from services.runtime.settings import Settings
from tests.kit.gpu_builders import gpu_update
from tests.kit.runtime import UNTRACED, running
from tests.services.gpu.sampled_hub import Hub, sampling_hub, two

pytestmark = [pytest.mark.anyio, pytest.mark.nats]
SITE = "ship-7"


@pytest.fixture
async def hub(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Hub]:
    async with sampling_hub(log, bus_settings, monkeypatch) as made:
        await made.update(site=SITE, cluster_type="FAR_EDGE")
        yield made


def site(hub: Hub, answer: QueryHandler = handlers.read_gpus) -> Answering:
    """The collector of the site."""
    made = hub.collector
    return Answering(
        SITE, "site", {ReadGpus: answer}, made.log.bus, made.log, made.settings, UNTRACED,
        made.outside,
    )  # fmt: skip


async def test_the_site_samples_and_the_hub_stores_and_tells(hub: Hub) -> None:
    hub.fake.nodes = {f"node-{number}": two(temperature_celsius=90.0) for number in range(40)}
    # Answers of a site come in parts.
    hub.fake.nodes["node-0"] = two(temperature_celsius=90.0, error="x" * 400_000)
    async with running(site(hub).run):
        await hub.sample()
    samples = await hub.samples()
    assert len(samples) == 40
    assert {each.interval_seconds for each in samples} == {60}
    assert len(await hub.events()) == 1, "one GPU, whose UUID 40 nodes tell"


async def test_a_site_that_is_cut_off_costs_nothing(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        await hub.sample()
    said = capsys.readouterr().out
    assert (said.count("not_sampled"), said.count("CLUSTER_UNREACHABLE")) == (1, 1)
    assert await hub.samples() == []
    async with running(site(hub).run):
        await hub.sample()
    assert len(await hub.samples()) == 1


async def test_a_site_says_why_there_are_none(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.fake.fails = Refused(Code.UPSTREAM_FAILED, "Prometheus: bad gateway")
    async with running(site(hub).run):
        await hub.sample()
    said = capsys.readouterr().out
    assert "UPSTREAM_FAILED" in said
    assert "bad gateway" in said


def _answer(**changes: Any) -> bytes:
    return b"[" + gpu_update(**changes).model_dump_json().encode() + b"]"


async def test_a_site_whose_clock_is_ahead_tells_nothing_of_the_future(hub: Hub) -> None:
    now = hub.collector.clock.now()
    body = _answer(cluster_id=hub.cluster_id, sampled_at=now + timedelta(hours=1))

    async def answer(_: Any, asked: Asked) -> Mapping[str, Any]:
        await asked.send(body)
        return {}

    async with running(site(hub, answer).run):
        await hub.sample()
    (update,) = await hub.samples()
    assert now <= update.sampled_at <= hub.collector.clock.now()


@pytest.mark.parametrize("what", ["no JSON", "other JSON", "another cluster", "a NUL"])
async def test_what_a_site_tells_is_not_believed_blindly(
    hub: Hub, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = {
        "no JSON": b"\xff",
        "other JSON": b'[{"cluster_id": 7}]',
        "another cluster": _answer(),
        "a NUL": _answer(cluster_id=hub.cluster_id, node_name="\0"),
    }

    async def answer(_: Any, asked: Asked) -> Mapping[str, Any]:
        await asked.send(bodies[what])
        return {}

    monkeypatch.setattr(handlers, "_sampler", Sampler())
    async with running(site(hub, answer).run):
        await hub.sample()
    assert await hub.samples() == []
    assert await hub.events() == []


async def test_a_question_about_no_cluster_is_refused(hub: Hub) -> None:
    for cluster in ("nobody", "0190f3a0-0000-7000-8000-000000000000"):
        with pytest.raises(Refused) as refused:
            await handlers.read_gpus(ReadGpus(), hub.collector.asked(cluster))
        assert refused.value.code is Code.CLUSTER_NOT_FOUND
