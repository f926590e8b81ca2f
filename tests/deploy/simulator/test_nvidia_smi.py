"""What the GPUs of a simulated node say of themselves."""

import csv
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from deploy.simulator import nvidia_smi
from deploy.simulator.fleet import Fleet
from tests.deploy.simulator.executing import APPS, QUERY

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def smi(fleet: Fleet, at: datetime, command: Sequence[str] = QUERY) -> tuple[str, int]:
    cluster = next(each for each in fleet.clusters if each.traits.gpu_nodes)
    node = next(each for each in cluster.nodes() if each.gpus)
    return nvidia_smi.run(cluster, node, command[1:], at)


def table(fleet: Fleet, at: datetime, command: Sequence[str] = QUERY) -> list[list[str]]:
    text, code = smi(fleet, at, command)
    assert code == 0
    return list(csv.reader(text.splitlines(), skipinitialspace=True))


def test_gpus_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    one, same, other = (smi(Fleet.make(12, seed), NOON) for seed in (7, 7, 8))
    assert one == same != other


def test_gpus_add_up_at_every_hour(fleet: Fleet) -> None:
    for hour in range(48):
        at = NOON + timedelta(minutes=30 * hour)
        held: dict[str, int] = {}
        for uuid, pid, name, used in table(fleet, at, APPS):
            assert int(pid) > 0
            assert name
            held[uuid] = held.get(uuid, 0) + int(used)
        for _, uuid, _, _, *numbers, fan in table(fleet, at):
            total, used, free, busy, _, degrees, watts, most = map(float, numbers)
            assert held.get(uuid, 0) <= used < used + free < total
            assert 0 <= busy <= 100
            assert 25 < degrees < 80
            assert 0 < watts <= most
            assert (busy == 0) is (uuid not in held)
            assert fan == "[N/A]"


def test_gpus_vary_slowly(fleet: Fleet) -> None:
    busy = [
        [int(row[7]) for row in table(fleet, NOON + timedelta(seconds=10 * step))]
        for step in range(360)
    ]
    steps = [
        abs(a - b)
        for one, next_ in itertools.pairwise(busy)
        for a, b in zip(one, next_, strict=True)
    ]
    assert max(steps) <= 5
    assert any(max(gpu) - min(gpu) > 20 for gpu in zip(*busy, strict=True))


def test_titles_and_units_are_printed_unless_they_are_not_wanted(fleet: Fleet) -> None:
    asked = ("nvidia-smi", "--query-gpu=index, memory.total,power.limit", "--format=csv")
    title, first, *_ = smi(fleet, NOON, asked)[0].splitlines()
    assert title == "index, memory.total [MiB], power.limit [W]"
    assert first.startswith("0, ")
    assert first.endswith(" W")
    assert " MiB, " in first


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--query-gpu=index,colour", "--format=csv"), 'Field "colour" is not a valid field'),
        (("--query-compute-apps=index", "--format=csv"), 'Field "index" is not a valid field'),
        (("--query-gpu=index",), "Invalid combination"),
        (("--query-gpu=index", "--format=xml"), "Invalid combination"),
        (("--query-fans=index", "--format=csv"), "Invalid combination"),
        (("-L", "--format=csv"), "Invalid combination"),
    ],
)
def test_what_cannot_be_asked_fails(fleet: Fleet, options: Sequence[str], said: str) -> None:
    text, code = smi(fleet, NOON, ("nvidia-smi", *options))
    assert (code, said in text) == (2, True)
