"""Packet counters as DPDK's telemetry and Telegraf tell of them."""

import json

import pytest
from hypothesis import given, strategies as st

from contracts.cnf import DpdkPort, DpdkStats
from services.cnf import dpdk
from services.cnf.dpdk import NoTelemetry
from services.cnf.vectors import Sample
from tests.services.cnf.recordings import samples, text

TELEGRAF = """\
dpdk_ipackets{command="/ethdev/stats",host="du-0",params="0"} 1000
dpdk_opackets{command="/ethdev/stats",host="du-0",params="0"} 990
dpdk_imissed{command="/ethdev/stats",host="du-0",params="0"} 3
dpdk_rx_nombuf{command="/ethdev/stats",host="du-0",params="0"} 4
dpdk_ierrors{command="/ethdev/stats",host="du-0",params="0"} 1
dpdk_oerrors{command="/ethdev/stats",host="du-0",params="0"} 2
"""
"""Fields of the measurement ``dpdk`` as Telegraf's Prometheus output names them."""


def test_what_is_printed_into_a_pipe() -> None:
    (port,) = dpdk.ports(text("dpdk-piped.txt"))
    assert port == DpdkPort(
        port="0",
        rx_packets=10_006_228,
        tx_packets=10_005_020,
        rx_dropped=0,
        rx_errors=0,
        tx_errors=0,
    )


def test_what_is_printed_for_people_and_by_older_drivers() -> None:
    first, second = dpdk.ports(text("dpdk-prompted.txt"))
    assert (first.rx_packets, first.rx_dropped, first.rx_errors) == (409_697_376, 17, 3)
    assert second == DpdkPort(port="1", rx_packets=7, tx_packets=9)


@pytest.mark.parametrize(
    "output", ["", "sh: dpdk-telemetry.py: not found\n", '{"version": "DPDK 23.11.0"}', "{" * 2000]
)
def test_what_tells_of_no_ports(output: str) -> None:
    with pytest.raises(NoTelemetry):
        dpdk.ports(output)


def test_the_command_asks_for_all_ports_at_once() -> None:
    *shell, script = dpdk.COMMAND
    assert shell == ["sh", "-c"]
    assert script.startswith(r"printf '/ethdev/list\n/ethdev/stats,0\n/ethdev/stats,1\n")
    assert script.endswith(r"/ethdev/stats,15\n' | dpdk-telemetry.py")


def test_what_telegraf_exports() -> None:
    told = samples(TELEGRAF, namespace="du-site-1", pod="du-0", node="worker-1")
    port = DpdkPort(
        port="0", rx_packets=1000, tx_packets=990, rx_dropped=7, rx_errors=1, tx_errors=2
    )
    assert dpdk.of_samples(told) == (
        DpdkStats(namespace="du-site-1", pod="du-0", node_name="worker-1", ports=(port,)),
    )


def test_other_exporters_name_the_port() -> None:
    told = samples('dpdk_imissed{port="1",namespace="core",pod="upf-0"} 5\n')
    (stats,) = dpdk.of_samples(told)
    assert stats.ports == (DpdkPort(port="1", rx_dropped=5),)


def test_series_of_no_pod_belong_to_nobody() -> None:
    assert dpdk.of_samples(samples(TELEGRAF)) == ()


@given(st.text(st.sampled_from('{}[]":,/ethdvlissta0123 \n'), max_size=200))
def test_whatever_is_printed_can_be_read(output: str) -> None:
    try:
        found = dpdk.ports(output)
    except NoTelemetry:
        return
    assert isinstance(found, tuple)


@pytest.mark.parametrize("odd", [2**63, 10**400, -1, True, "5", None])
def test_a_program_that_counts_nonsense_tells_nothing(odd: object) -> None:
    told = {"ipackets": odd, "imissed": 2**62, "rx_nombuf": 2**62, "oerrors": 3}
    output = json.dumps({"/ethdev/list": [0]}) + json.dumps({"/ethdev/stats": told})
    (port,) = dpdk.ports(output)
    assert (port.rx_packets, port.rx_dropped, port.tx_errors) == (None, None, 3)


def test_a_number_that_is_too_large_is_not_known() -> None:
    labels = {"port": "0", "namespace": "a", "pod": "b"}
    (stats,) = dpdk.of_samples(
        [Sample("dpdk_imissed", labels, 1e300), Sample("dpdk_oerrors", labels, 3)]
    )
    assert stats.ports == (DpdkPort(port="0", tx_errors=3),)


@given(st.floats(max_value=-0.5, allow_nan=False, allow_infinity=False))
def test_what_is_no_count_is_not_known(value: float) -> None:
    labels = {"port": "0", "namespace": "a", "pod": "b"}
    assert dpdk.of_samples([Sample("dpdk_ipackets", labels, value)]) == ()
