"""What is made of the series of exporters: pure, on the series that a Prometheus answers."""

import math
from collections.abc import Mapping
from datetime import timedelta

import pytest

from contracts.gpu import Gpu
from services.gpu.dcgm_fields import METRICS, Value
from services.gpu.dcgm_series import POD, Labels, Series
from tests.services.gpu.dcgm_told import AT, LABELS, NOW, UUID, all_of, described, one, values


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("0", 0.0),
        ("61", 61.0),
        ("61.5", 61.5),
        ("-1", None),
        ("NaN", None),
        ("+Inf", None),
        ("-Inf", None),
        ("9223372036854775794", None),
        ("9223372036854775792", None),
        ("140737488355328", None),
        ("140737488355330", None),
        ("2147483632", None),
        ("2147483635", None),
        ("4294967295", None),
        ("ERR!", None),
        ("", None),
    ],
)
def test_a_value_that_dcgm_has_not_is_unknown(text: str, known: float | None) -> None:
    assert one(described(), *values(TEMPERATURE=text)).temperature_celsius == known


@pytest.mark.parametrize(
    ("told", "field", "known"),
    [
        ({"GPU_UTIL": 100}, "utilization_gpu_percent", 100.0),
        ({"GPU_UTIL": 101}, "utilization_gpu_percent", None),
        ({"GPU_UTIL": 7, "ENGINE": 0.9}, "utilization_gpu_percent", 7.0),
        ({"GPU_UTIL": "NaN", "ENGINE": 0.25}, "utilization_gpu_percent", 25.0),
        ({"ENGINE": 1.5}, "utilization_gpu_percent", None),
        ({"MEMORY_UTIL": 41}, "utilization_memory_percent", 41.0),
        ({"TOTAL": 81_559, "USED": 1, "FREE": 2}, "memory_total_mb", 81_559),
        ({"USED": 61_203, "FREE": 19_742, "RESERVED": 614}, "memory_total_mb", 81_559),
        ({"USED": 61_203, "FREE": 19_742}, "memory_total_mb", 80_945),
        ({"USED": 61_203}, "memory_total_mb", None),
        ({"USED": 1.5}, "memory_used_mb", None),
        ({"MEMORY_TEMPERATURE": 0}, "memory_temperature_celsius", None),
        ({"MEMORY_TEMPERATURE": 70}, "memory_temperature_celsius", 70.0),
        ({"POWER": 512.31}, "power_draw_watts", 512.31),
        ({"POWER_LIMIT": 700, "ENFORCED_LIMIT": 650}, "power_limit_watts", 700.0),
        ({"ENFORCED_LIMIT": 650}, "power_limit_watts", 650.0),
        ({"FAN": 104}, "fan_speed_percent", 104.0),
        ({"SM_CLOCK": 1_980}, "sm_clock_mhz", 1_980.0),
        ({"MEMORY_CLOCK": 2_619}, "memory_clock_mhz", 2_619.0),
        ({"ECC": 2}, "ecc_uncorrected", 2),
        ({"THROTTLE": 0}, "throttle_reasons", ()),
        ({"THROTTLE": 96}, "throttle_reasons", ("SW_THERMAL_SLOWDOWN", "HW_THERMAL_SLOWDOWN")),
        ({"THROTTLE": 0x405}, "throttle_reasons", ("GPU_IDLE", "SW_POWER_CAP", "0x400")),
        ({"THROTTLE": 1.5}, "throttle_reasons", None),
        ({"NVLINK_SENT": 10, "NVLINK_RECEIVED": 5, "NVLINK": 1}, "nvlink_bytes_per_second", 15.0),
        ({"NVLINK_SENT": 10, "NVLINK": 2}, "nvlink_bytes_per_second", 2_048_000.0),
        ({"NVLINK_SENT": 10}, "nvlink_bytes_per_second", None),
        ({"FLIT_ERRORS": 1, "DATA_ERRORS": 2, "REPLAYS": 3, "RECOVERIES": 4}, "nvlink_errors", 10),
        ({"REPLAYS": 3}, "nvlink_errors", 3),
        ({"MIG": 1}, "mig_enabled", True),
        ({"MIG": 0}, "mig_enabled", False),
        ({"CUDA": 12_080}, "cuda_version", "12.8"),
        ({"CUDA": 11_100}, "cuda_version", "11.1"),
        ({"CUDA": 13_000}, "cuda_version", "13.0"),
        ({"XID": 79}, "xid", 79),
        ({"XID": 0}, "xid", 0),
        ({"DCGM_FI_DEV_GPU_TEMP_CELSIUS": 55}, "temperature_celsius", 55.0),
        ({"DCGM_FI_DEV_BOARD_POWER_WATTS": 70}, "power_draw_watts", 70.0),
        ({"DCGM_FI_DEV_CLOCKS_EVENT_REASONS": 4}, "throttle_reasons", ("SW_POWER_CAP",)),
        ({"DCGM_FI_DEV_XID_ERROR": 48}, "xid", 48),
    ],
)
def test_what_a_metric_means(told: dict[str, float | str], field: str, known: object) -> None:
    gpu = one(described(), *values(None, **told))
    assert getattr(gpu, field) == known


@pytest.mark.parametrize(
    ("counts", "last", "known"),
    [
        ({"": 0}, None, 0),
        ({"43": 1}, None, 43),
        ({"43": 1, "79": 2}, 0, 79),
        ({"43": 0, "": 0}, 0, 0),
        ({"43": 1}, 31, 31),
        ({"fatal": 1}, None, 0),
        ({}, None, None),
    ],
)
def test_an_xid_that_was_only_counted_is_told(
    counts: Mapping[str, int], last: int | None, known: int | None
) -> None:
    counted = [
        Series(Labels(metric="DCGM_EXP_XID_ERRORS_COUNT", xid=xid, **LABELS), (AT, str(count)))
        for xid, count in counts.items()
    ]
    latched = values(XID=last) if last is not None else []
    assert one(described(), *counted, *latched).xid == known


def test_labels_of_a_gpu() -> None:
    gpu = one(described({"model": "Tesla T4", "driver": "470.182.03", "cuda": "11040", "gpu": "3"}))
    assert (gpu.uuid, gpu.index, gpu.name) == (UUID, 3, "Tesla T4")
    assert (gpu.driver_version, gpu.cuda_version) == ("470.182.03", "11.4")


@pytest.mark.parametrize(
    ("labels", "node"),
    [
        ({}, "worker-1"),
        ({"host": "", "new_host": "worker-2"}, "worker-2"),
        ({"node": "worker-2"}, "worker-2"),
        ({"kubernetes_node": "worker-2"}, "worker-2"),
        ({"node_name_too": "worker-2"}, "worker-2"),
        ({"host": "dcgm-exporter-1"}, "worker-3"),
        ({"host": "dcgm-exporter-2"}, "dcgm-exporter-2"),
        ({"host": ""}, "10.0.0.1"),
        ({"host": "", "target": "[fd00::1]:9400"}, "[fd00::1]"),
    ],
)
def test_on_which_node_it_is(labels: dict[str, str], node: str) -> None:
    home = Series(Labels(kind=POD, pod="dcgm-exporter-1", node="worker-3"), (AT, "1"))
    (update,) = all_of([described(labels), home])
    assert update.node_name == node


_EXPORTER = {
    "namespace": "monitoring",
    "pod": "nvidia-dcgm-exporter-kmtlw",
    "container": "nvidia-dcgm-exporter",
}
_EXPORTED = {
    "exported_namespace": "kserve-lab",
    "exported_pod": "qwen3-0",
    "exported_container": "main",
}


@pytest.mark.parametrize(
    ("labels", "user"),
    [
        ({}, None),
        (_EXPORTER, None),
        ({**_EXPORTER, "container": "exporter"}, None),
        ({"namespace": "gpu", "pod": "metrics-x", "container": "a", "host": "metrics-x"}, None),
        ({**_EXPORTER, **_EXPORTED}, ("kserve-lab", "qwen3-0", "main")),
        ({"namespace": "ml", "pod": "train-0", "container": "c"}, ("ml", "train-0", "c")),
        ({"old_namespace": "ml", "old_pod": "train-0"}, ("ml", "train-0", None)),
        ({"pod": "train-0"}, (None, "train-0", None)),
    ],
)
def test_which_pod_uses_it(
    labels: dict[str, str], user: tuple[str | None, str, str | None] | None
) -> None:
    found = one(described(labels)).processes
    assert [(each.namespace, each.pod, each.container) for each in found] == (
        [user] if user else []
    )


def test_an_exporter_with_any_name_uses_no_gpu_if_it_tells_of_another_user() -> None:
    own = {"namespace": "gpu", "pod": "metrics-x", "container": "a"}
    (update,) = all_of(
        [described({**own, **_EXPORTED}), described({**own, "uuid": "GPU-other", "gpu": "1"})]
    )
    assert [len(each.processes) for each in update.gpus] == [1, 0]


def test_a_gpu_that_pods_share_is_one() -> None:
    shared = [
        described({"namespace": "ml", "pod": pod, "container": "c"}) for pod in ("a", "b", "a")
    ]
    gpu = one(*shared, *values(GPU_UTIL=50))
    assert [each.pod for each in gpu.processes] == ["a", "b"]
    assert gpu.utilization_gpu_percent == 50


def test_of_two_exporters_the_one_that_was_scraped_last_counts() -> None:
    old, new = {"target": "10.0.0.9:9400"}, {"target": "10.0.0.1:9400"}
    series = [
        described({**old, "host": "worker-0"}, at=AT - 60),
        described(new, at=AT),
        *values(old, GPU_UTIL=10, TEMPERATURE=60, POWER=100),
        *values(new, GPU_UTIL=20, TEMPERATURE="9223372036854775794"),
    ]
    for told in (series, series[::-1]):
        (update,) = all_of(told)
        (gpu,) = update.gpus
        assert update.sampled_at.timestamp() == AT
        assert (gpu.utilization_gpu_percent, gpu.temperature_celsius) == (20, 60)
        assert gpu.power_draw_watts == 100


def test_the_node_does_not_depend_on_which_exporter_was_scraped_last() -> None:
    sure, unsure = {"target": "a", "node": "worker-1"}, {"target": "b", "host": "dcgm-exporter-x"}
    for ages in ((0, 5), (5, 0)):
        (update,) = all_of([described(sure, at=AT - ages[0]), described(unsure, at=AT - ages[1])])
        assert update.node_name == "worker-1"


def test_a_gpu_without_uuid_is_known_by_its_place() -> None:
    none = {"uuid": ""}
    series = [
        described(none),
        described({**none, "gpu": "1", "device": ""}),
        described({**none, "gpu": "", "device": ""}),
        *values(none, GPU_UTIL=30),
        *values({**none, "gpu": "1", "device": ""}, GPU_UTIL=40),
    ]
    (update,) = all_of(series)
    assert [(gpu.uuid, gpu.utilization_gpu_percent) for gpu in update.gpus] == [
        ("worker-1/nvidia0", 30),
        ("worker-1/1", 40),
    ]


def part(number: str, **labels: str) -> dict[str, str]:
    return {"instance_id": number, "profile": "1g.10gb", **labels}


def test_instances_of_a_gpu() -> None:
    series = [
        described(part("7")),
        described(part("8", namespace="ml", pod="a")),
        *values(part("7"), ENGINE=0.5, USED=10, FREE=90, RESERVED=2, TEMPERATURE=50, XID=0),
        *values(part("8"), ENGINE=1, USED=20, FREE=80, TEMPERATURE=51, XID=0, POWER=200),
    ]
    gpu = one(*series)
    assert gpu.mig_enabled is True
    assert (gpu.memory_used_mb, gpu.memory_free_mb, gpu.memory_total_mb) == (30, 170, 202)
    assert (gpu.temperature_celsius, gpu.power_draw_watts, gpu.xid) == (51, 200, 0)
    assert gpu.utilization_gpu_percent is None
    assert [(each.gpu_instance_id, each.utilization_gpu_percent) for each in gpu.mig] == [
        (7, 50),
        (8, 100),
    ]
    assert [each.memory_total_mb for each in gpu.mig] == [102, 100]
    assert [(each.pod, each.gpu_instance_id) for each in gpu.processes] == [("a", 8)]


def test_memory_of_instances_that_do_not_all_tell_is_unknown() -> None:
    series = [described(part("7")), described(part("8")), *values(part("7"), USED=10)]
    assert one(*series).memory_used_mb is None


def test_what_the_gpu_itself_tells_has_precedence_over_its_instances() -> None:
    series = [
        described(),
        described(part("7")),
        *values(USED=100, FREE=900, GPU_UTIL=40, TEMPERATURE=60),
        *values(part("7"), USED=10, FREE=90, ENGINE=1, TEMPERATURE=61),
    ]
    gpu = one(*series)
    assert (gpu.memory_used_mb, gpu.memory_total_mb) == (100, 1_000)
    assert (gpu.utilization_gpu_percent, gpu.temperature_celsius) == (40, 60)


def test_an_instance_without_a_number_is_passed_over() -> None:
    assert all_of([described(part("x"))]) == []


def test_a_clock_that_is_ahead_makes_no_sample_of_the_future() -> None:
    for at in (NOW.timestamp() + 600, 0.0, math.nan):
        (update,) = all_of([described(at=at)])
        assert update.sampled_at == NOW
    (update,) = all_of([described(at=AT), described({"gpu": "1", "uuid": "GPU-b"}, at=AT + 1)])
    assert update.sampled_at == NOW - timedelta(seconds=4)


def test_a_thousand_gpus() -> None:
    numbers = [(node, gpu) for node in range(125) for gpu in range(8)]
    labels = [
        {"uuid": f"GPU-{node}-{gpu}", "gpu": str(gpu), "target": f"10.0.0.{node}:9400"}
        for node, gpu in reversed(numbers)
    ]
    series = [described({**each, "host": f"w-{each['target']}"}) for each in labels]
    found = all_of([*series, *(one for each in labels for one in values(each, GPU_UTIL=1))])
    assert len(found) == 125
    assert {tuple(gpu.index for gpu in each.gpus) for each in found} == {tuple(range(8))}
    assert len({gpu.uuid for each in found for gpu in each.gpus}) == 1_000


def test_of_one_node_so_many_are_told_as_a_message_holds() -> None:
    (update,) = all_of(
        [described({"uuid": f"GPU-{number}", "gpu": str(number)}) for number in range(300)]
    )
    assert [gpu.index for gpu in update.gpus] == list(range(256))


def test_labels_of_any_text_can_be_stored() -> None:
    odd = "ü\0\n\u202e" + "x" * 500
    gpu = one(
        described(
            {
                "uuid": odd,
                "model": odd,
                "driver": "\0",
                "pod": f"p{odd}",
                "namespace": "日本",
                "host": odd,
            }
        )
    )
    assert gpu.name is not None
    assert gpu.name.isprintable()
    assert gpu.driver_version is None
    assert gpu.processes[0].namespace == "日本"


def test_other_metrics_and_gpus_that_nothing_describes_are_passed_over() -> None:
    assert all_of(values(GPU_UTIL=10)) == []
    assert one(described(), *values(None, node_load1=3)) == Gpu(uuid=UUID, index=0)


def test_every_value_has_a_metric() -> None:
    assert set(METRICS.values()) == set(Value)
