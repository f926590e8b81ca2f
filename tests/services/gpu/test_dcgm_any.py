"""Whatever a Prometheus answers: nothing raises, and nothing is told that it has not said."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, strategies as st

from contracts.gpu import GpuUpdate
from services.gpu.dcgm_fields import METRICS
from services.gpu.dcgm_series import POD, Labels, Series
from tests.services.gpu.dcgm_told import all_of

_TEXT = st.sampled_from(["", "a", "GPU-1", "dcgm-exporter-x", "\0", "ü"]) | st.text(max_size=3)
_SMALL = st.sampled_from(["", "0", "1", "7", "x", "-1", "99999999"])
_IDENTITIES = st.fixed_dictionaries(
    {
        "uuid": st.sampled_from(["GPU-1", "GPU-1", "", "x" * 200]),
        "gpu": st.sampled_from(["0", "0", "x"]),
        "instance_id": st.sampled_from(["", "", "7", "8", "x"]),
        "target": st.sampled_from(["a:1", "a:1", "b:1"]),
    }
)
_LABELS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["labels", "labels", POD, "other"]),
        "profile": _TEXT,
        "model": _TEXT,
        "cuda": _SMALL,
        "node": _TEXT,
        "host": _TEXT,
        "namespace": _TEXT,
        "pod": _TEXT,
        "exported_pod": _TEXT,
    }
)
_METRICS = st.fixed_dictionaries({"metric": st.sampled_from([*METRICS, "up"]), "xid": _SMALL})
_NUMBERS = (
    st.integers(-5, 400).map(float)
    | st.floats(0, 1)
    | st.floats()
    | st.sampled_from([2147483632.0, 9.223372036854776e18, 140737488355328.0])
)
_VALUES = st.tuples(st.floats(), _NUMBERS.map(str) | st.sampled_from(["", "ERR!", "1_0"]))


def _told(
    identity: Mapping[str, str],
    labels: Mapping[str, str],
    when: tuple[float, str],
    values: Sequence[tuple[Mapping[str, str], tuple[float, str]]],
) -> list[Series]:
    """What one target tells of one GPU, or of an instance of it."""
    described = Series(Labels(**identity, **labels), when)
    return [described, *(Series(Labels(**identity, **of), value) for of, value in values)]


_TARGETS = st.builds(
    _told, _IDENTITIES, _LABELS, _VALUES, st.lists(st.tuples(_METRICS, _VALUES), max_size=12)
)
_ANSWERS = st.lists(_TARGETS, max_size=6).map(lambda told: [one for each in told for one in each])


def _plain(series: Sequence[Series]) -> set[float]:
    found: set[float] = set()
    for each in series:
        try:
            found.add(float(each.value[1]))
        except ValueError:
            continue
    return found


@given(_ANSWERS)
def test_nothing_raises_and_nothing_is_invented(series: list[Series]) -> None:
    found = all_of(series)
    uuids = [gpu.uuid for each in found for gpu in each.gpus]
    assert len(uuids) == len(set(uuids))
    told = _plain(series)
    shares = {round(value * 100, 4) for value in told if 0 <= value <= 1}
    for gpu in (gpu for each in found for gpu in each.gpus):
        same: list[Any] = [
            gpu.temperature_celsius,
            gpu.memory_temperature_celsius,
            gpu.power_draw_watts,
            gpu.power_limit_watts,
            gpu.fan_speed_percent,
            gpu.sm_clock_mhz,
            gpu.memory_clock_mhz,
            gpu.ecc_uncorrected,
            gpu.utilization_memory_percent,
        ]
        assert {value for value in same if value is not None} <= told
        assert gpu.utilization_gpu_percent in {None, *told, *shares}
    for each in found:
        assert GpuUpdate.model_validate_json(each.model_dump_json()) == each
