"""Many series by their keys."""

import random

import pytest

from contracts.refusals import Code, Refused
from services.anomalies.detecting.kernels.telling import BEGAN
from services.anomalies.detecting.partition import BLOCK, Partition
from tests.kit.measured import START

EVERY = 300.0


def keys(count: int) -> dict[str, bool]:
    return {f"s{number}": False for number in range(count)}


def rows(names: list[str], at: int, seed: int = 0) -> dict[str, tuple[float, float]]:
    rng = random.Random(at * 1_000 + seed)
    return {name: (START + EVERY * at, rng.gauss(50, 2)) for name in names}


def test_what_begins_is_told_of_its_series() -> None:
    partition = Partition()
    partition.add(keys(3))
    for at in range(600):
        partition.advance(rows(["s0", "s1", "s2"], at))
    told = partition.advance({"s1": (START + EVERY * 600, 200.0)})
    assert [(each.key, each.step.happens, each.step.since) for each in told] == [
        ("s1", BEGAN, START + EVERY * 600)
    ]
    assert told[0].state == partition.state("s1")


def test_it_does_not_matter_which_rows_come_together() -> None:
    one, other = Partition(), Partition()
    one.add(keys(4))
    for key in ("s2", "s0", "s3", "s1"):
        other.add({key: False})
    for at in range(220):
        row = rows([f"s{number}" for number in range(4)], at)
        row["s3"] = (row["s3"][0], 500.0 if at == 200 else row["s3"][1])
        together = [each.key for each in one.advance(row)]
        apart = [each.key for key, value in row.items() for each in other.advance({key: value})]
        assert sorted(together) == sorted(apart)
    assert [one.state(key) for key in keys(4)] == [other.state(key) for key in keys(4)]


def test_a_dump_brings_back_all_of_it() -> None:
    partition = Partition()
    partition.add({"a": False, "b_total": True})
    partition.want("a", 1.5)
    for at in range(30):
        partition.advance(rows(["a", "b_total"], at))
    again = Partition.load(partition.dump())
    assert len(again) == 2
    assert [again.state(key) for key in ("a", "b_total")] == [
        partition.state(key) for key in ("a", "b_total")
    ]
    assert again.state("a").series.wanted == 1.5
    assert again.state("b_total").series.counter == 1.0


def test_series_come_and_go() -> None:
    partition = Partition()
    partition.add(keys(BLOCK + 10))
    partition.advance(rows(list(keys(BLOCK + 10)), 0))
    kept = partition.state("s7")
    partition.remove(["s3", f"s{BLOCK + 1}", "unknown"])
    assert len(partition) == BLOCK + 8
    assert "s3" not in partition
    assert partition.state("s7") == kept
    partition.add({"s3": False, "s7": False})
    assert partition.state("s3").series.rows == 0
    assert partition.state("s7") == kept
    assert Partition.load(partition.dump()).state("s7") == kept


def test_too_many_series_are_refused_and_none_is_taken() -> None:
    partition = Partition(most=100)
    with pytest.raises(Refused) as refused:
        partition.add(keys(100_000))
    assert refused.value.code is Code.LIMIT_REACHED
    assert "100000 series: at most 100" in refused.value.message
    assert len(partition) == 0
