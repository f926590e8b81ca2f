"""Which addresses may be connected to."""

from ipaddress import ip_address, ip_network

import pytest

from services.runtime.outbound.addresses import AddressRules

RULES = AddressRules()


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "8.8.8.8",
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "fd12:3456::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:0a00:0001::1",
    ],
)
def test_where_clusters_live_is_allowed(address: str) -> None:
    assert RULES.refusal(ip_address(address)) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fd20:ce::254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("169.254.0.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("febf::1", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
    ],
)
def test_what_answers_only_because_of_where_we_are_is_refused(address: str, reason: str) -> None:
    assert reason in (RULES.refusal(ip_address(address)) or "allowed")


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::ffff:0:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:101:101:0:0:5601:5601",
        "::ffff:0.0.0.0",
        "::ffff:224.0.0.1",
        "64:ff9b::100.100.100.200",
        "2002:ffff:ffff::1",
    ],
)
def test_no_ipv6_form_of_a_refused_address_is_a_way_round(address: str) -> None:
    assert RULES.refusal(ip_address(address)) is not None


def test_settings_may_allow_a_network() -> None:
    rules = AddressRules(frozenset({ip_network("169.254.10.0/24")}))
    assert rules.refusal(ip_address("169.254.10.1")) is None
    assert rules.refusal(ip_address("::ffff:169.254.10.1")) is None
    assert rules.refusal(ip_address("169.254.11.1")) is not None


def test_a_metadata_address_is_allowed_only_by_its_own_name() -> None:
    around = AddressRules(frozenset({ip_network("169.254.0.0/16"), ip_network("fd00::/8")}))
    assert around.refusal(ip_address("169.254.169.254")) is not None
    assert around.refusal(ip_address("fd00:ec2::254")) is not None
    assert around.refusal(ip_address("fd00:ec2::254%eth0")) is not None
    itself = AddressRules(frozenset({ip_network("169.254.169.254/32")}))
    assert itself.refusal(ip_address("169.254.169.254")) is None
