"""Clocks as ``pmc`` prints them."""

import pytest
from hypothesis import given, strategies as st

from contracts.cnf import ClockState, PtpRole, PtpStatus
from services.cnf.ptp_pmc import clocks
from tests.services.cnf.recordings import text


def test_a_distributed_unit_follows_its_master() -> None:
    assert clocks(text("pmc-distributed-unit.txt"), "worker-1") == (
        PtpStatus(
            node_name="worker-1",
            interface="port 1",
            process="ptp4l",
            offset_ns=10.0,
            clock_state=ClockState.LOCKED,
            role=PtpRole.SLAVE,
        ),
        PtpStatus(
            node_name="worker-1", interface="port 2", process="ptp4l", role=PtpRole.LISTENING
        ),
    )


def test_a_grandmaster_is_as_good_as_its_class() -> None:
    (clock,) = clocks(text("pmc-grandmaster.txt"), "worker-1")
    assert (clock.interface, clock.role, clock.clock_class) == ("port 1", PtpRole.MASTER, 6)
    assert (clock.clock_state, clock.offset_ns) == (ClockState.LOCKED, None)


@pytest.mark.parametrize(
    ("told", "state"), [("7", ClockState.HOLDOVER), ("248", ClockState.FREERUN)]
)
def test_a_clock_on_its_own_is_in_holdover_or_runs_free(told: str, state: ClockState) -> None:
    output = text("pmc-grandmaster.txt").replace(
        "ClockClass                         6", f"ClockClass {told}"
    )
    (clock,) = clocks(output, "worker-1")
    assert clock.clock_state is state


def test_only_the_local_clock_counts() -> None:
    ports = text("pmc-distributed-unit.txt").replace("3cecef.fffe.7a7020", "7cfe90.fffe.f56dfc")
    ports = ports[: ports.index("sending: GET TIME")]
    first, _ = clocks(ports + text("pmc-many-clocks.txt"), "n")
    assert (first.offset_ns, first.clock_state) == (12_610.0, ClockState.FREERUN)


def test_newer_daemons_say_what_their_ports_are_called() -> None:
    # The fields of linuxptp's ``struct port_properties_np`` as pmc.c prints them.
    properties = """sending: GET PORT_PROPERTIES_NP
\t3cecef.fffe.7a7020-1 seq 1 RESPONSE MANAGEMENT PORT_PROPERTIES_NP
\t\tportIdentity            3cecef.fffe.7a7020-1
\t\tportState               SLAVE
\t\ttimestamping            HARDWARE
\t\tinterface               ens1f0
"""
    first, second = clocks(text("pmc-distributed-unit.txt") + properties, "n")
    assert (first.interface, second.interface) == ("ens1f0", "port 2")


def test_an_error_belongs_to_no_answer() -> None:
    error = """\t3cecef.fffe.7a7020-0 seq 1 RESPONSE MANAGEMENT_ERROR_STATUS PORT_PROPERTIES_NP
\t\tportState               FAULTY
"""
    assert clocks(text("pmc-distributed-unit.txt") + error, "n") == clocks(
        text("pmc-distributed-unit.txt"), "n"
    )


@pytest.mark.parametrize("output", ["", "sending: GET PORT_DATA_SET\n", "no such thing\n"])
def test_a_daemon_that_does_not_answer_tells_of_no_clock(output: str) -> None:
    assert clocks(output, "n") == ()


@given(st.lists(st.sampled_from(text("pmc-distributed-unit.txt").splitlines()), max_size=30))
def test_whatever_is_printed_can_be_read(lines: list[str]) -> None:
    found = clocks("\n".join(lines), "n")
    assert {each.offset_ns for each in found} <= {None, 10.0}
