"""Network functions as of any time: what is read then is what was read when it was the newest."""

import random
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.cnf import CnfUpdate
from services.runtime.queries import AsOf
from services.runtime.settings import DatabaseSettings, Settings
from tests.kit import builders
from tests.kit.cnf_rows import LISTS, CnfTables, cnf_tables

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

NOW = builders.at(86_400)
CLUSTERS = (builders.CLUSTER_ID, builders.OTHER_CLUSTER_ID)
_PARTS = ("workloads", "ptp", "sriov", "dpdk")


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[CnfTables]:
    async with cnf_tables(Settings(database=fresh_database), NOW) as made:
        yield made


def _sample(chance: random.Random, cluster: UUID, seconds: int) -> CnfUpdate:
    """Something that was seen, often the same as before, and sometimes not all of it."""
    told: dict[str, Any] = {
        "workloads": [
            _pod(number, chance.choice(("RUNNING", "RUNNING", "FAILED"))) for number in range(2)
        ],
        "ptp": [_clock(name, chance) for name in ("ens1f0", "ens1f1")],
        "sriov": [
            {"node_name": "n", "resource_name": "r", "allocatable_vfs": 8,
             "used_vfs": chance.choice((2, 2, 8))}
        ],
        "dpdk": [
            {"namespace": "core", "pod": "upf", "ports": [
                {"port": "0", "rx_packets": seconds * 10, "rx_dropped": chance.choice((0, seconds))}
            ]}
        ],
    }  # fmt: skip
    lost = [part for part in _PARTS if chance.random() < 0.15]
    return builders.cnf_update(
        cluster_id=cluster,
        sampled_at=builders.at(seconds),
        sources={"ptp": "METRICS"},
        missing={part: chance.choice(("away", "slow")) for part in lost},
        **told | dict.fromkeys(lost),
    )


def _pod(number: int, state: str) -> dict[str, Any]:
    return {
        "cnf_type": "UPF",
        "namespace": "core",
        "pod": f"upf-{number}",
        "state": state,
        "evidence": "its name",
    }


def _clock(name: str, chance: random.Random) -> dict[str, Any]:
    return {
        "node_name": "n",
        "interface": name,
        "offset_ns": chance.choice((None, -3.5, 7.0)),
        "clock_state": chance.choice(("LOCKED", "LOCKED", "HOLDOVER", None)),
    }


@pytest.mark.parametrize("seed", range(3))
async def test_as_of_any_sample_is_what_was_read_after_it(tables: CnfTables, seed: int) -> None:
    chance = random.Random(seed)
    for cluster in CLUSTERS:
        await tables.happen(builders.registered(id=cluster, name=f"c-{cluster}"))
    moments = [10 + number * 60 + (7_200 if number > 20 else 0) for number in range(40)]
    then: dict[int, list[Any]] = {}
    for number, seconds in enumerate(moments):
        if number % 9 == 4:
            state = chance.choice(("HOLDOVER", "LOCKED"))
            event = builders.cnf_status_changed(
                cluster_id=CLUSTERS[0], name="n/ens1f0", new_state=state
            )
            await tables.happen(event)
        for cluster in CLUSTERS:
            await tables.take_in(_sample(chance, cluster, seconds))
        then[seconds] = await tables.read(builders.at(seconds))
        then[-seconds] = [tables.sequence]
    for seconds in moments:
        at = AsOf(then[-seconds][0], builders.at(seconds))
        assert await tables.read(builders.at(seconds), at) == then[seconds], seconds
    last = AsOf(tables.sequence, NOW)
    assert await tables.read(NOW, last) == await tables.read(NOW)


async def test_an_empty_hub_has_empty_lists(tables: CnfTables) -> None:
    for as_of in (None, AsOf(0, None), AsOf(0, NOW)):
        for page in await tables.read(NOW, as_of):
            assert (page["items"], page["missing"], page["total"]) == ([], [], 0)
    await tables.happen(builders.registered())
    for page in await tables.read(NOW):
        assert (page["items"], page["missing"]) == ([], []), "it need not have any"


async def test_two_clusters_keep_apart_what_has_the_same_name(tables: CnfTables) -> None:
    for number, cluster in enumerate(CLUSTERS):
        await tables.happen(builders.registered(id=cluster, name=f"c{number}"))
        await tables.take_in(builders.cnf_update(cluster_id=cluster))
    event = builders.cnf_status_changed(cluster_id=CLUSTERS[0], new_state="FREERUN")
    await tables.happen(event)
    _, clocks, _, _ = await tables.read(builders.at())
    shown = [(item["cluster_name"], item["standing"]) for item in clocks["items"]]
    assert shown == [("c0", "FREERUN"), ("c1", None)]


async def test_a_renamed_cluster_had_its_old_name(tables: CnfTables) -> None:
    await tables.happen(builders.registered(name="old"))
    await tables.take_in(builders.cnf_update())
    await tables.happen(builders.updated(name="new"))
    for as_of, name in ((None, "new"), (AsOf(1, builders.at()), "old")):
        for page in (await tables.read(builders.at(), as_of))[:3]:
            assert [item["cluster_name"] for item in page["items"]] == [name]


async def test_a_cluster_that_has_left_is_shown_until_then(tables: CnfTables) -> None:
    await tables.happen(builders.registered())
    await tables.take_in(builders.cnf_update())
    await tables.happen(builders.deleted())
    assert [page["total"] for page in await tables.read(builders.at())] == [0] * len(LISTS)
    before = await tables.read(builders.at(), AsOf(1, builders.at()))
    assert [page["total"] for page in before] == [1, 1, 1, 0]


async def test_far_edge_clusters_tell_of_what_metrics_tell(tables: CnfTables) -> None:
    await tables.happen(builders.registered(cluster_type="FAR_EDGE"))
    reason = "a far-edge cluster is asked for metrics only"
    sample = builders.cnf_update(
        sriov=None, dpdk=None, interval_seconds=120,
        missing={"sriov": reason, "dpdk": reason},
        sources={"workloads": "METRICS", "ptp": "METRICS"},
    )  # fmt: skip
    await tables.take_in(sample)
    for later, stale in ((360, False), (361, True)):
        pages = await tables.read(builders.at(later))
        assert [page["total"] for page in pages] == [1, 1, 0, 0]
        assert [item["stale"] for page in pages for item in page["items"]] == [stale, stale]
        assert pages[0]["items"][0]["source"] == "METRICS"
    gaps = [gap["reason"] for page in await tables.read(builders.at()) for gap in page["missing"]]
    assert gaps == [reason, reason]


async def test_names_of_any_language_are_found(tables: CnfTables) -> None:
    await tables.happen(builders.registered(name="Gerät"))
    odd: dict[str, Any] = _pod(0, "RUNNING") | {"pod": "größe-😀", "namespace": "ns'\"%_\\"}
    await tables.take_in(builders.cnf_update(workloads=[odd]))
    page = (await tables.read(datetime.max.replace(tzinfo=NOW.tzinfo) - timedelta(days=1)))[0]
    assert [item["pod"] for item in page["items"]] == ["größe-😀"]
    assert [item["stale"] for item in page["items"]] == [True]
