"""Clocks as the exporters of the PTP operator tell of them."""

import pytest
from hypothesis import given, strategies as st

from contracts.cnf import ClockState, PtpPort, PtpRole, PtpStatus
from services.cnf.ptp_metrics import clocks
from services.cnf.vectors import Sample
from tests.services.cnf.recordings import exposed, samples


def test_a_slave_is_as_it_was_recorded() -> None:
    assert clocks(samples(exposed("ptp-slave.prom"))) == (
        PtpStatus(
            node_name="NODE_NAME",
            interface="CLOCK_REALTIME",
            process="phc2sys",
            clock_state=ClockState.LOCKED,
        ),
        PtpStatus(
            node_name="NODE_NAME",
            interface="ens2fx",
            process="ptp4l",
            offset_ns=4.0,
            clock_state=ClockState.LOCKED,
            role=PtpRole.SLAVE,
            clock_class=135,
            ports=(PtpPort(interface="ens2f0", role=PtpRole.SLAVE),),
        ),
    )


def test_of_a_grandmaster_whoever_knows_the_whole_of_it_tells_its_state() -> None:
    _, clock = clocks(samples(exposed("ptp-grandmaster.prom")))
    assert (clock.interface, clock.process) == ("ens7fx", "GM")
    assert (clock.clock_state, clock.offset_ns) == (ClockState.LOCKED, 0.0)


def _of(metric: str, value: float, **labels: str) -> Sample:
    return Sample(f"openshift_ptp_{metric}", {"node": "n", **labels}, value)


def _role(port: str, role: int) -> Sample:
    return _of("interface_role", role, iface=port, process="ptp4l")


def test_a_clock_that_loses_its_master_keeps_its_name() -> None:
    state = _of("clock_state", 2, iface="ens1fx", process="ptp4l")
    told = clocks([state, _role("ens1f0", 3), _role("ens1f1", 2), _role("ens2f0", 1)])
    assert [(each.interface, each.role, each.clock_state) for each in told] == [
        ("ens1fx", PtpRole.FAULTY, ClockState.HOLDOVER),
        ("ens2f0", PtpRole.SLAVE, None),
    ]
    assert [(each.interface, each.role) for each in told[0].ports] == [
        ("ens1f0", PtpRole.FAULTY),
        ("ens1f1", PtpRole.MASTER),
    ]


@pytest.mark.parametrize(
    ("port", "clock"),
    [
        ("ens1f0", "ens1fx"),
        ("ens1f12", "ens1fx"),
        ("eno8403", "eno840x"),
        ("ens1f0np0", "ens1fx"),
        ("ens1f0np0", "ens1f0npx"),
        ("ens1f0.100", "ens1fx.100"),
    ],
)
def test_a_port_belongs_to_the_clock_of_its_card(port: str, clock: str) -> None:
    states = [_of("clock_state", 1, iface=each, process="ptp4l") for each in (clock, "ens9fx")]
    found = {each.interface: each for each in clocks([*states, _role(port, 2)])}
    assert {*found} == {clock, "ens9fx"}
    assert found[clock].ports == (PtpPort(interface=port, role=PtpRole.MASTER),)


def test_a_port_of_another_card_belongs_to_no_clock() -> None:
    state = _of("clock_state", 1, iface="ens1fx", process="ptp4l")
    for port in ("ens2f0", "ens1f0.100", "ens1f", "x", "0"):
        first, second = sorted(clocks([state, _role(port, 1)]), key=lambda each: each.role or "")
        assert (first.interface, first.ports) == ("ens1fx", ())
        assert (second.interface, second.clock_state) == (port, None)


def test_a_clock_of_a_vlan_has_the_role_of_its_port() -> None:
    state = _of("clock_state", 1, iface="ens1fx.100", process="ptp4l")
    found = clocks([state, _role("ens1f0.100", 1), _role("ens1f0", 2)])
    assert [(each.interface, each.role) for each in found] == [
        ("ens1f0", PtpRole.MASTER),
        ("ens1fx.100", PtpRole.SLAVE),
    ]


def test_exporters_that_do_not_hide_the_port_tell_one_status() -> None:
    state = _of("clock_state", 0, iface="ens1f0", process="ptp4l")
    (only,) = clocks([state, _role("ens1f0", 5)])
    assert (only.clock_state, only.role) == (ClockState.FREERUN, PtpRole.LISTENING)


def test_values_that_mean_nothing_are_not_known() -> None:
    told = clocks([_of("clock_state", 7, iface="ens1fx", process="ptp4l"), _role("ens1f0", 4)])
    assert told == ()


def test_the_class_of_one_of_several_clocks_is_not_known() -> None:
    states = [_of("clock_state", 1, iface=each, process="ptp4l") for each in ("ens1fx", "ens2fx")]
    classes = [_of("clock_class", each, process="ptp4l", config=str(each)) for each in (6, 248)]
    assert {each.clock_class for each in clocks([*states, *classes])} == {None}
    assert {each.clock_class for each in clocks([*states, classes[0]])} == {6}


def test_the_node_that_an_exporter_names_itself_counts() -> None:
    told = samples(exposed("ptp-slave.prom"))
    scraped = [Sample(each.metric, {**each.labels, "exported_node": "own"}, 1.0) for each in told]
    assert {each.node_name for each in clocks(scraped)} == {"own"}


NAMES = ("offset_ns", "clock_state", "interface_role", "clock_class", "other")
SERIES = st.builds(
    Sample,
    st.sampled_from([f"openshift_ptp_{each}" for each in NAMES]),
    st.dictionaries(
        st.sampled_from(["node", "iface", "process", "from"]),
        st.sampled_from(["", "ens1fx", "ens1f0", "x", "[", "CLOCK_REALTIME", "ptp4l"]),
    ),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(SERIES, max_size=8))
def test_whatever_comes_is_told_once_and_nothing_is_made_up(told: list[Sample]) -> None:
    found = clocks(told)
    names = [(each.node_name, each.interface) for each in found]
    assert len(names) == len(set(names))
    values = {each.value for each in told}
    assert {each.offset_ns for each in found} - {None} <= values
