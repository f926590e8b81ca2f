"""Clocks as ``pmc`` prints them."""

import pytest
from hypothesis import given, strategies as st

from contracts.cnf import ClockState, PtpPort, PtpRole, PtpStatus
from services.cnf import ptp_pmc
from tests.services.cnf.recordings import text


def read(output: str) -> PtpStatus:
    found = ptp_pmc.clock(output, "worker-1")
    assert found is not None
    return found


def test_a_distributed_unit_follows_its_master() -> None:
    assert read(text("pmc-distributed-unit.txt")) == PtpStatus(
        node_name="worker-1",
        interface="port 1",
        process="ptp4l",
        offset_ns=10.0,
        clock_state=ClockState.LOCKED,
        role=PtpRole.SLAVE,
        ports=(
            PtpPort(interface="port 1", role=PtpRole.SLAVE),
            PtpPort(interface="port 2", role=PtpRole.LISTENING),
        ),
    )


def test_a_clock_is_told_at_its_first_port_whichever_one_it_follows() -> None:
    output = text("pmc-distributed-unit.txt")
    swapped = output.replace("SLAVE", "?").replace("LISTENING", "SLAVE").replace("?", "MASTER")
    clock = read(swapped)
    assert (clock.interface, clock.role) == ("port 1", PtpRole.SLAVE)
    assert [each.role for each in clock.ports] == [PtpRole.MASTER, PtpRole.SLAVE]
    assert clock.clock_state is ClockState.LOCKED


def test_clocks_of_one_node_have_names_of_their_own() -> None:
    found = [ptp_pmc.clock(text("pmc-distributed-unit.txt"), "n", each) for each in (0, 1)]
    assert [each and each.interface for each in found] == ["port 1", "port 1 of ptp4l.1"]


def test_a_grandmaster_is_as_good_as_its_class() -> None:
    clock = read(text("pmc-grandmaster.txt"))
    assert (clock.interface, clock.role, clock.clock_class) == ("port 1", PtpRole.MASTER, 6)
    assert (clock.clock_state, clock.offset_ns) == (ClockState.LOCKED, None)


@pytest.mark.parametrize(
    ("told", "state"), [("7", ClockState.HOLDOVER), ("248", ClockState.FREERUN)]
)
def test_a_clock_on_its_own_is_in_holdover_or_runs_free(told: str, state: ClockState) -> None:
    output = text("pmc-grandmaster.txt").replace(
        "ClockClass                         6", f"ClockClass {told}"
    )
    assert read(output).clock_state is state


def test_only_the_local_clock_counts() -> None:
    ports = text("pmc-distributed-unit.txt").replace("3cecef.fffe.7a7020", "7cfe90.fffe.f56dfc")
    ports = ports[: ports.index("sending: GET TIME")]
    clock = read(ports + text("pmc-many-clocks.txt"))
    assert (clock.offset_ns, clock.clock_state) == (12_610.0, ClockState.FREERUN)


def test_newer_daemons_say_what_their_ports_are_called() -> None:
    # The fields of linuxptp's ``struct port_properties_np`` as pmc.c prints them.
    properties = """sending: GET PORT_PROPERTIES_NP
\t3cecef.fffe.7a7020-1 seq 1 RESPONSE MANAGEMENT PORT_PROPERTIES_NP
\t\tportIdentity            3cecef.fffe.7a7020-1
\t\tportState               SLAVE
\t\ttimestamping            HARDWARE
\t\tinterface               ens1f0
"""
    clock = read(text("pmc-distributed-unit.txt") + properties)
    assert [clock.interface, *(each.interface for each in clock.ports)] == [
        "ens1f0",
        "ens1f0",
        "port 2",
    ]


def test_an_error_belongs_to_no_answer() -> None:
    error = """\t3cecef.fffe.7a7020-0 seq 1 RESPONSE MANAGEMENT_ERROR_STATUS PORT_PROPERTIES_NP
\t\tportState               FAULTY
"""
    output = text("pmc-distributed-unit.txt")
    assert read(output + error) == read(output)


@pytest.mark.parametrize("odd", ["nan", "-1", "1e400", "9" * 5_000])
def test_numbers_that_nobody_could_count_are_not_known(odd: str) -> None:
    output = text("pmc-grandmaster.txt").replace(
        "ClockClass                         6", f"ClockClass {odd}"
    )
    assert (read(output).clock_class, read(output).clock_state) == (None, None)
    ports = text("pmc-distributed-unit.txt").replace("7a7020-1", f"7a7020-{odd}")
    ptp_pmc.clock(ports, "worker-1")


@pytest.mark.parametrize("output", ["", "sending: GET PORT_DATA_SET\n", "no such thing\n"])
def test_a_daemon_that_does_not_answer_tells_of_no_clock(output: str) -> None:
    assert ptp_pmc.clock(output, "n") is None


@given(st.lists(st.sampled_from(text("pmc-distributed-unit.txt").splitlines()), max_size=30))
def test_whatever_is_printed_can_be_read(lines: list[str]) -> None:
    found = ptp_pmc.clock("\n".join(lines), "n")
    assert found is None or found.offset_ns in {None, 10.0}
