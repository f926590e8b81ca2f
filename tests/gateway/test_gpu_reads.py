"""GPUs over REST, from their samples on the bus: every parameter, and what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.envelope import Event, rfc3339
from contracts.gpu import GpuUpdate
from contracts.refusals import Refused
from contracts.subjects import token
from gateway import briefly
from gateway.rest.documented_gpu import (
    GpuHistory,
    GpuMap,
    GpuNodeList,
    GpuProcessList,
    GpuSummary,
    GpuThresholds,
)
from gateway.rest.gpu_moment import moment_of, sampled_moment_of
from projections.gpu.view import GpuNodeDetail
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.principals import EVERYWHERE
from tests.kit import builders
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.gpu_builders import gpu, gpu_disappeared, gpu_update, threshold_crossed
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_H100, _L40S = "NVIDIA H100 80GB HBM3", "NVIDIA L40S"
_NODE = "gpu-ü.example.com"


@dataclass(frozen=True)
class _Fleet:
    """Two clusters with a node of the same name; the first has another one, of other GPUs."""

    platform: Platform
    one: str
    two: str
    now: datetime
    """When the newest samples were taken."""

    async def ask(self, path: str, **query: Any) -> Json:
        """An answer about these two clusters."""
        if "cluster_id" not in query and not path.startswith("/gpu/nodes/"):
            query["cluster_id"] = [self.one, self.two]
        return await self.platform.list(path, **query)

    async def nodes(self, **query: Any) -> list[tuple[str, str]]:
        """Clusters and names of the nodes of a list, in its order."""
        found = GpuNodeList.model_validate(await self.ask("/gpu/nodes", **query))
        return [(str(each.cluster_id), each.node_name) for each in found.items]

    @property
    def all(self) -> list[tuple[str, str]]:
        """All nodes, by the name of the cluster and their own."""
        return [(self.one, "bad"), (self.one, _NODE), (self.two, _NODE)]


def _process(uuid: str, namespace: str | None, **more: Any) -> Mapping[str, Any]:
    told = {"attribution": "POD", "pod": "llm-0"} if namespace else {"attribution": "HOST"}
    return {"gpu_uuid": uuid, "namespace": namespace, "used_memory_mb": 100, **told, **more}


def _updates(one: str, two: str, now: datetime) -> list[GpuUpdate]:
    first = [
        gpu(uuid="GPU-a", processes=(_process("GPU-a", "training", pid=1),)),
        gpu(uuid="GPU-b", index=1, name=_L40S, processes=(_process("GPU-b", None, pid=2),)),
    ]
    second = [gpu(uuid="GPU-a", utilization_gpu_percent=10.0, temperature_celsius=80.0)]
    bad = {"node_name": "bad", "source": "NVIDIA_SMI", "gpus": (), "error": "no driver"}
    return [
        gpu_update(cluster_id=one, node_name=_NODE, sampled_at=now, gpus=first),
        gpu_update(cluster_id=two, node_name=_NODE, sampled_at=now, gpus=second),
        gpu_update(cluster_id=one, sampled_at=now - timedelta(minutes=10), **bad),
    ]


async def _tell(platform: Platform, update: GpuUpdate) -> None:
    subject = f"tel.gpu.{update.cluster_id}.{token(update.node_name)}"
    await platform.gate.runtime.bus.publish(subject, update.model_dump_json().encode())


async def _happen(platform: Platform, event: Event) -> int:
    last = await platform.gate.log.head(event.key)
    head = NOTHING if last is None else Head(last.sequence)
    context = builders.context(command_id=new_id())
    now = platform.gate.clock.now()
    appended = await platform.gate.log.append([event], {event.key: head}, context, now)
    assert await platform.gate.positions.wait("gpu", appended.sequence, 20)
    return appended.sequence


@pytest.fixture
async def fleet(platform: Platform) -> _Fleet:
    number = new_id().hex[-8:]
    one = (await platform.register(name=f"a-{number}"))["id"]
    two = (await platform.register(name=f"b-{number}"))["id"]
    now = platform.gate.clock.now() - timedelta(seconds=2)
    made = _Fleet(platform, one, two, now)
    for update in _updates(one, two, now):
        await _tell(platform, update)

    async def shown() -> bool:
        return len(await made.nodes()) == 3

    await eventually(shown)
    return made


async def test_samples_on_the_bus_become_answers(fleet: _Fleet) -> None:
    assert await fleet.nodes() == fleet.all
    found = GpuNodeDetail.model_validate(await fleet.ask(f"/gpu/nodes/{fleet.one}/{_NODE}"))
    assert (found.last_updated, found.stale, found.source) == (fleet.now, False, "DCGM")
    assert [(each.uuid, each.name, each.power_draw_watts) for each in found.gpus] == [
        ("GPU-a", _H100, 512.31),
        ("GPU-b", _L40S, 512.31),
    ]
    summary = GpuSummary.model_validate(await fleet.ask("/gpu/summary"))
    assert (summary.nodes, summary.stale_nodes, summary.gpus) == (3, 1, 3)
    assert summary.utilization_gpu_percent == 61.3
    assert [(each.name, each.gpus) for each in summary.by_model] == [(_H100, 2), (_L40S, 1)]
    assert [(str(each.cluster_id), each.nodes, each.gpus) for each in summary.by_cluster] == [
        (fleet.one, 2, 2),
        (fleet.two, 1, 1),
    ]
    assert [(each.namespace, each.gpus) for each in summary.by_namespace] == [("training", 1)]
    assert {each.source: each.nodes for each in summary.by_source} == {"DCGM": 2, "NVIDIA_SMI": 1}
    assert summary.hottest is not None
    assert str(summary.hottest.cluster_id) == fleet.two
    processes = GpuProcessList.model_validate(await fleet.ask("/gpu/processes"))
    assert [(each.pid, each.namespace) for each in processes.items] == [(1, "training"), (2, None)]
    shown = GpuMap.model_validate(await fleet.ask("/gpu/map"))
    assert [(row[0], row[1], row[3]) for row in shown.nodes] == [
        (0, "bad", True),
        (0, _NODE, False),
        (1, _NODE, False),
    ]
    assert [row[:4] for row in shown.gpus] == [(1, 0, 0, 87.0), (1, 1, 1, 87.0), (2, 0, 0, 10.0)]
    asked = {"cluster_id": fleet.one, "node_name": _NODE, "step": "1s", "range": "10s"}
    history = GpuHistory.model_validate(await fleet.ask("/gpu/history", **asked))
    used = {each.gpu_uuid: each.points for each in history.series if "power" in each.metric}
    assert {uuid: [value for _, value in points if value is not None]
            for uuid, points in used.items()} == {"GPU-a": [512.31], "GPU-b": [512.31]}  # fmt: skip


async def test_nodes_are_found_by_every_filter(fleet: _Fleet) -> None:
    bad, first, second = fleet.all
    for query, expected in (
        ({"cluster_id": fleet.two}, [second]),
        ({"node_name": "bad"}, [bad]),
        ({"model": _L40S}, [first]),
        ({"model": [_L40S, _H100]}, [first, second]),
        ({"namespace": "training"}, [first]),
        ({"source": "nvidia_smi"}, [bad]),
        ({"stale": True}, [bad]),
        ({"stale": False}, [first, second]),
        ({"q": "GPU-Ü"}, [first, second]),
        ({"q": "l40"}, [first]),
        ({"q": "gpu-B"}, [first]),
        ({"q": "%"}, []),
        ({"sort": "-cluster,-name"}, [second, first, bad]),
        ({"sort": "utilization,name"}, [second, first, bad]),
        ({"sort": "-gpus,cluster"}, [first, second, bad]),
        ({"sort": "-temperature"}, [second, first, bad]),
        ({"sort": "-power"}, [first, second, bad]),
        ({"sort": "last_updated,cluster"}, [bad, first, second]),
        ({"sort": "memory,cluster"}, [first, second, bad]),
        ({"page_size": 2, "page": 2}, [second]),
    ):
        assert await fleet.nodes(**query) == expected, query


async def test_figures_processes_and_the_map_are_narrowed(fleet: _Fleet) -> None:
    of_one = await fleet.ask("/gpu/summary", cluster_id=fleet.one)
    assert (of_one["nodes"], of_one["gpus"]) == (2, 2)
    used = await fleet.ask("/gpu/summary", namespace="training")
    assert (used["nodes"], used["gpus"], used["wasted"]) == (1, 1, 0)
    assert len((await fleet.ask("/gpu/map", cluster_id=fleet.two))["gpus"]) == 1
    for query, pids in (
        ({"cluster_id": fleet.two}, []),
        ({"node_name": _NODE}, [1, 2]),
        ({"node_name": "bad"}, []),
        ({"namespace": "training"}, [1]),
        ({"gpu_uuid": "GPU-b"}, [2]),
        ({"attribution": "host"}, [2]),
        ({"q": "LLM"}, [1]),
        ({"page_size": 1, "page": 2}, [2]),
    ):
        found = await fleet.ask("/gpu/processes", **query)
        assert [each["pid"] for each in found["items"]] == pids, query


async def test_what_stands_is_shown_and_as_of_a_time_what_stood(fleet: _Fleet) -> None:
    before = await fleet.platform.last_sequence()
    cluster = UUID(fleet.one)
    about = {"cluster_id": cluster, "node_name": _NODE, "gpu_uuid": "GPU-a"}
    await _happen(fleet.platform, threshold_crossed(**about))
    lost = {"cluster_id": cluster, "node_name": _NODE, "gpu_uuid": "GPU-c"}
    await _happen(fleet.platform, gpu_disappeared(**lost))
    one = f"/gpu/nodes/{fleet.one}/{_NODE}"
    told = await fleet.ask(one)
    assert [each["raised"] for each in told["gpus"]] == [["TEMPERATURE"], []]
    assert [each["uuid"] for each in told["lost"]] == ["GPU-c"]
    found = GpuThresholds.model_validate(await fleet.ask("/gpu/thresholds"))
    assert {each.metric: (each.raise_at, each.clear_at, each.unit) for each in found.thresholds} \
        == {"TEMPERATURE": (85, 80, "°C"), "MEMORY_TEMPERATURE": (95, 90, "°C"),
            "MEMORY_USED": (97, 92, "%")}  # fmt: skip
    assert [(each.gpu_uuid, each.metric, each.value) for each in found.raised] == [
        ("GPU-a", "TEMPERATURE", 91.0)
    ]
    assert (await fleet.ask("/gpu/thresholds", metric="memory_used"))["total"] == 0
    asked = {"cluster_id": fleet.one, "as_of_sequence": before}
    answer = await fleet.platform.http.get(f"{API}/gpu/thresholds", params=asked)
    assert (answer.json()["total"], answer.headers["x-as-of-sequence"]) == (0, str(before))
    now = rfc3339(fleet.platform.gate.clock.now())
    for path in (one, "/gpu/nodes", "/gpu/processes", "/gpu/map", "/gpu/thresholds"):
        live = await fleet.ask(path)
        then = await fleet.ask(path, as_of=now)
        for answer in (live, then):
            answer.pop("at", None)
            for row in answer.get("nodes", []):
                row[2] = 0
        assert then == live, path


async def test_what_events_tell_is_never_late_in_an_answer_that_others_were_given(
    fleet: _Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefly, "_TIMES", 1e9)
    monkeypatch.setattr(briefly, "_LONGEST", 1e9)
    paths = ("/gpu/nodes", "/gpu/summary", "/gpu/map")
    before = [await fleet.ask(path) for path in paths]
    assert [await fleet.ask(path) for path in paths] == before
    about = {"cluster_id": UUID(fleet.one), "node_name": _NODE, "gpu_uuid": "GPU-a"}
    await _happen(fleet.platform, threshold_crossed(**about))
    after = [await fleet.ask(path) for path in paths]
    assert all(now != then for now, then in zip(after, before, strict=True))


async def test_a_history_is_cut_as_asked_or_into_about_three_hundred(fleet: _Fleet) -> None:
    asked: Json = {"cluster_id": fleet.one, "node_name": _NODE}

    async def told(**query: Any) -> tuple[int, str, int]:
        found = GpuHistory.model_validate(await fleet.ask("/gpu/history", **asked, **query))
        length = (found.until - found.since).total_seconds()
        return found.step_seconds, found.source.value, round(length)

    step, source, length = await told()
    assert (step, source) == (15, "SAMPLES")
    assert 3600 <= length <= 3615
    assert (await told(range="1d"))[:2] == (300, "MINUTES")
    assert (await told(range="60d"))[:2] == (21_600, "HOURS")
    assert (await told(range="1h", step="90s"))[:2] == (90, "SAMPLES")
    assert (await told(range="1h", step="1m"))[:2] == (60, "MINUTES")
    assert (await told(range="5h", step="1h"))[:2] == (3600, "HOURS")
    # Nothing finer is kept for so long.
    since, until = fleet.now - timedelta(days=4), fleet.now - timedelta(days=4, hours=-1)
    between = {"from": rfc3339(since), "to": rfc3339(until)}
    assert (await told(**between, step="15s"))[:2] == (60, "MINUTES")
    since, until = fleet.now - timedelta(days=40), fleet.now - timedelta(days=39)
    assert (await told(**{"from": rfc3339(since), "to": rfc3339(until)}))[:2] == (3600, "HOURS")
    found = await fleet.ask(
        "/gpu/history", **asked, metric=["sm_clock_mhz", "POWER_DRAW_WATTS"], gpu_uuid="GPU-b",
        aggregation="MAX",
    )  # fmt: skip
    assert [(each["gpu_uuid"], each["metric"]) for each in found["series"]] == [
        ("GPU-b", "sm_clock_mhz"),
        ("GPU-b", "power_draw_watts"),
    ]
    then = rfc3339(fleet.platform.gate.clock.now())
    found = await fleet.ask("/gpu/history", **asked, as_of=then)
    assert found["to"] == then


async def test_what_cannot_be_answered_is_refused(fleet: _Fleet) -> None:
    http = fleet.platform.http
    unknown: Json = {"cluster_id": fleet.two, "node_name": "nobody"}
    refused(await http.get(f"{API}/gpu/nodes/{fleet.two}/nobody"), "NO_GPU_NODES")
    refused(await http.get(f"{API}/gpu/history", params=unknown), "NO_GPU_NODES")
    known: Json = {"cluster_id": fleet.one, "node_name": _NODE}
    now, half = rfc3339(fleet.now), fleet.now.replace(microsecond=500_000) - timedelta(seconds=1)
    # The first step begins half a second earlier, which makes them 2,001.
    long = {"from": rfc3339(half - timedelta(seconds=2000)), "to": rfc3339(half)}
    for path, query, field in (
        ("nodes", {"sort": "colour"}, "sort"),
        ("nodes", {"source": "GUESS"}, "source"),
        ("nodes", {"cluster_id": "x"}, "cluster_id"),
        ("nodes", {"as_of": "2999-01-01T00:00:00Z"}, "as_of"),
        ("summary", {"cluster_id": "x"}, "cluster_id"),
        ("processes", {"attribution": "NOWHERE"}, "attribution"),
        ("map", {"cluster_id": "x"}, "cluster_id"),
        ("thresholds", {"metric": "NOISE"}, "metric"),
        ("history", known | {"metric": "noise"}, "metric"),
        ("history", known | {"step": "1"}, "step"),
        ("history", known | {"step": "0s"}, "step"),
        ("history", known | {"range": "ever"}, "range"),
        ("history", known | {"range": "9999999w"}, "range"),
        ("history", known | {"range": "1h", "from": now}, "range"),
        ("history", known | {"from": now, "to": now}, "from"),
        ("history", known | {"from": "2999-01-01T00:00:00Z"}, "from"),
        ("history", known | {"from": "2026-01-01T00:00:00"}, "from"),
        ("history", known | {"to": "2026-01-01T00:00:00"}, "to"),
        ("history", known | {"range": "1h", "step": "1s"}, "step"),
        ("history", known | long | {"step": "1s"}, "step"),
        ("history", known | {"from": "1998-01-01T00:00:00Z", "to": "1999-01-01T00:00:00Z"}, "from"),
    ):
        answer = await http.get(f"{API}/gpu/{path}", params=query)
        fields = refused(answer, "VALIDATION_FAILED")["details"]["fields"]
        assert [each["field"] for each in fields] == [field], (path, query)
    for query in ({}, {"cluster_id": fleet.one}, known | {"aggregation": "SUM"}):
        answer = await http.get(f"{API}/gpu/history", params=query)
        assert answer.status_code in {400, 422}, query
    ancient: Json = known | {"from": "0001-01-01T00:00:00Z", "to": "2000-01-02T00:00:00Z"}
    assert (await http.get(f"{API}/gpu/history", params=ancient)).is_success
    async with fleet.platform.client() as anybody:
        refused(await anybody.get(f"{API}/gpu/nodes"), "AUTH_FAILED")


async def test_what_is_not_kept_any_more_is_not_told_as_nothing(fleet: _Fleet) -> None:
    gate, last = fleet.platform.gate, await fleet.platform.last_sequence()
    later = replace(gate, clock=_Ahead(timedelta(hours=49)))
    with pytest.raises(Refused, match="longer ago than samples of GPUs are kept: 48 hours"):
        await sampled_moment_of(later, EVERYWHERE, None, last)
    # What is read from the log, and from minutes and hours, is kept for longer.
    assert (await moment_of(later, EVERYWHERE, None, last)).as_of is not None
    assert (await sampled_moment_of(gate, EVERYWHERE, None, last)).as_of is not None
    answer = await fleet.platform.http.get(f"{API}/gpu/summary", params={"as_of_sequence": 0})
    assert (answer.status_code, answer.json()["gpus"]) == (200, 0)


@dataclass(frozen=True)
class _Ahead(SystemClock):
    """A clock that is ahead of ours."""

    of_us: timedelta

    def now(self) -> datetime:
        return super().now() + self.of_us
